"""A shot as an engine sees it, and as its result is put together: pictures, holes and alphas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from bridge.errors import RequestError, ServerError
from bridge.shot import Shot, SourceFile
from ocio.convert import ColorConfig
from void_server import plate as plates
from void_server.engines.engine import Fill, Mask, Rgb
from void_server.images.picture import Picture
from void_server.images.source import Locate
from void_server.images.window import Window
from void_server.inputs import Inputs
from void_server.matte import Alpha, FrameMatte, frame_matte
from void_server.packed import pack, unpack
from void_server.patch import Patch
from void_server.quadmask import subtract
from void_server.recent import Recent
from void_server.shot_config import open_config

DEFAULT_MEMORY = 1 << 30
"""Bytes of decoded frames that are kept: three quarters as files hold them, about nine 4K EXR
frames, since those cost the most to read again; the rest as an engine sees them, about two."""

ScanProgress = Callable[[str, int, int], None]
"""Called with stage, done and total while the mattes are read."""


@dataclass(frozen=True)
class _Mattes:
    """What the mattes say of one frame: the hole they make, and what was drawn, as packed bits."""

    hole: FrameMatte
    remove: bytes
    affected: bytes


class ShotFootage:
    """The engine's `Footage` over the files of a shot, and what a job needs besides.

    The canvas is the union of the plate's data windows. Pictures and plates are shared: read
    them, do not change them.

    Args:
        shot: What to work on.
        locate: Where each source file lies.
        grow: How far the hole reaches beyond the mattes, plate pixels.
        feather: Width of the soft edge inside the hole, plate pixels.
        config: OCIO config; None opens the one that the shot names.
        memory: Bytes of decoded frames to keep.

    Attributes:
        shot: What is worked on.
        config: Where colour spaces are looked up.

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
        self.config = config or open_config(shot, locate)
        self._inputs = Inputs(shot, locate=locate, config=self.config)
        self._mattes: dict[int, _Mattes] = {}
        self._pictures: Recent[int, Picture] = Recent(memory * 3 // 4)
        self._plates: Recent[int, Rgb] = Recent(memory // 4)

    # --- what an engine sees -------------------------------------------------------------

    @property
    def frames(self) -> tuple[int, ...]:
        """File numbers wanted, ascending."""
        return self._inputs.frames

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the canvas, pixels."""
        return self.canvas.shape

    @property
    def pixel_aspect(self) -> float:
        """Width of a plate pixel over its height."""
        return self._inputs.pixel_aspect

    @property
    def color(self) -> plates.PlateColor:
        """The plate's colour."""
        return self._inputs.color

    def plate(self, frame: int) -> Rgb:
        """(H, W, 3) float32, scene-linear and finite; 0 outside the frame's data window."""
        return self._plates.get(frame, lambda: self._make_plate(frame), lambda rgb: rgb.nbytes)

    def hole(self, frame: int) -> Mask:
        """(H, W) bool: pixels to be filled, all of them inside the frame's data window."""
        return self._matte(frame).hole()

    def foreign(self, frame: int) -> Mask:
        """(H, W) bool: the grown mattes, hold-out, and what lies outside the data window."""
        return self._matte(frame).foreign()

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        """(remove, affected), each (H, W) bool: the mattes as drawn, less what is held out."""
        drawn = self._drawn(frame)
        return unpack(drawn.remove, self.size), unpack(drawn.affected, self.size)

    # --- what a job needs besides --------------------------------------------------------

    @property
    def canvas(self) -> Window:
        """The canvas in the plate's pixel coordinates."""
        return self._inputs.canvas

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the artist should know of the inputs."""
        found = self._inputs.warnings
        if self._feather > self._grow:
            found.append(
                f"the feather ({self._feather:g} px) is wider than the growth ({self._grow:g} px): "
                "the edge of what is removed stays partly visible"
            )
        return tuple(found)

    def prepare(self, progress: ScanProgress | None = None) -> None:
        """Read all mattes, so that `hole` and `quadmask` are cheap from here on.

        Args:
            progress: Told after each frame; may raise to stop.

        Raises:
            RequestError: A matte cannot be read, or all of them are empty on every frame.
        """
        for done, frame in enumerate(self.frames, start=1):
            self._matte(frame)
            if progress is not None:
                progress("reading mattes", done, len(self.frames))
        if not any(self.has_hole(frame) for frame in self.frames):
            raise RequestError(
                f"{self.shot.name} matte",
                f"it is empty on every frame ({self.frames[0]}-{self.frames[-1]})",
                "Check the matte's channel with --matte-channel, and that no hold-out covers it.",
                code="empty_matte",
            )

    def has_hole(self, frame: int) -> bool:
        """Whether any pixel of the frame is to be filled."""
        return not self._matte(frame).empty

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
        return plate.files[plate.frames.index(self._inputs.numbering.source(frame))]

    def held_from(self, frame: int) -> int | None:
        """Number of the frame that stands in for a missing one, or None."""
        source = self._inputs.numbering.source(frame)
        return None if source == frame else source

    def alpha(self, frame: int) -> Alpha:
        """(H, W) float32: the composite alpha on the canvas; above 0 exactly in the hole."""
        alpha = np.zeros(self.size, np.float32)
        matte = self._matte(frame)
        if matte.box is not None:
            alpha[Window.of_size(*self.size[::-1]).slices(matte.box)] = matte.alpha()
        return alpha

    def patch(self, fill: Fill) -> Patch:
        """An engine's fill with its alpha, cut to the hole, ready to go over the plate.

        Raises:
            ServerError: The frame has no hole, or the fill does not cover it or is not finite.
        """
        matte = self._matte(fill.frame)
        if matte.box is None:
            raise ServerError(
                f"frame {fill.frame}", "the engine filled a frame without a hole", code="engine"
            )
        box = matte.box.shifted(self.canvas.x_min, self.canvas.y_min)
        return Patch.of(fill, canvas=self.canvas, hole_box=box, alpha=matte.alpha())

    def close(self) -> None:
        """Let go of files and frames."""
        self._inputs.close()
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
        picture = self._inputs.plate.read(self._inputs.numbering.source(frame))
        if picture.data_window != self._inputs.data_windows[frame]:
            raise ServerError(
                picture.subject, "the file changed while the job was running", code="changed"
            )
        return plates.deliverable(picture, self.color)

    def _make_plate(self, frame: int) -> Rgb:
        rgb = plates.engine_rgb(self.picture(frame), self.color)
        data = self._inputs.data_windows[frame]
        if data != self.canvas:
            canvas = np.zeros((*self.size, 3), np.float32)
            canvas[self.canvas.slices(data)] = rgb
            rgb = canvas
        rgb.flags.writeable = False
        return rgb

    def _matte(self, frame: int) -> FrameMatte:
        return self._drawn(frame).hole

    def _drawn(self, frame: int) -> _Mattes:
        if frame not in self._mattes:
            self._mattes[frame] = self._read_mattes(frame)
        return self._mattes[frame]

    def _read_mattes(self, frame: int) -> _Mattes:
        remove, affected, keep = (np.zeros(self.size, np.bool_) for _ in range(3))
        for source in self._inputs.mattes:
            source.add(frame, self.canvas, remove=remove, affected=affected, keep=keep)
        data = self._inputs.data_windows[frame]
        hole = frame_matte(
            remove | affected,
            keep,
            grow=self._grow,
            feather=self._feather,
            limit=data.shifted(-self.canvas.x_min, -self.canvas.y_min),
        )
        return _Mattes(hole, pack(subtract(remove, keep)), pack(subtract(affected, keep)))
