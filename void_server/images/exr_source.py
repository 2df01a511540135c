"""A sequence of EXR files."""

from __future__ import annotations

from bridge.errors import RequestError
from bridge.shot import Sequence, SourceFile
from void_server.images import exr
from void_server.images.exr_header import parse_header, read_header
from void_server.images.exr_layout import PartHeader
from void_server.images.exr_views import check_view, main_part, view_names, views_of
from void_server.images.picture import Picture
from void_server.images.source import Locate, Untagged, read_checked


class ExrSequence:
    """EXR frames, one file each. The main part of the first file decides what is the picture.

    Args:
        sequence: The files.
        locate: Where each lies.
        view: Which view is the picture, where the files hold views.

    Raises:
        RequestError: The first file is damaged, or holds views and not this one.
    """

    untagged: Untagged = "linear"

    def __init__(self, sequence: Sequence, locate: Locate, view: str = "") -> None:
        self._files = dict(zip(sequence.frames, sequence.files, strict=True))
        self._locate = locate
        self.frames = tuple(sorted(self._files))
        self._facts: dict[int, PartHeader] = {}
        file = self._files[self.frames[0]]
        header = read_header(locate(file), file.name)
        self.views = views_of(header)
        self._view = view if self.views else ""
        check_view(header, self._view, sequence.label)
        part = header.parts[main_part(header, self._view)]
        self.colorspace = exr.colorspace_of(header, self._view)
        self.warnings = exr.warnings_about(header, sequence.label, self._view)
        self.channels = tuple(sorted(view_names(part, self._view)))

    def facts(self, frame: int) -> PartHeader:
        """Header of the frame's main part."""
        if frame not in self._facts:
            file = self._file(frame)
            header = read_header(self._locate(file), file.name)
            check_view(header, self._view, file.name)
            self._facts[frame] = header.parts[main_part(header, self._view)]
        return self._facts[frame]

    def read(self, frame: int) -> Picture:
        """Decode a frame, after its digest has been checked."""
        file = self._file(frame)
        data = read_checked(file, self._locate(file))
        header = parse_header(data, file.name)
        return exr.decode(data, header, frame=frame, subject=file.name, view=self._view)

    def close(self) -> None:
        """Nothing stays open between frames."""

    def _file(self, frame: int) -> SourceFile:
        if frame not in self._files:
            raise RequestError(f"frame {frame}", "it is not in the sequence", code="missing_frames")
        return self._files[frame]
