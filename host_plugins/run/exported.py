"""An export that is whole: one view's frames, and the record of what they were made of.

The record lies beside the frames. It says of every file what it was when the export was whole, so
that a touched one is noticed; and its digest once it was read, so that none is read twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bridge import sequence, write_once
from bridge.errors import RequestError
from bridge.found import Found, needed
from bridge.shot import Role, Sequence, SourceFile
from host_plugins.run.order import Order

SCHEMA = 1
"""Version of the record's layout; an export of another one is made anew."""

RECORD = "export.json"
"""The record's name, beside the frames."""

PLATE = "plate"
"""How the plate's files begin; a matte's begin with its role."""

_SUBJECTS: dict[str, str] = {
    "remove": "matte",
    "affected": "affected matte",
    "keep": "keep matte",
}


class ExportedFile(msgspec.Struct, frozen=True):
    """One frame's file when the export was whole; ``sha256`` is "" until it was read."""

    name: str
    frame: int
    size: int
    mtime_ns: int
    sha256: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What an export was made of.

    Attributes:
        fingerprint: What the host said of its pictures; "" if they changed while it was made.
        frames: The frames wanted, e.g. ``1001-1040``.
        roles: The mattes.
        datatype: ``half`` or ``float``.
        files: The files in frame order, by role; the plate's under `PLATE`.
        schema: Version of this layout.
    """

    fingerprint: str
    frames: str
    roles: tuple[Role, ...]
    datatype: str
    files: dict[str, tuple[ExportedFile, ...]]
    schema: int = SCHEMA


class Export:
    """One view's exported frames.

    Attributes:
        folder: Where they lie.
        record: What they are.
    """

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        self.record = record

    @property
    def read(self) -> bool:
        """Whether the digest of every file is known."""
        return all(file.sha256 for files in self.record.files.values() for file in files)

    def found(self, order: Order) -> dict[str, Found]:
        """The files that an order's frames need, by role, the plate first.

        Raises:
            RequestError: A frame is missing and may not be held.
        """
        return {role: self._found(role, order) for role in (PLATE, *order.roles)}

    def sequences(self, order: Order) -> dict[str, Sequence]:
        """The same by content, for an export that was read.

        Raises:
            RequestError: A frame is missing and may not be held.
        """
        known = {file.name: file for files in self.record.files.values() for file in files}
        return {
            role: Sequence(
                label=found.label,
                kind="stills",
                files=tuple(_described(known[file.name]) for file in found.files),
                frames=found.frames,
            )
            for role, found in self.found(order).items()
        }

    def check_untouched(self) -> None:
        """See that every file is still what was exported.

        Raises:
            RequestError: One is not: somebody else has written there, or taken it away.
        """
        touched = _touched(self.folder, self.record)
        if touched is not None:
            raise RequestError(
                str(self.folder / touched.name),
                "somebody has changed it since it was exported",
                "Export it again.",
                code="changed",
            )

    def keep_digests(self, sequences: Mapping[str, Sequence]) -> None:
        """Note what the files' digests are, for this run and the next one.

        Raises:
            RequestError: The disk is full or not writable.
        """
        digests = {file.name: file.sha256 for one in sequences.values() for file in one.files}
        files = {
            role: tuple(
                replace(file, sha256=digests.get(file.name, file.sha256)) for file in exported
            )
            for role, exported in self.record.files.items()
        }
        self.record = replace(self.record, files=files)
        self.write()

    def write(self) -> None:
        """Put the record beside the frames.

        Raises:
            RequestError: The disk is full or not writable.
        """
        content = msgspec.json.format(msgspec.json.encode(self.record), indent=1)
        with write_once.writing_to(self.folder), write_once.hidden(self.folder / RECORD) as file:
            file.write(content)

    def _found(self, role: str, order: Order) -> Found:
        files = self.record.files.get(role, ())
        subject = _SUBJECTS.get(role, role)
        label = f"{role}.%0{order.padding}d.exr"
        if not files:
            raise RequestError(
                subject,
                f"not one frame of {label} was exported (wanted {order.frames})",
                code="missing_frames",
            )
        exported = Found(
            subject=subject,
            label=label,
            kind="stills",
            files=tuple(self.folder / file.name for file in files),
            frames=tuple(file.frame for file in files),
            last_frame=files[-1].frame,
        )
        return needed(exported, order.frames, order.missing)


def written(folder: Path, order: Order, fingerprint: str) -> Export:
    """What was just written into a folder, as an export.

    Raises:
        OSError: The folder cannot be read.
    """
    files = {role: tuple(_files_of(folder, role)) for role in (PLATE, *order.roles)}
    return Export(folder, _record(order, fingerprint, files))


def reopened(folder: Path, order: Order, fingerprint: str) -> Export | None:
    """The export in a folder, if it is what would be exported now and nobody has touched it."""
    try:
        record = msgspec.json.decode((folder / RECORD).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None
    if record != _record(order, fingerprint, record.files) or _touched(folder, record):
        return None
    export = Export(folder, record)
    with suppress(RequestError):
        export.found(order)
        return export
    return None


def _record(order: Order, fingerprint: str, files: dict[str, tuple[ExportedFile, ...]]) -> Record:
    return Record(
        fingerprint=fingerprint,
        frames=str(order.frames),
        roles=order.roles,
        datatype=order.datatype,
        files=files,
    )


def _touched(folder: Path, record: Record) -> ExportedFile | None:
    """The first file that is not what it was when the export was whole."""
    files = (file for files in record.files.values() for file in files)
    return next(
        (file for file in files if _stat(folder / file.name) != (file.size, file.mtime_ns)), None
    )


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _files_of(folder: Path, role: str) -> Iterator[ExportedFile]:
    numbered = [(sequence.frame_number(path.name), path) for path in folder.glob(f"{role}.*.exr")]
    for frame, path in sorted((frame, path) for frame, path in numbered if frame is not None):
        found = path.stat()
        yield ExportedFile(path.name, frame, found.st_size, found.st_mtime_ns)


def _described(file: ExportedFile) -> SourceFile:
    return SourceFile(file.name, file.size, file.sha256)
