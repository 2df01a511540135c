"""What really ran: the record that travels with a result.

The worker appends one `FrameRecord` per finished frame to ``frames.jsonl`` in the job's result
folder, so that a job resumed by another worker still knows what the first one measured, and
writes the whole `Sidecar` as the job's last result.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from bridge.shot import Parameter
from void_server.engines.engine import Fact

SCHEMA = 1
"""Version of the sidecar's layout."""

_JOURNAL = "frames.jsonl"


class FrameRecord(msgspec.Struct, frozen=True):
    """What was measured on one finished frame.

    Attributes:
        frame: File number.
        hole: Pixels whose composite alpha is above 0.
        seen: Share of those whose background was seen in another frame, 0 to 1.
        changed_outside: Values outside the composite alpha whose bits differ from the plate's,
            read back from the written file; None where no comp was written.
        source_sha256: Digest of the plate file that the frame came from.
        held_from: Number of the frame that stood in for a missing one, or None.
        seconds: Time since the frame before; the first one carries the tracking.
        measures: What the engine measured on it, by name.
    """

    frame: int
    hole: int
    seen: float
    changed_outside: int | None
    source_sha256: str
    held_from: int | None = None
    seconds: float = 0.0
    measures: dict[str, float] = {}


class MatteRecord(msgspec.Struct, frozen=True):
    """A matte as it was used."""

    role: str
    label: str
    channel: str


class ConfigRecord(msgspec.Struct, frozen=True):
    """The OCIO config that was used.

    Attributes:
        name: A file, or ``ocio://`` and a name.
        title: What the config calls itself.
        origin: Where the client found it, e.g. ``$OCIO``; ``built in`` when nobody said anything.
        sha256: Digest of the file; "" for one that OCIO brings along.
    """

    name: str
    title: str
    origin: str
    sha256: str


class Sidecar(msgspec.Struct, frozen=True):
    """Everything needed to say how a result came about, and to make it again.

    ``engine_facts`` is what the engine found out while it ran: its memory mode, its checkpoint.
    """

    job: str
    engine: str
    device: str
    first_frame: int
    last_frame: int
    plate: str
    colorspace: str
    color_config: ConfigRecord
    view: str
    mattes: tuple[MatteRecord, ...]
    prompt: str
    seed: int
    grow: float
    feather: float
    output: tuple[str, ...]
    layers: bool
    missing: str
    parameters: dict[str, Parameter]
    engine_facts: dict[str, Fact]
    changed_outside: int | None
    seen: float
    seconds: float
    frames: tuple[FrameRecord, ...]
    warnings: tuple[str, ...]
    versions: dict[str, str]
    schema: int = SCHEMA

    def to_json(self) -> bytes:
        """The sidecar as indented UTF-8 JSON, ending in a newline."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def remember(folder: Path, record: FrameRecord) -> None:
    """Append a frame's record to the job's journal and sync it."""
    with (folder / _JOURNAL).open("ab") as journal:
        # The line break comes first: it also ends a line that a crash has torn.
        journal.write(b"\n" + msgspec.json.encode(record))
        journal.flush()
        os.fsync(journal.fileno())


def recall(folder: Path) -> dict[int, FrameRecord]:
    """The journal's records by frame; the latest of a frame wins, a torn last line is skipped."""
    try:
        lines = (folder / _JOURNAL).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    records: dict[int, FrameRecord] = {}
    for line in lines:
        try:
            record = msgspec.json.decode(line, type=FrameRecord)
        except msgspec.DecodeError:
            continue
        records[record.frame] = record
    return records


def changed_values(records: dict[int, FrameRecord]) -> int | None:
    """Values outside the alpha that differ, of all frames with a comp; None without any."""
    counts = [r.changed_outside for r in records.values() if r.changed_outside is not None]
    return sum(counts) if counts else None


def seen_share(records: dict[int, FrameRecord]) -> float:
    """Share of all hole pixels of the shot whose background was seen, 0 to 1; 1 without holes."""
    hole = sum(record.hole for record in records.values())
    return sum(r.seen * r.hole for r in records.values()) / hole if hole else 1.0
