"""The sidecar of a version folder: what really ran, and what of it has landed where.

The server records what ran; the client adds three keys of its own: ``job``, ``state`` and
``landing``. By them a rerun finds the folder of its job again.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bridge import sequence, write_once
from bridge.errors import RequestError
from bridge.sequence import PICTURE_KINDS, PictureKind, Version


class Landed(msgspec.Struct, frozen=True):
    """What has landed where.

    Attributes:
        name: The shot's name.
        version: Version label, e.g. ``v001``.
        folder: The version folder, absolute.
        padding: Digits of the frame numbers.
        comp: Frames of the clean plate that are there, e.g. ``1001-1048``; "" for none.
        patch: Frames of the premultiplied patch.
        straight: Frames of the unpremultiplied patch.
        degrained: Frames of the patch without grain.
        matte: Frames of the alpha that was used.
    """

    name: str
    version: str
    folder: str
    padding: int
    comp: str = ""
    patch: str = ""
    straight: str = ""
    degrained: str = ""
    matte: str = ""

    def frames(self) -> dict[PictureKind, set[int]]:
        """The frames that are there, by kind.

        Raises:
            RequestError: They are not listed as `bridge.sequence.listed` does it.
        """
        return {kind: set(sequence.frames_of(getattr(self, kind))) for kind in PICTURE_KINDS}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A sidecar, read or to be written.

    Attributes:
        job: The job's id.
        state: ``partial`` until every frame is there.
        landing: What has landed where.
        record: Everything else in it: what the server recorded.
    """

    job: str
    state: Literal["partial", "done"]
    landing: Landed
    record: dict[str, Any] = {}


class _Ours(msgspec.Struct):
    """The keys of a sidecar that are the client's."""

    job: str
    state: Literal["partial", "done"]
    landing: Landed


def read(version: Version) -> Manifest | None:
    """The sidecar of a version; None if there is none, or none that we have written."""
    try:
        record = msgspec.json.decode(version.sidecar.read_bytes(), type=dict[str, Any])
        ours = msgspec.convert(record, _Ours)
        ours.landing.frames()
    except (OSError, msgspec.DecodeError, RequestError):
        return None
    return Manifest(job=ours.job, state=ours.state, landing=ours.landing, record=record)


def write(version: Version, manifest: Manifest) -> None:
    """Write a sidecar, whole or not at all.

    Raises:
        RequestError: The disk is full or not writable.
    """
    ours = _Ours(manifest.job, manifest.state, manifest.landing)
    content = msgspec.json.encode(manifest.record | msgspec.structs.asdict(ours))
    with write_once.writing_to(version.folder), write_once.hidden(version.sidecar) as file:
        file.write(msgspec.json.format(content, indent=2) + b"\n")
