"""Movies, through PyAV: any picture by its number, colour matrix and range always explicit.

The only module that imports av. A movie is indexed once by the time stamps of its packets;
picture n is the n-th time stamp, which holds for B-frames and after a seek alike.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from bridge.errors import RequestError
from bridge.shot import Sequence, SourceFile
from void_server.images.exr_header import MAX_DECODED, unreadable
from void_server.images.movie_planes import HD_HEIGHT, MoviePlanes, channel_names
from void_server.images.picture import Picture
from void_server.images.source import Locate, Untagged, check_digest
from void_server.images.timecode import advance
from void_server.images.window import Window

_UNSPECIFIED = 2
_KEPT_BYTES = 256 << 20
"""Decoded pictures that stay: after a seek back, the ones before the wanted one come next."""

_SPACES = {
    (1, 1): "srgb_rec709_scene",
    (1, 6): "srgb_rec709_scene",
    (1, 13): "srgb_rec709_scene",
    (1, 4): "g22_rec709_scene",
    (1, 8): "lin_rec709_scene",
    (12, 13): "srgb_p3d65_scene",
    (9, 8): "lin_rec2020_scene",
    (9, 16): "pq_rec2020_display",
    (9, 18): "hlg_rec2020_display",
}
"""Colour space by (primaries, transfer) as numbered in ITU-T H.273, tables 2 and 3.

The Rec.709 camera curve is read as its sRGB display twin, as hosts do for graded video.
"""


@dataclass(frozen=True)
class MovieFacts:
    """Windows of every picture of the movie."""

    data_window: Window
    display_window: Window
    pixel_aspect: float


class MovieSource:
    """One movie file. Pictures are numbered on from the sequence's first frame number."""

    untagged: Untagged = "display"
    views: tuple[str, ...] = ()

    def __init__(self, sequence: Sequence, locate: Locate) -> None:
        self._file = sequence.files[0]
        path = locate(self._file)
        _check(self._file, path)
        self._container, self._stream = _open(path, self._file.name)
        self._times = self._index()
        self._number = {time: index for index, time in enumerate(self._times)}
        self._kept: OrderedDict[int, av.VideoFrame] = OrderedDict()
        self._decoder: Iterator[av.VideoFrame] | None = None
        self._next = 0
        self._lock = threading.Lock()
        first = sequence.frames[0]
        self.frames = tuple(range(first, first + len(self._times)))
        context = self._stream.codec_context
        self._facts = _facts(context, self._file.name)
        self._room = _room(context)
        self.colorspace = _tagged(context)
        self.warnings = _warnings(context, self._file.name)
        self.channels = tuple(sorted(channel_names(context.pix_fmt or "")))
        self.rate = Fraction(self._stream.average_rate) if self._stream.average_rate else None
        self._timecode = _start_timecode(self._container)

    def facts(self, frame: int) -> MovieFacts:
        """Windows of the picture; the same for all."""
        self._index_of(frame)
        return self._facts

    def read(self, frame: int) -> Picture:
        """Decode a picture; its planes are made when they are asked for."""
        index = self._index_of(frame)
        subject = f"{self._file.name} frame {frame}"
        with self._lock:
            decoded = self._decoded(index, subject)
        timecode = (
            advance(self._timecode, index, self.rate) if self._timecode and self.rate else None
        )
        return Picture(
            frame=frame,
            subject=subject,
            data_window=self._facts.data_window,
            display_window=self._facts.display_window,
            pixel_aspect=self._facts.pixel_aspect,
            planes=MoviePlanes(decoded),
            colorspace=self.colorspace,
            rate=self.rate,
            timecode=timecode,
        )

    def close(self) -> None:
        """Close the movie."""
        self._decoder = None
        self._kept.clear()
        self._container.close()

    def _index_of(self, frame: int) -> int:
        index = frame - self.frames[0]
        if not 0 <= index < len(self._times):
            raise RequestError(
                self._file.name,
                f"there is no frame {frame} (it has {self.frames[0]}-{self.frames[-1]})",
                code="missing_frames",
            )
        return index

    def _index(self) -> list[int]:
        try:
            packets = [p for p in self._container.demux(self._stream) if p.size]
        except av.error.FFmpegError as error:
            raise _damaged(self._file.name, str(error)) from error
        times = sorted({p.pts for p in packets if p.pts is not None and not p.is_discard})
        announced = self._stream.frames
        if not times or len(packets) < announced:
            raise _damaged(
                self._file.name,
                f"it is cut short (expected {announced} pictures, got {len(times)})",
            )
        if len(times) != sum(not p.is_discard for p in packets):
            raise RequestError(
                self._file.name,
                "its pictures have no usable time stamps, so that they cannot be numbered",
                "Rewrap it as mov or mp4, or convert it to an EXR sequence.",
                code="format",
            )
        return times

    def _decoded(self, index: int, subject: str) -> av.VideoFrame:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        if self._decoder is None or not self._is_ahead(index):
            self._seek(index)
        try:
            found = self._decode_to(index)
            if found is None:
                # Some containers seek late; from the very start the picture must come by.
                self._seek(0)
                found = self._decode_to(index)
        except av.error.FFmpegError as error:
            self._decoder = None
            raise _damaged(subject, str(error)) from error
        if found is None or found.is_corrupt:
            self._decoder = None
            raise _damaged(subject, "the picture cannot be decoded")
        return found

    def _is_ahead(self, index: int) -> bool:
        """Whether going on is no slower than seeking: the wanted picture is near."""
        return self._next <= index <= self._next + 24

    def _seek(self, index: int) -> None:
        self._container.seek(self._times[index], stream=self._stream, backward=True)
        self._decoder = self._container.decode(self._stream)
        self._next = 0

    def _decode_to(self, index: int) -> av.VideoFrame | None:
        assert self._decoder is not None
        for decoded in self._decoder:
            number = self._number.get(decoded.pts)
            if number is None:
                continue
            self._next = number + 1
            self._keep(number, decoded)
            if number == index:
                return decoded
            if number > index:
                return None
        self._decoder = None
        return None

    def _keep(self, number: int, decoded: av.VideoFrame) -> None:
        self._kept[number] = decoded
        self._kept.move_to_end(number)
        while len(self._kept) > self._room:
            self._kept.popitem(last=False)


