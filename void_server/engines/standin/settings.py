"""The engine's parameters and what a host is told of them."""

from __future__ import annotations

from bridge.messages import EngineInfo, ParameterInfo
from void_server.engines.modelled import settings as modelled
from void_server.engines.standin.models import MODELS


def description() -> EngineInfo:
    """Name, words and parameters of the engine."""
    return EngineInfo(
        name="standin",
        label="Stand-in (diagnosis)",
        help="No model: returns what a model would be shown, as it is, blurred or shifted in "
        "colour. Shows what everything around the model does. Never chosen by auto.",
        device="cpu",
        parameters=(
            ParameterInfo(
                name="model",
                label="Stand-in",
                help="identity: what was shown; blur: softened; shift: other colours, flickering.",
                default="identity",
                choices=tuple(MODELS),
            ),
            ParameterInfo(
                name="width", label="Width", help="Picture shown, pixels.", default=672,
                minimum=32, maximum=1360,
            ),
            ParameterInfo(
                name="height", label="Height", help="Picture shown, pixels.", default=384,
                minimum=32, maximum=768,
            ),
            *modelled.infos(),
        ),
    )  # fmt: skip
