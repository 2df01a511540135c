"""Single values of a picture, and the box that it fills; y counts upwards, as Nuke does."""

from __future__ import annotations

import math

from nuke.format import Info
from nuke.strict import current, host_call

_CHANNELS = {"red": "rgba.red", "green": "rgba.green", "blue": "rgba.blue", "alpha": "rgba.alpha"}


def boxed(picture):
    """The data window of a picture."""
    data, display = picture.data, picture.display
    return Info(data.left, display.bottom - data.bottom, data.width, data.height)


@host_call
def sample(node, channel, x, y, dx=1.0, dy=1.0):
    """The value of the pixel around a point; 0 outside the box and of a channel not there.

    Raises:
        RuntimeError: An area is asked for; the fake filters nothing.
    """
    if (dx, dy) != (1.0, 1.0):
        raise RuntimeError(f"the fake samples single pixels, not {dx}x{dy}")
    session = current()
    picture = session.picture(node, session.frame, session.view)
    data, display = picture.data, picture.display
    column = math.floor(x) - data.left
    row = display.bottom - math.floor(y) - data.top
    plane = picture.channels.get(_CHANNELS.get(channel, channel))
    if plane is None or not (0 <= row < data.height and 0 <= column < data.width):
        return 0.0
    return float(plane[row, column])
