"""Writes the demo's shot to disk as a compositor would find it: a plate and two rotos."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np

from void_server.demo.scene import Scene
from void_server.images.atomic import write_file
from void_server.images.exr import encode_new
from void_server.images.picture import Plane
from void_server.images.window import Window

COLORSPACE = "lin_ap1_scene"
"""ACEScg, by its interop ID."""

_RATE = Fraction(24)


def pattern(folder: Path, what: str) -> Path:
    """Where one of the shot's sequences lies: ``plate``, ``boom`` or ``shadow``."""
    return folder / what / f"demo_{what}.%04d.exr"


def write(scene: Scene, folder: Path, *, advanced: Callable[[int], None]) -> None:
    """Write every frame of the shot.

    Args:
        scene: What to film.
        folder: Where the sequences' folders go.
        advanced: Called with the number of finished frames.
    """
    for what in ("plate", "boom", "shadow"):
        pattern(folder, what).parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        done = pool.map(lambda frame: _write_frame(scene, folder, frame), scene.frames)
        for count, _ in enumerate(done, start=1):
            advanced(count)


def _write_frame(scene: Scene, folder: Path, frame: int) -> None:
    pictures = {
        "plate": _rgb(scene.plate(frame)),
        "boom": {"A": scene.remove(frame).astype(np.float16)},
        "shadow": {"A": scene.affected(frame).astype(np.float16)},
    }
    for what, planes in pictures.items():
        height, width = next(iter(planes.values())).shape
        window = Window(0, 0, width - 1, height - 1)
        data = encode_new(
            planes,
            data_window=window,
            display_window=window,
            rate=_RATE,
            timecode=_timecode(frame),
            attributes={"colorInteropID": COLORSPACE if "R" in planes else "data"},
        )
        write_file(Path(str(pattern(folder, what)) % frame), data)


def _rgb(picture: Plane) -> dict[str, Plane]:
    half = picture.astype(np.float16)
    return {name: half[..., index] for index, name in enumerate("RGB")}


def _timecode(frame: int) -> str:
    seconds, frames = divmod(frame, int(_RATE))
    return f"01:{seconds // 60:02}:{seconds % 60:02}:{frames:02}"
