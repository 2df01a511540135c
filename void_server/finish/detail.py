"""The sharpness of a fill: real pixels of other frames where the model shows the same."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from void_server.finish import Code, Mask
from void_server.finish.agreement import Agreement, Plane, Seen, falling

_SAME = 0.03
"""Difference at low frequencies up to which the real pixel is taken whole, code."""

_BETWEEN = 0.06
"""Difference from which low frequencies are the model's, code."""

_OTHER = 0.12
"""Difference from which the model shows something else and wins altogether, code."""

_EDGE = 1.5
"""Width over which real pixels fade in from where none was seen, model pixels."""

_ALL = 1.0 - 1e-4
"""Weight that counts as all: interpolation does not return a 1 exactly."""

_LEAST_EDGE = 4.0
"""The same where the model's pixels are as small as the plate's, plate pixels."""


@dataclass(frozen=True)
class Detailed:
    """A fill with real pixels in it.

    Attributes:
        code: (h, w, 3) float32; the model's own outside the hole.
        share: (h, w) float32, 0 to 1, how much of a pixel's detail, and so of its grain, is real.
        whole: (h, w) bool, pixels that are the real ones and nothing else. Their scene-linear
            values need not go through model space, which ends at its peak.
    """

    code: Code
    share: Plane
    whole: Mask


def detailed(
    model: Code,
    real: Code,
    seen: Seen,
    hole: Mask,
    *,
    scale: tuple[float, float],
    agreement: Agreement,
    origin: tuple[int, int],
) -> Detailed:
    """Put real pixels into the hole, as far as the model's picture says that they belong there.

    ``code = model + edge * (high * (difference - low) + whole * low)``, where ``difference`` is
    real - model, ``low`` its low-pass, and the weights fall with ``|low|``: ``whole`` from
    `_SAME` to `_BETWEEN`, ``high`` on to `_OTHER` and there only as far as the structure is the
    same. So a real pixel is taken whole, or its detail on the model's colours, or not at all, and
    all between. ``edge`` rises from 0 where no frame shows the background.

    Args:
        model: (h, w, 3) code, at plate size, already matched to the plate.
        real: (h, w, 3) code of real pixels, in the light of this frame.
        seen: (h, w) in how many frames each pixel of the hole was seen; 0 = ``real`` is nothing.
        hole: (h, w) bool, the pixels to fill.
        scale: Plate pixels per model pixel, (down, across).
        agreement: What `compared` found of these pictures at ``origin``, perhaps `steadied`.
        origin: (top, left) of the arrays on the canvas.
    """
    inside = np.asarray(hole & (seen > 0))
    if not inside.any():
        return Detailed(model.copy(), np.zeros(hole.shape, np.float32), inside)
    edge = _edge(hole & ~inside, scale) * inside
    whole = falling(agreement.apart, _SAME, _BETWEEN)
    high = whole + (1 - whole) * falling(agreement.apart, _BETWEEN, _OTHER) * agreement.structure
    share = _spread(high, agreement, origin, hole.shape) * edge
    code = np.where(inside[..., None], real - model, np.float32(0)) * share[..., None]
    # The low frequencies leave with the detail and come back as far as they are wanted.
    low = agreement.low * (whole - high)[..., None]
    code += _spread(low, agreement, origin, hole.shape) * edge[..., None]
    code += model
    alone = _spread(whole, agreement, origin, hole.shape) * edge >= _ALL
    np.copyto(code, real, where=alone[..., None])
    return Detailed(np.clip(code, 0.0, 1.0, out=code), share, alone)


def _edge(unseen: Mask, scale: tuple[float, float]) -> Plane:
    """(h, w) 0 where nothing was seen, rising to 1 with the distance to it."""
    if not unseen.any():
        return np.ones(unseen.shape, np.float32)
    width = max(_EDGE * max(scale), _LEAST_EDGE)
    away = cv2.distanceTransform((~unseen).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return 1.0 - falling(away, 0.5, width)


def _spread(
    cells: Plane | Code, agreement: Agreement, origin: tuple[int, int], shape: tuple[int, ...]
) -> Code:
    """Values of cells for every pixel of the box, linear between the cells' centres."""
    down, across = agreement.cell
    rows, columns = cells.shape[:2]
    grown = cv2.resize(cells, (columns * across, rows * down), interpolation=cv2.INTER_LINEAR)
    top, left = origin[0] - agreement.top * down, origin[1] - agreement.left * across
    return np.asarray(grown[top : top + shape[0], left : left + shape[1]], np.float32)
