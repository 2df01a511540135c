"""DPX, TIFF, PNG and JPG sequences, through OpenImageIO.

The only module that imports OpenImageIO. A frame that does not decode is an error: the reader's
``oiio:missingcolor``, which paints over missing parts, is never used.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import OpenImageIO as oiio

from bridge.errors import RequestError
from bridge.shot import Sequence, SourceFile
from void_server.images.exr_header import MAX_CHANNELS, MAX_DECODED, unreadable
from void_server.images.picture import Picture
from void_server.images.source import Locate, Untagged, check_digest
from void_server.images.window import Window

SUFFIXES = (".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg")

LOG_SUFFIXES = (".dpx", ".cin")
"""Formats that often hold log pictures without saying so: their colour is never assumed."""

_CODE_VALUES = (oiio.UINT8, oiio.UINT16, oiio.UINT32)

# Above these the library refuses from the header, before it allocates.
oiio.attribute("limits:imagesize_MB", MAX_DECODED >> 20)
oiio.attribute("limits:channels", MAX_CHANNELS)


@dataclass(frozen=True)
class StillFacts:
    """What the header of a still says."""

    data_window: Window
    display_window: Window
    pixel_aspect: float
    channels: tuple[str, ...]
    colorspace: str | None
    untagged: Untagged


class StillsSource:
    """One file per frame, of any format in `SUFFIXES`."""

    warnings: tuple[str, ...] = ()
    views: tuple[str, ...] = ()

    def __init__(self, sequence: Sequence, locate: Locate) -> None:
        self._files = dict(zip(sequence.frames, sequence.files, strict=True))
        self._locate = locate
        self._facts: dict[int, StillFacts] = {}
        self.frames = tuple(sorted(self._files))
        first = self.facts(self.frames[0])
        self.colorspace = first.colorspace
        self.untagged = first.untagged
        self.channels = first.channels

    def facts(self, frame: int) -> StillFacts:
        """Windows and channels of a frame, from its header."""
        if frame not in self._facts:
            file = self._files[frame]
            opened = _open(self._locate(file), file.name)
            try:
                self._facts[frame] = _facts(opened.spec(), file.name)
            finally:
                opened.close()
        return self._facts[frame]

    def read(self, frame: int) -> Picture:
        """Decode a frame, after its digest has been checked."""
        file = self._files[frame]
        path = self._locate(file)
        _check(file, path)
        opened = _open(path, file.name)
        try:
            facts = _facts(opened.spec(), file.name)
            pixels = opened.read_image(0, 0, 0, opened.spec().nchannels, oiio.UNKNOWN)
            problem = opened.geterror()
        finally:
            opened.close()
        if pixels is None or problem:
            raise _damaged(file.name, problem or "no pixels")
        planes = {name: pixels[:, :, index] for index, name in enumerate(facts.channels)}
        return Picture(
            frame=frame,
            subject=file.name,
            data_window=facts.data_window,
            display_window=facts.display_window,
            pixel_aspect=facts.pixel_aspect,
            planes=planes,
            colorspace=facts.colorspace,
        )

    def close(self) -> None:
        """Nothing stays open between frames."""


def set_threads(count: int) -> None:
    """Let OpenImageIO use ``count`` threads."""
    oiio.attribute("threads", max(1, count))


def _check(file: SourceFile, path: Path) -> None:
    try:
        with path.open("rb") as opened:
            check_digest(file, _digest(opened))
    except OSError as error:
        raise unreadable(file.name, error) from error


def _digest(opened: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := opened.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _open(path: Path, subject: str) -> oiio.ImageInput:
    if not subject.lower().endswith(SUFFIXES):
        raise RequestError(
            subject,
            f"we do not read this kind of file (expected EXR, {', '.join(SUFFIXES)})",
            "Convert it to EXR.",
            code="format",
        )
    # Alpha is taken as it is stored: multiplying it in and out again would change pixels.
    hints = oiio.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    opened = oiio.ImageInput.open(str(path), hints)
    if opened is None:
        raise _damaged(subject, oiio.geterror())
    return opened


def _facts(spec: oiio.ImageSpec, name: str) -> StillFacts:
    data = Window.of_size(spec.width, spec.height, left=spec.x, top=spec.y)
    display = Window.of_size(spec.full_width, spec.full_height, left=spec.full_x, top=spec.full_y)
    colorspace = spec.get_string_attribute("oiio:ColorSpace")
    return StillFacts(
        data_window=data,
        display_window=display,
        pixel_aspect=spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0,
        channels=tuple(spec.channelnames),
        colorspace=colorspace or None,
        untagged=_untagged(spec, name),
    )


def _untagged(spec: oiio.ImageSpec, name: str) -> Untagged:
    if name.lower().endswith(LOG_SUFFIXES):
        return "ask"
    return "display" if spec.format in _CODE_VALUES else "linear"


def _damaged(subject: str, detail: str) -> RequestError:
    first_line = detail.strip().splitlines()[0] if detail.strip() else "no reason given"
    return RequestError(
        subject,
        f"the file is damaged or no picture ({first_line})",
        "Render or copy this frame again.",
        code="corrupt",
    )