def _room(context: VideoCodecContext) -> int:
    """How many decoded pictures stay; two for a picture and its neighbour are the least."""
    depth = context.format.padded_bits_per_pixel if context.format else 64
    bits = context.width * context.height * depth
    return max(2, _KEPT_BYTES * 8 // max(1, bits))


def _tagged(context: VideoCodecContext) -> str | None:
    primaries, transfer = int(context.color_primaries), int(context.color_trc)
    if transfer in (0, _UNSPECIFIED):
        return None
    if primaries in (0, _UNSPECIFIED):
        primaries = 1
    return _SPACES.get((primaries, transfer), f"video primaries {primaries}, transfer {transfer}")


def _warnings(context: VideoCodecContext, name: str) -> tuple[str, ...]:
    if int(context.colorspace) != _UNSPECIFIED or "Y" not in channel_names(context.pix_fmt or ""):
        return ()
    matrix = "Rec.709" if context.height >= HD_HEIGHT else "Rec.601"
    return (f"{name} does not say its YUV matrix: read as {matrix}",)


def _facts(context: VideoCodecContext, subject: str) -> MovieFacts:
    window = Window.of_size(context.width, context.height)
    if window.width * window.height * 8 > MAX_DECODED:
        raise RequestError(subject, f"the picture is too large (got {window})", code="too_large")
    aspect = context.sample_aspect_ratio
    return MovieFacts(window, window, float(aspect) if aspect else 1.0)


def _start_timecode(container: InputContainer) -> str:
    places = [container.metadata, *(stream.metadata for stream in container.streams)]
    return next((place["timecode"] for place in places if "timecode" in place), "")


def _open(path: Path, subject: str) -> tuple[InputContainer, VideoStream]:
    try:
        container = av.open(str(path))
    except av.error.FFmpegError as error:
        raise _damaged(subject, str(error)) from error
    if not container.streams.video:
        container.close()
        raise RequestError(subject, "there is no picture in it", code="format")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return container, stream


def _check(file: SourceFile, path: Path) -> None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as opened:
            while block := opened.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise unreadable(file.name, error) from error
    check_digest(file, digest.hexdigest())


def _damaged(subject: str, detail: str) -> RequestError:
    return RequestError(
        subject,
        f"the movie is damaged or no movie ({detail})",
        "Export it again.",
        code="corrupt",
    )
