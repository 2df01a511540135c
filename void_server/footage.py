"""A shot as an engine sees it, and as its result is put together: pictures, holes and alphas.

Everything that can be wrong with a shot is found here, from headers, before an engine starts;
what is wrong is said in one message.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import numpy as np

from bridge.errors import RequestError, ServerError, VoidError
from bridge.shot import Shot, SourceFile
from ocio.convert import ColorConfig
from void_server import plate as plates
from void_server.composite import Patch
from void_server.engines.engine import Fill, Mask, Rgb
from void_server.images.picture import Picture
from void_server.images.source import Locate, Source, open_source
from void_server.images.window import Window, union_all
from void_server.matte import Alpha, FrameMatte, frame_matte
from void_server.matte_input import MatteInput
from void_server.numbering import Numbering
from void_server.recent import Recent

DEFAULT_MEMORY = 768 << 20
"""Bytes of decoded frames that are kept: about seven UHD frames as an engine sees them."""

ScanProgress = Callable[[str, int, int], None]
"""Called with stage, done and total while the mattes are read."""

_SHOWN_PROBLEMS = 8


class ShotFootage:
    """The engine's `Footage` over the files of a shot, and what a job needs besides.

    The canvas is the union of the plate's data windows. All arrays returned are the caller's to
    read, not to change.

    Args:
        shot: What to work on.
        locate: Where each source file lies.
        grow: How far the hole reaches beyond the mattes, plate pixels.
        feather: Width of the soft edge inside the hole, plate pixels.
        config: OCIO config; None takes the built-in one.
        memory: Bytes of decoded frames to keep.

    Raises:
        RequestError: The shot cannot be worked on; lists everything that was found.
    """

    def __init__(
        self,
        shot: Shot,
        *,
        locate: Locate,
        grow: float,
        feather: float,
        config: ColorConfig | None = None,
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        self.shot = shot
        self._grow, self._feather = grow, feather
        self._subject = f"{shot.name} plate"
        self._sources: list[Source] = []
        self._masks: dict[int, FrameMatte] = {}
        self._pictures: Recent[int, Picture] = Recent(memory // 2)
        self._plates: Recent[int, Rgb] = Recent(memory // 2)
        self._frames = tuple(range(shot.first_frame, shot.last_frame + 1))
        try:
            self._open(locate, config or ColorConfig())
        except BaseException:
            self.close()
            raise

    def _open(self, locate: Locate, config: ColorConfig) -> None:
        self._plate = self._opened(open_source(self.shot.plate, locate))
        problems: list[VoidError] = []
        self._numbering = Numbering(self._plate.frames, self._frames, self.shot.missing)
        problems += self._numbering.problems(self._subject, self.shot.plate.label)
        self._windows = {}
        if not problems:
            self._windows = self._read_windows(problems)
        self.color = plates.PlateColor("", "")
        try:
            self.color = plates.plate_color(
                tag=self._plate.colorspace,
                wanted=self.shot.colorspace,
                untagged=self._plate.untagged,
                config=config,
                subject=self._subject,
            )
        except RequestError as error:
            problems.append(error)
        self._mattes: list[MatteInput] = []
        if self._windows:
            self._open_mattes(locate, problems)
        _raise_all(self.shot.name, problems)
        self.canvas = union_all(data for data, _display in self._windows.values())

    def _read_windows(self, problems: list[VoidError]) -> dict[int, tuple[Window, Window]]:
        """Data and display window of every frame, from headers; one display window for all."""
        found: dict[int, tuple[Window, Window]] = {}
        for frame in self._frames:
            try:
                facts = self._plate.facts(self._numbering.source(frame))
            except RequestError as error:
                problems.append(error)
                continue
            found[frame] = (facts.data_window, facts.display_window)
        sizes = {display for _data, display in found.values()}
        if len(sizes) > 1:
            first, second = sorted(sizes, key=str)[:2]
            problems.append(
                RequestError(
                    self._subject,
                    f"the frames differ in display window (expected one, got {first} and {second})",
                    "Render the plate in one format.",
                    code="size",
                )
            )
        return found

    def _open_mattes(self, locate: Locate, problems: list[VoidError]) -> None:
        _data, display = next(iter(self._windows.values()))
        for matte in self.shot.mattes:
            subject = f"{self.shot.name} {matte.role} matte"
            try:
                source = self._opened(open_source(matte.sequence, locate))
                self._mattes.append(
                    MatteInput(matte, source, frames=self._frames, missing=self.shot.missing,
                               display=display, subject=subject)
                )  # fmt: skip
            except RequestError as error:
                problems.append(error)

    def _opened(self, source: Source) -> Source:
        self._sources.append(source)
        return source

    # --- what an engine sees -------------------------------------------------------------

    @property
    def frames(self) -> tuple[int, ...]:
        """File numbers wanted, ascending."""
        return self._frames

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the canvas, pixels."""
        return self.canvas.shape

    def plate(self, frame: int) -> Rgb:
        """(H, W, 3) float32, scene-linear and finite; 0 outside the frame's data window."""
        return self._plates.get(frame, lambda: self._make_plate(frame), lambda rgb: rgb.nbytes)

    def hole(self, frame: int) -> Mask:
        """(H, W) bool: pixels to be filled."""
        return self._inside(frame, self._matte(frame).hole())

    def foreign(self, frame: int) -> Mask:
        """(H, W) bool: hole, hold-out and what lies outside the frame's data window."""
        foreign = self._matte(frame).foreign()
        data = self._data_window(frame)
        if data != self.canvas:
            outside = np.ones_like(foreign)
            outside[self.canvas.slices(data)] = False
            foreign |= outside
        return foreign

    # --- what a job needs besides --------------------------------------------------------

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the artist should know of the inputs."""
        found = [*self.color.warnings]
        found += self._numbering.warnings(self._subject)
        for matte in self._mattes:
            found += matte.warnings
        if self._feather > self._grow:
            found.append(
                f"the feather ({self._feather:g} px) is wider than the growth ({self._grow:g} px): "
                "the edge of what is removed stays partly visible"
            )
        return tuple(found)

    def prepare(self, progress: ScanProgress | None = None) -> None:
        """Read all mattes, so that `hole` is cheap from here on.

        Args:
            progress: Told after each frame; may raise to stop.

        Raises:
            RequestError: A matte cannot be read, or all of them are empty on every frame.
        """
        for done, frame in enumerate(self._frames, start=1):
            self._matte(frame)
            if progress is not None:
                progress("reading mattes", done, len(self._frames))
        if not any(self.has_hole(frame) for frame in self._frames):
            raise RequestError(
                f"{self.shot.name} matte",
                f"it is empty on every frame ({self._frames[0]}-{self._frames[-1]})",
                "Check the matte's channel with --matte-channel, and that no hold-out covers it.",
                code="empty_matte",
            )

    def has_hole(self, frame: int) -> bool:
        """Whether any pixel of the frame is to be filled."""
        found = self._hole_alpha(frame)
        return found is not None and bool(found[1].any())

    def picture(self, frame: int) -> Picture:
        """The frame in the numbers in which it is returned, for `composite`."""
        return self._pictures.get(
            frame, lambda: self._make_picture(frame), lambda picture: picture.nbytes
        )

    def source_file(self, frame: int) -> SourceFile:
        """The plate's file that the frame comes from."""
        plate = self.shot.plate
        if plate.kind == "movie":
            return plate.files[0]
        return plate.files[plate.frames.index(self._numbering.source(frame))]

    def held_from(self, frame: int) -> int | None:
        """Number of the frame that stands in for a missing one, or None."""
        source = self._numbering.source(frame)
        return None if source == frame else source

    def alpha(self, frame: int) -> Alpha:
        """(H, W) float32: the composite alpha on the canvas; above 0 exactly in the hole."""
        alpha = np.zeros(self.size, np.float32)
        found = self._hole_alpha(frame)
        if found is not None:
            box, part = found
            alpha[self.canvas.slices(box)] = part
        return alpha

    def patch(self, fill: Fill) -> Patch:
        """An engine's fill with its alpha, cut to the hole, ready to go over the plate.

        Raises:
            ServerError: The frame has no hole, or the fill does not cover it or is not finite.
        """
        found = self._hole_alpha(fill.frame)
        if found is None:
            raise ServerError(
                f"frame {fill.frame}", "the engine filled a frame without a hole", code="engine"
            )
        box, alpha = found
        return Patch.of(fill, canvas=self.canvas, hole_box=box, alpha=alpha)

    def close(self) -> None:
        """Let go of files and frames."""
        for source in self._sources:
            source.close()
        self._pictures.clear()
        self._plates.clear()

    def __enter__(self) -> ShotFootage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make_picture(self, frame: int) -> Picture:
        picture = self._plate.read(self._numbering.source(frame))
        if picture.data_window != self._data_window(frame):
            raise ServerError(
                picture.subject, "the file changed while the job was running", code="changed"
            )
        return plates.deliverable(picture, self.color)

    def _make_plate(self, frame: int) -> Rgb:
        rgb = plates.engine_rgb(self.picture(frame), self.color)
        data = self._data_window(frame)
        if data != self.canvas:
            canvas = np.zeros((*self.size, 3), np.float32)
            canvas[self.canvas.slices(data)] = rgb
            rgb = canvas
        rgb.flags.writeable = False
        return rgb

    def _matte(self, frame: int) -> FrameMatte:
        if frame not in self._masks:
            matte = np.zeros(self.size, np.bool_)
            keep = np.zeros(self.size, np.bool_)
            for source in self._mattes:
                source.add(frame, self.canvas, matte=matte, keep=keep)
            self._masks[frame] = frame_matte(matte, keep, grow=self._grow, feather=self._feather)
        return self._masks[frame]

    def _hole_alpha(self, frame: int) -> tuple[Window, Alpha] | None:
        """Alpha over a box around the hole, in plate coordinates; None without a hole."""
        matte = self._matte(frame)
        if matte.box is None:
            return None
        placed = matte.box.shifted(self.canvas.x_min, self.canvas.y_min)
        box = placed.intersect(self._data_window(frame))
        if box is None:
            return None
        return box, matte.alpha()[placed.slices(box)]

    def _inside(self, frame: int, mask: Mask) -> Mask:
        """The mask without what lies outside the frame's data window: there is nothing to write."""
        data = self._data_window(frame)
        if data == self.canvas:
            return mask
        inside = np.zeros_like(mask)
        cut = self.canvas.slices(data)
        inside[cut] = mask[cut]
        return inside

    def _data_window(self, frame: int) -> Window:
        if frame not in self._windows:
            raise ValueError(f"frame {frame} is not in the shot")
        return self._windows[frame][0]


def _raise_all(shot: str, problems: list[VoidError]) -> None:
    """Raise one error that says all there is to say, so that nobody mends a shot in ten rounds."""
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    shown = [f"({i}) {p.subject}: {p.text}" for i, p in enumerate(problems[:_SHOWN_PROBLEMS], 1)]
    if len(problems) > _SHOWN_PROBLEMS:
        shown.append(f"and {len(problems) - _SHOWN_PROBLEMS} more")
    hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
    raise RequestError(
        shot,
        f"{len(problems)} things are wrong: {'; '.join(shown)}",
        " ".join(hints),
        code=problems[0].code,
    )
