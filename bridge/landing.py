"""Landing: a job's results arrive in a version folder, frame by frame, and stay there.

::

    with begin(out, name="sh010", job=job, padding=4) as landing:
        if not landing.complete:
            follow(client, landing)

A frame is written under a hidden temporary name, checked against its hash, synced and renamed,
so a scanner never sees half a frame. Nothing that stands in the folder is written over. The
sidecar names the job from the first moment on; that is how a rerun finds its folder again.

One at a time brings frames into a folder: ``.<folder>.lock`` beside it is locked meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec

from bridge import manifest, sequence, write_once
from bridge.arrival import Source, bring, is_there
from bridge.errors import ErrorRecord, RequestError, ServerError, VoidError, from_record
from bridge.file_lock import FileLock
from bridge.manifest import Landed, Manifest
from bridge.messages import JobStatus, Result
from bridge.sequence import PICTURE_KINDS, FrameRange, PictureKind, Version

PATIENCE = 60.0
"""Seconds without an answer after which `follow` gives a server up."""

LONGEST_PADDING = 20
"""Digits that a frame number can need: 64 bits and a sign."""


class Landing:
    """One job's results in one version folder. Made by `begin`.

    Used in a ``with`` block, it has the folder for itself, and leaves a true sidecar behind however
    the block ends. Where there are no locks, two that bring the same frames do so twice, and harm
    neither each other nor the frames.

    Attributes:
        name: The shot's name.
        job: The job's id.
        version: The folder and its naming.
        complete: Whether everything is there, the sidecar included.
        standing: Frames that are there, by kind.
        record: What the server recorded of the job, once that has arrived.
    """

    def __init__(self, *, name: str, job: str, version: Version) -> None:
        self.name = name
        self.job = job
        self.version = version
        self.complete = False
        self.standing: dict[PictureKind, set[int]] = {kind: set() for kind in PICTURE_KINDS}
        self.record: dict[str, Any] = {}
        self._lock = FileLock(version.folder.with_name(f".{version.folder.name}.lock"))

    def __enter__(self) -> Landing:
        """Begin to bring frames.

        Raises:
            RequestError: Somebody else is at it (code ``in_use``), unless everything is there.
        """
        if not self._lock.take():
            if self.complete:
                return self
            raise self._in_use()
        try:
            self._take_up()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                self.leave()
        finally:
            self._lock.release()

    @property
    def finished(self) -> tuple[int, ...]:
        """Frames that are there in every kind that was delivered, ascending."""
        kinds = [frames for frames in self.standing.values() if frames]
        return tuple(sorted(set.intersection(*kinds))) if kinds else ()

    def land(self, result: Result, source: Source) -> None:
        """Bring one result into the folder; one that is there already is only checked.

        Raises:
            RequestError: The disk is full or not writable, or another file has the frame's name.
            ServerError: The file is not what the server announced.
            ConnectionLost: The server went away.
        """
        if result.kind == "sidecar":
            self.record = self._read_sidecar(result, source)
            return
        if result.kind == "strip":
            return  # for those who ask for it: void report --strips
        if result.kind == "report":
            self._land_page(result, source)
            return
        frame = _frame_of(result)
        target = self.version.picture(result.kind, frame)
        with write_once.writing_to(self.version.folder):
            if not is_there(target, result.sha256):
                bring(result, target, source)
        self.standing[result.kind].add(frame)

    def settle(self, status: JobStatus) -> None:
        """Write the sidecar as the job now stands; a finished job's sidecar comes last.

        Raises:
            RequestError: The disk is full or not writable.
            ServerError: The job is done, but frames are missing from its results.
        """
        wanted = FrameRange(status.first_frame, status.last_frame)
        gaps = sequence.missing(self.finished, wanted)
        self.complete = status.state == "done" and not gaps
        if self.complete:
            self.write_sidecar("done")
            self._sweep()
        else:
            self.leave()
        if status.state == "done" and gaps:
            raise ServerError(
                f"{self.name} result",
                f"the server returned {len(wanted) - len(gaps)} of {len(wanted)} frames; missing: "
                f"{sequence.listed(gaps)}",
                "Run the same command again to fetch only these.",
                code="frames_missing",
            )

    def mend(self, source: Source) -> None:
        """Bring the page of a complete job again if it is gone and the server still has it.

        Never raises for want of it: the frames are what counts.
        """
        if self.version.page.exists():
            return
        with suppress(VoidError):
            for news in source.watch(self.job, patience=0.0):
                for result in news.results:
                    if result.kind == "report":
                        self._land_page(result, source)
                if news.status.state != "done":
                    return  # it is being made again, by somebody who will wait for it

    def leave(self) -> None:
        """Stop before the end: note what is there, or give an unused version number back.

        Never raises: what made us stop is what counts.
        """
        with suppress(OSError, VoidError):
            self._sweep()
            if self.complete:
                return
            if set(self.version.folder.iterdir()) - {self.version.sidecar}:
                self.write_sidecar("partial")
                return
            self.version.sidecar.unlink(missing_ok=True)
            self.version.folder.rmdir()

    def write_sidecar(self, state: Literal["partial", "done"]) -> None:
        """Write what the server recorded, with what has landed where.

        Raises:
            RequestError: The disk is full or not writable.
        """
        landed = Landed(
            name=self.name,
            version=self.version.label,
            folder=str(self.version.folder.absolute()),
            padding=self.version.padding,
            **{kind: sequence.listed(frames) for kind, frames in self.standing.items()},
        )
        sidecar = Manifest(job=self.job, state=state, landing=landed, record=self.record)
        manifest.write(self.version, sidecar)

    def recall(self, sidecar: Manifest) -> None:
        """Take over what a sidecar tells: what of it still stands, and whether that is all."""
        told = sidecar.landing.frames()
        self.record = sidecar.record
        for kind, frames in told.items():
            self.standing[kind] = {f for f in frames if self.version.picture(kind, f).exists()}
        self.complete = sidecar.state == "done" and self.standing == told

    def _take_up(self) -> None:
        """See what became of the folder since `begin`: others may have had it until now."""
        sidecar = manifest.read(self.version)
        if sidecar is None:  # they brought nothing, and gave the number back
            with write_once.writing_to(self.version.folder):
                self.version.folder.mkdir(exist_ok=True)
            self.write_sidecar("partial")
        elif sidecar.job != self.job:  # and another job has taken it
            raise self._in_use()
        else:
            self.recall(sidecar)

    def _in_use(self) -> RequestError:
        return RequestError(
            self.version.stem,
            "somebody else brings these frames here",
            "Wait until that is over; what has landed stays.",
            code="in_use",
        )

    def _sweep(self) -> None:
        """Remove hidden leftovers of runs that were killed; of others that go on, if unlocked."""
        if not self._lock.held:
            return
        with suppress(OSError):
            for leftover in self.version.folder.glob(f".{self.version.stem}*"):
                leftover.unlink(missing_ok=True)

    def _land_page(self, result: Result, source: Source) -> None:
        """Like the sidecar the page is ours, and a later one of the same job takes its place."""
        page = self.version.page
        with write_once.writing_to(self.version.folder):
            if not page.exists() or write_once.digest(page) != result.sha256:
                bring(result, page, source)

    def _read_sidecar(self, result: Result, source: Source) -> dict[str, Any]:
        own = f".{self.version.stem}.{secrets.token_hex(8)}.json"
        arrived = self.version.folder / own
        with write_once.writing_to(self.version.folder):
            bring(result, arrived, source)
            content = arrived.read_bytes()
            arrived.unlink(missing_ok=True)
        try:
            return msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise ServerError(
                f"{self.name} sidecar", f"it is not JSON ({error})", code="bad_sidecar"
            ) from error


def begin(out: Path, *, name: str, job: str, padding: int, new_version: bool = False) -> Landing:
    """Open the version folder of a job: the one it has already, or the next free one.

    Args:
        out: Folder that holds the versions; made if it is not there.
        name: The shot's name, which begins the folder's and every file's name.
        job: The job's id.
        padding: Digits of the frame numbers.
        new_version: Make a new version even if this job has one.

    Raises:
        RequestError: The name is not legal, or the disk is full or not writable.
        ServerError: The padding is none.
    """
    if not sequence.is_legal_name(name):
        raise RequestError(
            "name",
            f"it cannot begin a file name (expected letters, digits, '.', '_', '-', got '{name}')",
            f"Call it {sequence.shot_name(name)}.",
            code="bad_name",
        )
    if not _is_padding(padding):
        raise ServerError(
            f"{name} result",
            f"these digits of a frame number are none (expected 1-{LONGEST_PADDING}, got "
            f"{padding})",
            code="bad_result",
        )
    with write_once.writing_to(out):
        existing = None if new_version else find(out, name=name, job=job)
        if existing is not None:
            return existing
        version = Version(folder=sequence.claim_version(out, name), padding=padding)
    landing = Landing(name=name, job=job, version=version)
    try:
        landing.write_sidecar("partial")
    except BaseException:
        landing.leave()  # a disk that is full from the start keeps no empty version
        raise
    return landing


def find(out: Path, *, name: str, job: str) -> Landing | None:
    """The newest version in ``out`` that belongs to this job, or None.

    Raises:
        OSError: The folder is there but cannot be read.
    """
    for folder in sequence.versions(out, name):
        sidecar = manifest.read(Version(folder=folder))
        if sidecar is None or not _is_padding(sidecar.landing.padding):
            continue
        if sidecar.job == job:
            return _reopened(folder, sidecar)
    return None


def follow(
    source: Source,
    landing: Landing,
    *,
    on_status: Callable[[JobStatus], None] = lambda status: None,
    patience: float = PATIENCE,
) -> JobStatus:
    """Land results as they come until the job is over; what has landed stays, come what may.

    Args:
        source: The server's client.
        landing: Where to.
        on_status: Called with every status, for a progress bar.
        patience: Seconds without an answer after which the server counts as gone.

    Returns:
        The job's last status: ``done`` or ``cancelled``.

    Raises:
        VoidError: The job failed, the server went away, or the disk refused.
    """
    status: JobStatus | None = None
    for news in source.watch(landing.job, patience=patience):
        status = news.status
        on_status(status)
        for result in news.results:
            landing.land(result, source)
    if status is None:
        raise ServerError(f"job {landing.job}", "the server said nothing of it", code="no_status")
    landing.settle(status)
    if status.state == "failed":
        unknown = ErrorRecord("server", "failed", status.name, "it failed without a reason")
        raise from_record(status.error or unknown)
    return status


def _reopened(folder: Path, sidecar: Manifest) -> Landing:
    version = Version(folder=folder, padding=sidecar.landing.padding)
    landing = Landing(name=sidecar.landing.name, job=sidecar.job, version=version)
    landing.recall(sidecar)
    return landing


def _is_padding(digits: int) -> bool:
    return 1 <= digits <= LONGEST_PADDING


def _frame_of(result: Result) -> int:
    if result.frame is None:
        raise ServerError(
            "result", f"a {result.kind} came without a frame number", code="bad_result"
        )
    return result.frame
