"""Pictures of a few frames, gathered while a job is written, for its report.

What was gathered lies in the job's folder, so that a job resumed by another worker still has it.
None of this may cost a job: what goes wrong here is logged, and the report shows less.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from bridge.errors import VoidError
from void_server.engines.engine import Cancelled, Fill
from void_server.images.atomic import Written, write_file
from void_server.images.picture import Picture
from void_server.patch import Patch
from void_server.plate import PlateColor
from void_server.report.pictures import Picture as Shown
from void_server.report.strip import Cells, Strip, is_picture
from void_server.worker.reporter import Interrupted

log = logging.getLogger(__name__)

MOST = 5
"""Frames of a shot of which pictures are kept."""

_UNSAID = "they could not be made, the server's log says why"


class Gathering:
    """Keeps the pictures of some frames of one job.

    Args:
        folder: The job's folder.
        frames: All frames of the shot that have a hole, ascending; they decide which are shown,
            so that a resumed job shows the same.
    """

    def __init__(self, folder: Path, frames: Sequence[int]) -> None:
        self._folder = folder
        self.shown = _spread(frames, MOST)

    def of(
        self, fill: Fill, picture: Picture, patch: Patch, *, color: PlateColor
    ) -> Callable[[], Written | None]:
        """What is to be done for a frame, later and in any thread: its strip as a PNG file.

        The engine's own pictures are asked for at once, as it goes on to the next frame.
        """
        if fill.frame not in self.shown:
            return _nothing
        return partial(self._keep, picture, patch, color, _evidence(fill))

    def strips(self) -> tuple[Strip, ...]:
        """What was gathered, in frame order; a file that is damaged counts as not there."""
        found = (_recalled(self._file(frame)) for frame in self.shown)
        return tuple(one for one in found if one is not None)

    def _keep(
        self,
        picture: Picture,
        patch: Patch,
        color: PlateColor,
        evidence: Mapping[str, Shown],
    ) -> Written | None:
        try:
            cells = Cells(picture, patch, color=color, evidence=evidence)
            write_file(self._file(patch.frame), msgspec.json.encode(cells.strip()))
            return write_file(self._folder / f"strip.{patch.frame:04d}.png", cells.png())
        except Exception as error:  # no picture is worth a frame
            log.exception("frame %d: its strip for the report cannot be made", patch.frame)
            self._keep_problem(patch.frame, error)
            return None

    def _keep_problem(self, frame: int, error: Exception) -> None:
        said = f"{error.subject}: {error.text}" if isinstance(error, VoidError) else _UNSAID
        try:
            write_file(self._file(frame), msgspec.json.encode(Strip(frame, (), said)))
        except Exception:
            log.exception("frame %d: nor can that be kept", frame)

    def _file(self, frame: int) -> Path:
        return self._folder / f"strip.{frame:04d}.json"


def _nothing() -> None:
    return None


def _evidence(fill: Fill) -> Mapping[str, Shown]:
    if fill.evidence is None:
        return {}
    try:
        return {caption: one for caption, one in fill.evidence().items() if is_picture(one)}
    except (Cancelled, Interrupted):
        raise
    except Exception:
        log.exception("frame %d: the engine cannot show how it came about", fill.frame)
        return {}


def _recalled(file: Path) -> Strip | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Strip)
    except (OSError, msgspec.DecodeError):
        return None


def _spread(frames: Sequence[int], count: int) -> tuple[int, ...]:
    """At most ``count`` of the frames: the first, the last, and evenly between."""
    if len(frames) <= count:
        return tuple(frames)
    step = (len(frames) - 1) / (count - 1)
    return tuple(frames[round(index * step)] for index in range(count))
