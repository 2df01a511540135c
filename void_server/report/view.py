"""Scene-linear pictures as a person sees them on a monitor."""

from __future__ import annotations

import functools

import numpy as np

from ocio.convert import ColorConfig
from void_server.engines.engine import Rgb

_DISPLAY = "srgb_rec709_scene"


def display(rgb: Rgb, colorspace: str) -> Rgb:
    """(H, W, 3) float32 scene-linear to display-referred sRGB, clipped to 0 and 1.

    A plain curve and no tone map: differences stay differences, and highlights clip as they do in
    a viewer without a view transform.

    Args:
        rgb: Scene-linear picture; not changed.
        colorspace: Its space by any name; "" takes it as linear Rec.709.
    """
    config = _config()
    source = config.find(colorspace or "lin_rec709_scene")
    shown = config.convert(rgb.copy(), source=source, target=config.find(_DISPLAY))
    return np.clip(shown, 0.0, 1.0)


@functools.cache
def _config() -> ColorConfig:
    return ColorConfig()
