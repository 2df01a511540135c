"""The generated pixels of one frame with their alpha, before they go over the plate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bridge.errors import ServerError
from void_server.engines.engine import Fill, Mask, Rgb
from void_server.images.window import Window
from void_server.matte import Alpha, bounds


@dataclass(frozen=True, kw_only=True)
class Patch:
    """What goes over one frame.

    Attributes:
        frame: File number.
        box: Where the arrays lie, in the plate's pixel coordinates.
        rgb: (h, w, 3) float32, scene-linear, finite where alpha is above 0.
        alpha: (h, w) float32, 0 to 1.
        seen: (h, w) uint16: in how many other frames the background was seen.
        degrained: As ``rgb``, without the grain that was made for it; None when none was.
    """

    frame: int
    box: Window
    rgb: Rgb = field(repr=False)
    alpha: Alpha = field(repr=False)
    seen: npt.NDArray[np.uint16] = field(repr=False)
    degrained: Rgb | None = field(default=None, repr=False)

    @classmethod
    def of(cls, fill: Fill, *, canvas: Window, hole_box: Window, alpha: Alpha) -> Patch:
        """A fill with the alpha of its frame's hole.

        Args:
            fill: What the engine made.
            canvas: The canvas in the plate's pixel coordinates.
            hole_box: A box around the hole, in the same coordinates.
            alpha: (h, w) float32 over ``hole_box``; 0 outside the hole.

        Raises:
            ServerError: The fill does not cover the hole, or is not finite there.
        """
        height, width = fill.rgb.shape[:2]
        left, top = canvas.x_min + fill.left, canvas.y_min + fill.top
        box = Window.of_size(width, height, left=left, top=top)
        common = box.intersect(hole_box)
        part = alpha[hole_box.slices(common)] if common else alpha[:0]
        if common is None or np.count_nonzero(part) != np.count_nonzero(alpha):
            raise _bad_fill(fill.frame, f"its box ({box}) does not cover the hole ({hole_box})")
        cut = box.slices(common)
        return cls(
            frame=fill.frame,
            box=common,
            rgb=_finite(fill.rgb[cut], part, fill.frame),
            alpha=part,
            seen=fill.seen[cut],
            degrained=_degrained(fill, cut, part),
        )

    def hole_in(self, window: Window) -> tuple[Window, Mask] | None:
        """The pixels of a window that the patch changes.

        Args:
            window: In the plate's pixel coordinates.

        Returns:
            The smallest box around them on an array that covers ``window``, and the (h, w) mask
            over that box; None when there are none.
        """
        common = self.box.intersect(window)
        if common is None:
            return None
        selected: Mask = self.alpha[self.box.slices(common)] > 0
        tight = bounds(selected)
        if tight is None:
            return None
        placed = tight.shifted(common.x_min - window.x_min, common.y_min - window.y_min)
        return placed, selected[Window.of_size(common.width, common.height).slices(tight)]


def _degrained(fill: Fill, cut: tuple[slice, slice], alpha: Alpha) -> Rgb | None:
    if fill.degrained is None:
        return None
    if fill.degrained.shape != fill.rgb.shape:
        raise _bad_fill(
            fill.frame,
            "without its grain it is of another size "
            f"(expected {fill.rgb.shape}, got {fill.degrained.shape})",
        )
    return _finite(fill.degrained[cut], alpha, fill.frame)


def _finite(rgb: Rgb, alpha: Alpha, frame: int) -> Rgb:
    """The pixels as they are, if none of those that count is NaN or Inf."""
    if not np.isfinite(rgb).all() and not np.isfinite(rgb[alpha > 0]).all():
        raise _bad_fill(frame, "it holds NaN or Inf in the hole")
    return rgb


def _bad_fill(frame: int, text: str) -> ServerError:
    return ServerError(f"frame {frame}", f"the engine's fill is unusable: {text}", code="engine")
