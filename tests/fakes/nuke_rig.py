"""A small shot as real EXR files, with Read nodes: a boom that crosses a textured wall."""

from __future__ import annotations

import numpy as np

FIRST = 1001


class Rig:
    """Writes plates and mattes into one folder and makes Reads of them.

    Attributes:
        pixels: What was written, half, by name and frame: ``pixels["plate"][1001]["R"]``. With
            overscan the arrays are those of the data window.
    """

    def __init__(self, studio, nuke) -> None:
        self._studio, self._nuke = studio, nuke
        self.folder = studio.folder
        self.pixels: dict[str, dict[int, dict[str, np.ndarray]]] = {}

    def plate(self, count=5, *, name="plate", first=FIRST, size=(96, 64), views=(), **shape):
        """A Read of half RGB: a wall with highlights up to 8 and one -0.0, and a boom before it.

        Args:
            count: Frames.
            name: Base of the files' names.
            first: First frame.
            size: Width and height of the display window.
            views: Views, each with files of its own that differ; none for a plain sequence.
            **shape: ``overscan`` pixels around the display window, ``aspect`` of a pixel,
                ``missing`` frames, ``bare`` True for the wall without the boom.
        """
        for number, view in enumerate(views or ("",)):
            base = f"{name}.{view}" if view else name
            for index in range(count):
                self._plate_frame(base, 1 + number / 4, index, count, first, size, **shape)
        return self._read(name, count, first, views)

    def matte(self, count=5, *, name="roto", first=FIRST, size=(96, 64), margin=2, **shape):
        """A Read of alpha alone: 1 where the boom is, and ``margin`` pixels around it.

        Args:
            count: Frames.
            name: Base of the files' names.
            first: First frame.
            size: Width and height.
            margin: Pixels; None leaves every frame black.
            **shape: ``aspect`` of a pixel.
        """
        for index in range(count):
            alpha = np.zeros((size[1], size[0]), np.float16)
            if margin is not None:
                alpha[boom(index, count, size, margin)] = 1
            self._write(name, first + index, {"A": alpha}, pixelAspectRatio=shape.get("aspect", 1))
        return self._read(name, count, first, ())

    def _plate_frame(
        self, base, gain, index, count, first, size,
        *, overscan=0, aspect=1.0, missing=(), bare=False,
    ):  # fmt: skip
        width, height = size[0] + 2 * overscan, size[1] + 2 * overscan
        rgb = wall(width, height) * np.float16(gain)
        if not bare:
            rows, columns = boom(index, count, size)
            rgb[_moved(rows, overscan), _moved(columns, overscan)] = (0.02, 0.021, 0.024)
        planes = {name: np.ascontiguousarray(rgb[..., i]) for i, name in enumerate("RGB")}
        planes["R"][height - 1, 0] = np.float16(-0.0)
        if first + index not in missing:
            data = (-overscan, -overscan, size[0] + overscan - 1, size[1] + overscan - 1)
            display = (0, 0, size[0] - 1, size[1] - 1)
            window = {"data": data, "display": display}
            self._write(base, first + index, planes, pixelAspectRatio=aspect, **window)

    def _write(self, base, frame, planes, **header):
        self.pixels.setdefault(base, {})[frame] = {k: v.copy() for k, v in planes.items()}
        header["pixelAspectRatio"] = float(header["pixelAspectRatio"])
        self._studio.exr(f"{base}.{frame:04d}.exr", planes, **header)

    def _read(self, name, count, first, views):
        last = first + count - 1
        token = f"{name}.%V" if views else name
        return self._nuke.nodes.Read(
            name=f"Read_{name}", file=f"{self.folder.as_posix()}/{token}.%04d.exr",
            first=first, last=last, origfirst=first, origlast=last, raw=True,
        )  # fmt: skip


def wall(width, height):
    """A still background, (height, width, 3) half, scene-linear, with lights brighter than 1."""
    rng = np.random.default_rng(11)
    coarse = rng.random((height // 8 + 2, width // 8 + 2, 3), np.float32)
    rows = np.linspace(0, coarse.shape[0] - 1.001, height)
    columns = np.linspace(0, coarse.shape[1] - 1.001, width)
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = coarse[top][:, left] * (1 - right) + coarse[top][:, left + 1] * right
    lower = coarse[top + 1][:, left] * (1 - right) + coarse[top + 1][:, left + 1] * right
    picture = 0.1 + 0.6 * (upper * (1 - down) + lower * down)
    picture += 0.02 * rng.random((height, width, 1), np.float32)
    picture[2:6, -8:-2] = (8.0, 6.5, 4.0)
    return picture.astype(np.float16)


def boom(index, count, size, margin=0):
    """Rows and columns that the boom covers in one frame, and ``margin`` pixels around it."""
    width, height = size
    thick = max(width // 16, 3)
    travel = width - 6 * thick
    left = 2 * thick + round(travel * (index / max(count - 1, 1)))
    return slice(0, height // 2 + margin), slice(left - margin, left + thick + margin)


def _moved(span, by):
    return slice(span.start + by, span.stop + by)
