"""One matte of a shot: which channel it lies in, and what it says of each frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.errors import RequestError
from bridge.shot import Matte, Missing, Role
from void_server import quadmask
from void_server.engines.engine import Mask
from void_server.images.picture import Picture, list_channels
from void_server.images.source import Source
from void_server.images.window import Window
from void_server.numbering import Numbering

_ALPHA_NAMES = ("a", "alpha")
_GREY = ("R", "G", "B")


class MatteInput:
    """A matte's frames, placed on the canvas.

    Args:
        matte: Role, files and channel.
        source: The opened files.
        frames: File numbers wanted.
        missing: What to do about gaps.
        display: Display window of the plate, which the matte's must match in size.
        subject: How messages name the matte.

    Raises:
        RequestError: Frames are missing, the size differs, or there is no such channel.
    """

    def __init__(
        self,
        matte: Matte,
        source: Source,
        *,
        frames: Sequence[int],
        missing: Missing,
        display: Window,
        subject: str,
    ) -> None:
        self.role = matte.role
        self._source = source
        self._display = display
        self._numbering = Numbering(source.frames, frames, missing)
        for problem in self._numbering.problems(subject, matte.sequence.label):
            raise problem
        for frame in frames:
            self._check_size(self._numbering.source(frame), subject)
        find = _level_channel if matte.role == "quadmask" else alpha_channel
        self._channel = find(source.channels, matte.channel, subject)
        self.warnings = tuple(self._numbering.warnings(subject))

    def add(self, frame: int, canvas: Window, *, remove: Mask, affected: Mask, keep: Mask) -> None:
        """Add what this matte says of ``frame`` to the canvas-sized masks, in place.

        Raises:
            RequestError: The frame cannot be read, or is no quadmask where it should be one.
        """
        picture = self._source.read(self._numbering.source(frame))
        offset = (
            self._display.x_min - picture.display_window.x_min,
            self._display.y_min - picture.display_window.y_min,
        )
        placed = picture.data_window.shifted(*offset)
        common = placed.intersect(canvas)
        if common is None:
            return
        targets: dict[Role, Mask] = {"remove": remove, "affected": affected, "keep": keep}
        for role, mask in self._masks(picture):
            targets[role][canvas.slices(common)] |= mask[placed.slices(common)]

    def _masks(self, picture: Picture) -> Iterator[tuple[Role, Mask]]:
        plane = picture.channel(self._channel)
        if self.role == "quadmask":
            remove, affected = quadmask.read_planes(plane, picture.subject)
            yield "remove", remove
            yield "affected", affected
        elif self.role == "affected":
            yield "affected", quadmask.covered(plane, quadmask.AFFECTED_THRESHOLD, inclusive=True)
        elif self.role == "keep":
            yield "keep", quadmask.covered(plane, quadmask.KEEP_THRESHOLD)
        else:
            yield "remove", quadmask.covered(plane, quadmask.REMOVE_THRESHOLD)

    def _check_size(self, frame: int, subject: str) -> None:
        found = self._source.facts(frame).display_window
        if found.shape != self._display.shape:
            raise RequestError(
                subject,
                f"its size differs from the plate's (expected {self._display.width}x"
                f"{self._display.height}, got {found.width}x{found.height} on frame {frame})",
                "Render the matte in the plate's format.",
                code="matte_size",
            )


def alpha_channel(channels: Sequence[str], wanted: str, subject: str) -> str:
    """The channel to read as a matte: the one asked for, else alpha, else the only one.

    Raises:
        RequestError: There is none, or several could be meant; lists the channels.
    """
    if wanted:
        return _named(channels, wanted, subject)
    plain = [name for name in channels if name.lower() in _ALPHA_NAMES]
    layered = [name for name in channels if name.lower().rpartition(".")[2] in _ALPHA_NAMES]
    for found in (plain, layered, list(channels), _luma(channels)):
        if len(found) == 1:
            return found[0]
    raise RequestError(
        subject,
        f"there is no alpha channel (it has {list_channels(channels)})",
        "Name the channel with --matte-channel.",
        code="matte_alpha",
    )


def _level_channel(channels: Sequence[str], wanted: str, subject: str) -> str:
    if wanted:
        return _named(channels, wanted, subject)
    for name in ("quad.Y", "Y", "R"):
        if name in channels:
            return name
    if len(channels) == 1:
        return channels[0]
    raise RequestError(
        subject,
        f"there is no channel with levels (it has {list_channels(channels)})",
        "Name the channel with --matte-channel.",
        code="matte_alpha",
    )


def _luma(channels: Sequence[str]) -> list[str]:
    """Y of a video without alpha: a black and white movie is a matte."""
    return ["Y"] if set(channels) == {*_GREY, "Y"} else []


def _named(channels: Sequence[str], wanted: str, subject: str) -> str:
    lower = {name.lower(): name for name in channels}
    for name in (wanted, f"{wanted}.A", f"{wanted}.alpha"):
        if name in channels:
            return name
        if name.lower() in lower:
            return lower[name.lower()]
    raise RequestError(
        subject,
        f"there is no channel {wanted!r} (it has {list_channels(channels)})",
        "Pass one of them with --matte-channel.",
        code="matte_alpha",
    )
