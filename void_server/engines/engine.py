"""What an engine is given and what it returns.

An engine sees clean numbers on one canvas and yields the pixels of the hole. It knows nothing of
files, data windows, jobs or sockets, so a new one needs this page and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bridge.messages import EngineInfo
from bridge.shot import Parameter
from void_server.plate import PlateColor

Rgb = npt.NDArray[np.float32]
"""(H, W, 3) float32, scene-linear, finite."""

Mask = npt.NDArray[np.bool_]
"""(H, W) bool."""

Evidence = Mapping[str, npt.NDArray[np.uint8]]
"""Pictures that show how a fill came about, by caption: (h, w, 3) uint8, display-referred."""

Fact = bool | int | float | str
"""The value of one fact of a `Record`."""


class Footage(Protocol):
    """A shot as an engine may see it: any frame, in any order, all on one canvas.

    The canvas is the union of the frames' data windows. Reading a frame may decode a file; the
    footage keeps a bounded number of them, so an engine need not.
    """

    @property
    def frames(self) -> Sequence[int]:
        """File numbers of the shot, ascending."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the canvas, pixels."""
        ...

    @property
    def pixel_aspect(self) -> float:
        """Width of a plate pixel over its height."""
        ...

    @property
    def color(self) -> PlateColor:
        """Which scene-linear space `plate` is in, as far as anyone knows."""
        ...

    def plate(self, frame: int) -> Rgb:
        """The source picture: (H, W, 3) float32, scene-linear, NaN and Inf already replaced."""
        ...

    def hole(self, frame: int) -> Mask:
        """(H, W) bool: pixels to be filled, i.e. where the composite alpha is above 0."""
        ...

    def foreign(self, frame: int) -> Mask:
        """(H, W) bool: pixels that do not show background: hole, hold-out, outside the picture."""
        ...

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        """(remove, affected), each (H, W) bool: the mattes as they were drawn.

        Nothing has been grown, and what is held out is in neither. The planes may overlap.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Fill:
    """The pixels that go into one frame's hole.

    Attributes:
        frame: File number.
        top: First row of the box on the canvas.
        left: First column of the box on the canvas.
        rgb: (h, w, 3) float32, scene-linear, finite; valid where the hole is.
        seen: (h, w) uint16: in how many other frames the pixel's background was seen; 0 = invented.
        degrained: The same as ``rgb`` without the grain that was made for it; None when none was.
        measures: What was measured on this frame, by name, finite; drawn as curves in the report.
        evidence: Makes pictures for the report; asked for on some frames only, at once or never.
    """

    frame: int
    top: int
    left: int
    rgb: Rgb
    seen: npt.NDArray[np.uint16]
    degrained: Rgb | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    evidence: Callable[[], Evidence] | None = None


class Progress(Protocol):
    """Tells the outside how far an engine is. Raises `Cancelled` when the job was cancelled."""

    def __call__(
        self,
        stage: str,
        done: int,
        total: int,
        *,
        frame: int | None = None,
        step: int = 0,
        steps: int = 0,
        left: float | None = None,
    ) -> None:
        """Report.

        Args:
            stage: What is being done, in words an artist understands, e.g. ``tracking``.
            done: Finished units of this stage.
            total: Units of this stage.
            frame: File number in hand.
            step: Denoising step in hand, for engines that have them.
            steps: Denoising steps in all.
            left: Seconds to the end of the whole job, from an engine that can tell. Without it
                the pace of the steps, or of the frames that come out, is what is counted on.

        Raises:
            Cancelled: The job was cancelled; let it pass.
        """
        ...

    def preview(self, frame: int, png: bytes) -> None:
        """Show what a frame looks like as far as it is known now.

        It never ends a job: a preview that is too large, too soon after the one before, or that
        cannot be written is left out.

        Args:
            frame: File number.
            png: The picture, display-referred, as a PNG file of at most 16 MiB.
        """
        ...


class Record(Protocol):
    """What an engine finds out about its own run, for the sidecar and the artist."""

    def note(self, key: str, value: Fact) -> None:
        """Keep a fact of this run, e.g. ``flow``, ``dis``; a later one of the same key wins.

        Args:
            key: Name in the sidecar's ``engine_facts``.
            value: Finite, if it is a number.
        """
        ...

    def warn(self, text: str) -> None:
        """Tell the artist something about the result; the same words twice are told once.

        Args:
            text: A clause without a full stop, as the other warnings.
        """
        ...


class Cancelled(Exception):
    """The job was cancelled. Never caught by an engine."""


class Engine(Protocol):
    """Fills holes. One job at a time, from one thread."""

    def describe(self) -> EngineInfo:
        """Name, words and parameters, from which hosts build their knobs.

        Asked often, so it must be cheap: no device is touched and no file read but its name.
        """
        ...

    def fill(
        self,
        footage: Footage,
        *,
        frames: Sequence[int],
        prompt: str,
        seed: int,
        parameters: Mapping[str, Parameter],
        progress: Progress,
        record: Record,
    ) -> Iterator[Fill]:
        """Yield one `Fill` for each of ``frames`` whose hole is not empty, in that order.

        Args:
            footage: The whole shot.
            frames: The frames still wanted; the rest of the shot may be used as a source.
            prompt: What should remain.
            seed: Seed of everything random; the same call gives the same bits.
            parameters: Complete and checked against `describe`.
            progress: To be called at least once a frame or step.
            record: Takes what can be known only while running.
        """
        ...

    def rest(self) -> None:
        """Let go of device memory; the next `fill` takes it again. Harmless when there is none."""
        ...
