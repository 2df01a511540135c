"""How far the numbers and words of a request may go: the same for every engine and server.

A server refuses what goes beyond; a host says it before it has rendered anything.
"""

from __future__ import annotations

from bridge.errors import RequestError

REACH_LIMIT = 4096.0
"""Largest grow and feather, pixels."""

PROMPT_LIMIT = 10_000
"""Longest prompt, characters."""

LARGEST_SEED = 2**63 - 1


def exceeded(
    subject: str, *, grow: float, feather: float, seed: int, prompt: str
) -> list[RequestError]:
    """What of a request goes too far, in one error each.

    Args:
        subject: What it is about, e.g. the shot's name.
        grow: How far the hole reaches beyond the mattes, plate pixels.
        feather: Width of the soft edge inside the hole, plate pixels.
        seed: Seed of everything random.
        prompt: What should remain, in words.
    """
    reach = f"0-{REACH_LIMIT:g} pixels"
    found = [
        f"{label} is out of range (expected {reach}, got {value:g})"
        for label, value in (("grow", grow), ("feather", feather))
        if not 0.0 <= value <= REACH_LIMIT  # false for NaN as well
    ]
    if not 0 <= seed <= LARGEST_SEED:
        found.append(f"the seed is out of range (expected 0-{LARGEST_SEED}, got {seed})")
    if len(prompt) > PROMPT_LIMIT:
        limit = f"at most {PROMPT_LIMIT} characters"
        found.append(f"the prompt is too long (expected {limit}, got {len(prompt)})")
    return [RequestError(subject, text, code="out_of_range") for text in found]
