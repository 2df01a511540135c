"""Compares the demo's result with what is known to be true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ocio.convert import Rgb
from void_server.demo import footage
from void_server.demo.scene import Scene
from void_server.images import exr, exr_header
from void_server.images.picture import Picture
from void_server.report.sheet import Column
from void_server.report.view import display

Float = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        psnr: Peak signal-to-noise ratio inside the hole against the truth, both as sRGB with
            peak 1, all frames together, dB.
        changed_outside: Values outside the composite alpha whose bits differ from the plate's.
        hole: Share of the shot's pixels that lie in the hole, 0 to 1.
        columns: Frames for the contact sheet.
    """

    psnr: float
    changed_outside: int
    hole: float
    columns: tuple[Column, ...]


def measure(
    scene: Scene,
    folder: Path,
    result: Path,
    *,
    shown: Collection[int],
    advanced: Callable[[int], None],
) -> Measured:
    """Read plate, result and alpha back from disk, frame by frame.

    Args:
        scene: The scene that was filmed; knows the truth.
        folder: Where its sequences lie.
        result: The version folder, holding comp and patch.
        shown: Frames to keep for the contact sheet.
        advanced: Called with the number of finished frames.
    """
    squares, count, changed = 0.0, 0, 0
    columns = []
    for done, frame in enumerate(scene.frames, start=1):
        plate = _read(Path(str(footage.pattern(folder, "plate")) % frame), frame)
        comp = _read(result / f"{result.name}.{frame:04d}.exr", frame)
        alpha = _alpha(result / f"{result.name}_patch.{frame:04d}.exr", frame, plate)
        changed += _differing(plate, comp, alpha == 0)
        inside = alpha > 0
        if inside.any():
            error = _shown(comp)[inside] - display(scene.truth(frame), footage.COLORSPACE)[inside]
            squares += float(np.square(error, dtype=np.float64).sum())
            count += error.size
        if frame in shown:
            columns.append(
                Column(frame=frame, plate=_shown(plate), alpha=alpha, clean=_shown(comp))
            )
        advanced(done)
    pixels = len(scene.frames) * scene.size[0] * scene.size[1]
    psnr = 10 * np.log10(count / squares) if squares else float("inf")
    return Measured(float(psnr), changed, count / 3 / pixels, tuple(columns))


def spread(frames: Sequence[int], count: int) -> tuple[int, ...]:
    """At most ``count`` of the frames, evenly apart and away from both ends where there is room."""
    picks = np.linspace(0, len(frames) - 1, num=count + 2)[1:-1] if frames else ()
    return tuple(sorted({frames[round(pick)] for pick in picks}))


def _read(path: Path, frame: int) -> Picture:
    data = path.read_bytes()
    header = exr_header.parse_header(data, path.name)
    return exr.decode(data, header, frame=frame, subject=path.name)


def _alpha(path: Path, frame: int, plate: Picture) -> Float:
    """The patch's alpha on the plate's own window; 0 where the patch has no pixels."""
    patch = _read(path, frame)
    alpha = np.zeros(plate.data_window.shape, np.float32)
    alpha[plate.data_window.slices(patch.data_window)] = patch.channel("A")
    return alpha


def _differing(plate: Picture, comp: Picture, outside: Mask) -> int:
    """Values outside whose bit patterns differ, over all channels."""
    return sum(
        int(
            np.count_nonzero(
                (plate.channel(name).view(np.uint16) != comp.channel(name).view(np.uint16))[outside]
            )
        )
        for name in plate.channels
    )


def _shown(picture: Picture) -> Rgb:
    return display(picture.rgb().astype(np.float32), footage.COLORSPACE)
