"""Scene-linear pictures as a person sees them on a monitor."""

from __future__ import annotations

from ocio.convert import LINEAR_REC709, built_in
from ocio.model_space import ModelSpace
from void_server.engines.engine import Rgb
from void_server.plate import PlateColor

_SRGB = ModelSpace(curve="srgb")


def shown(rgb: Rgb, color: PlateColor) -> Rgb:
    """(H, W, 3) float32 scene-linear to display-referred sRGB, clipped to 0 and 1.

    A plain curve and no tone map: differences stay differences, and highlights clip as they do in
    a viewer without a view transform.

    Args:
        rgb: Scene-linear picture; not changed.
        color: The colour of the plate whose scene-linear space it is in; where nobody knows that,
            it is taken as linear Rec.709.

    Raises:
        RequestError: The shot's config does not say how its spaces relate to Rec.709.
    """
    if not color.linear:
        return _SRGB.encode(rgb)
    config = color.config or built_in()
    space = color.linear_space or config.find(color.linear)
    there, _ = config.to_known(space, LINEAR_REC709, subject="report")
    return _SRGB.encode(there.apply(rgb.copy()))


def display(rgb: Rgb, colorspace: str) -> Rgb:
    """`shown`, for a picture in a space that the built-in config knows.

    Args:
        rgb: Scene-linear picture; not changed.
        colorspace: Its space by any name; "" takes it as linear Rec.709.
    """
    return shown(rgb, PlateColor(colorspace, colorspace))
