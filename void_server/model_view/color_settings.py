"""What may be asked for in the colours that a model is shown; a text ``auto`` leaves it open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from bridge.errors import RequestError
from bridge.shot import Parameter
from ocio.model_space import HIGHEST_PEAK, CurveName
from void_server.model_view.primaries import Primaries

CURVES = ("auto", *get_args(CurveName))
PRIMARIES = ("auto", *get_args(Primaries))

_MOST_STOPS = 16.0


@dataclass(frozen=True, kw_only=True)
class ColorSettings:
    """Wishes.

    Attributes:
        curve: ``auto`` is the shaper, which is sRGB alone for a shot that stays below 1.
        primaries: ``auto`` is Rec.709, unless the shot has too many colours beyond it; with
            acescct AP1, with camera-log the plate's own.
        exposure: Stops; None as the shot needs them.
        peak: Of the shaper, scene-linear after exposure; None as the shot needs it.
    """

    curve: Literal["auto"] | CurveName = "auto"
    primaries: Literal["auto"] | Primaries = "auto"
    exposure: float | None = None
    peak: float | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Parameter]) -> ColorSettings:
        """Read them from an engine's parameters ``curve``, ``primaries``, ``exposure``, ``peak``.

        Raises:
            RequestError: One is none of the words, no number or out of range, or a peak is given
                for a curve that has its own.
        """
        settings = cls(
            curve=cast("CurveName", _word(parameters, "curve", CURVES)),
            primaries=cast("Primaries", _word(parameters, "primaries", PRIMARIES)),
            exposure=_number(parameters, "exposure", -_MOST_STOPS, _MOST_STOPS, "stops"),
            peak=_number(parameters, "peak", 1.0, HIGHEST_PEAK, "scene-linear"),
        )
        if settings.peak is not None and settings.curve not in ("auto", "shaper"):
            raise RequestError(
                "parameter peak",
                f"the curve {settings.curve} has a peak of its own",
                "Leave the peak at auto, or take the curve shaper.",
                code="parameter",
            )
        return settings


def _word(parameters: Mapping[str, Parameter], name: str, known: tuple[str, ...]) -> str:
    value = parameters.get(name, "auto")
    if value not in known:
        raise RequestError(
            f"parameter {name}",
            f"it is unknown (expected one of {', '.join(known)}, got {value!r})",
            code="parameter",
        )
    return str(value)


def _number(
    parameters: Mapping[str, Parameter], name: str, least: float, most: float, unit: str
) -> float | None:
    value = parameters.get(name, "auto")
    if value == "auto":
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise RequestError(
            f"parameter {name}",
            f"it is out of range (expected auto or {least:g} to {most:g}, {unit}, got {value!r})",
            code="parameter",
        )
    return number
