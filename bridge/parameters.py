"""Whether a value fits an engine's parameter, and which value of the parameter's own type it is.

Who types ``refine=off`` cannot know whether the engine has a switch or a choice of that name.
"""

from __future__ import annotations

import math

from bridge.messages import ParameterInfo
from bridge.shot import Parameter

_SWITCH = {"on": True, "true": True, "off": False, "false": False}


def fitted(info: ParameterInfo, value: Parameter) -> Parameter | None:
    """The value as the engine takes it, or None when it does not fit.

    A switch takes on and off as words; a choice that has these words takes a switch; free text
    takes a number, as a parameter does that is ``auto`` or a number.
    """
    if isinstance(info.default, bool):
        return _switch(value)
    if isinstance(info.default, str):
        return _text(info, value)
    if isinstance(value, (bool, str)) or not math.isfinite(value):
        return None
    if isinstance(info.default, int) and not isinstance(value, int):
        return None
    low = -math.inf if info.minimum is None else info.minimum
    high = math.inf if info.maximum is None else info.maximum
    return value if low <= value <= high else None


def expected(info: ParameterInfo) -> str:
    """What a parameter takes, in words, e.g. ``a number from 0 to 1``."""
    if isinstance(info.default, bool):
        return "true or false"
    if isinstance(info.default, str):
        return f"one of {', '.join(info.choices)}" if info.choices else "text"
    kind = "a whole number" if isinstance(info.default, int) else "a number"
    if info.minimum is None and info.maximum is None:
        return kind
    low = "" if info.minimum is None else f" from {info.minimum:g}"
    high = "" if info.maximum is None else f" to {info.maximum:g}"
    return f"{kind}{low}{high}"


def _switch(value: Parameter) -> bool | None:
    if isinstance(value, str):
        return _SWITCH.get(value.lower())
    return value if isinstance(value, bool) else None


def _text(info: ParameterInfo, value: Parameter) -> str | None:
    if isinstance(value, bool):
        word = "on" if value else "off"
        return word if word in info.choices else None
    if isinstance(value, str):
        return value if not info.choices or value in info.choices else None
    return str(value) if not info.choices and math.isfinite(value) else None
