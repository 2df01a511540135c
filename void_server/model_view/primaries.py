"""From a plate's scene-linear space to the primaries that a model is shown, and back."""

from __future__ import annotations

import functools
from typing import Literal

from bridge.errors import RequestError
from ocio.conversion import Conversion
from ocio.convert import LINEAR_AP1, LINEAR_REC709, ColorConfig, Space
from void_server.plate import PlateColor

Primaries = Literal["rec709", "ap1", "plate"]
"""``plate`` leaves the plate's own, as its camera's log curve wants it."""

_NAMES = {"rec709": LINEAR_REC709, "ap1": LINEAR_AP1}


def ways(
    plate: PlateColor, primaries: Primaries, *, subject: str = "plate"
) -> tuple[Conversion, Conversion]:
    """The way there and the way back.

    Args:
        plate: The plate's colour; the ways begin and end at its scene-linear space.
        primaries: Where they lead.
        subject: How messages name the plate.

    Raises:
        RequestError: Nobody knows the plate's space, or its config does not know the primaries.
    """
    if primaries == "plate":
        return Conversion(None, None), Conversion(None, None)
    config, space = known_space(plate, subject=subject)
    return config.to_known(space, _NAMES[primaries], subject=subject)


def known_space(plate: PlateColor, *, subject: str = "plate") -> tuple[ColorConfig, Space]:
    """The plate's scene-linear space and the config that knows it.

    Raises:
        RequestError: Nobody knows it.
    """
    if not plate.linear:
        raise RequestError(
            subject,
            "it does not say its colour space, which this engine must know to show it to its model",
            "Pass --colorspace, e.g. ACEScg, lin_rec709_scene or 'ARRI LogC4'.",
            code="colorspace",
        )
    config = plate.config or _builtin()
    return config, plate.linear_space or config.find(plate.linear, subject=subject)


@functools.cache
def _builtin() -> ColorConfig:
    return ColorConfig()
