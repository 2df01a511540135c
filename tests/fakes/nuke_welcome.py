"""What a server says of itself, without a server."""

from __future__ import annotations

from bridge.messages import EngineInfo, ParameterInfo, Welcome

STEPS = ParameterInfo("steps", "Steps", "How many.", 0, minimum=0, maximum=200)
QUALITY = ParameterInfo("quality", "Quality", "How well.", "standard", ("draft", "standard"))
GUIDANCE = ParameterInfo("guidance", "Guidance", "How strongly.", 1.0, minimum=1.0, maximum=20.0)
REGION = ParameterInfo("region", "Region", "Where.", "auto")
FLOW = ParameterInfo("flow", "Flow", "Whether.", True)
SEARCH = ParameterInfo("search", "Search", "How far.", 0, minimum=0, maximum=10000)

VOID = EngineInfo("void", "VOID", "Invents.", "cuda:0", (STEPS, QUALITY, GUIDANCE, REGION))
CLEANPLATE = EngineInfo("cleanplate", "Clean plate", "Real pixels.", "cpu", (FLOW, SEARCH))


def welcome(*engines):
    """A server with these engines."""
    return Welcome((1, 2), "0.9.0", "epoch", 1 << 20, 4, True, engines, ("cuda:0",), 5600)
