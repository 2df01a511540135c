"""The finished files of jobs: taken over from workers, counted, found missing."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from bridge.errors import ServerError
from bridge.messages import Result
from void_server.broker.store import Store
from void_server.spool.spool import Spool
from void_server.worker.worker_link import Delivered


class Results:
    """Keeps results in the spool, where a file's name is its digest and nothing is overwritten.

    Args:
        store: Where they are recorded.
        spool: Where they lie.
        folder: Holds one folder per job for its worker to write into.
    """

    def __init__(self, store: Store, spool: Spool, folder: Path) -> None:
        self._store = store
        self._spool = spool
        self._folder = folder

    def folder(self, job: str) -> Path:
        """The folder that a job's worker writes into."""
        return self._folder / job

    def commit(self, delivered: Delivered) -> bool:
        """Take over the files of one frame; False when they came too late and are not wanted.

        Raises:
            ServerError: They are not where they should be, or the disk is full.
        """
        kept = tuple(self._keep(delivered, result) for result in delivered.results)
        if self._store.deliver(delivered.job, delivered.attempt, delivered.frame, kept):
            return True
        for result in kept:
            if not self._store.refers_to(result.sha256):
                self._spool.remove(result.sha256)
        return False

    def finished(self, job: str) -> tuple[int, ...]:
        """The frames whose results are there, ascending."""
        frames = {result.frame for _, result in self._store.results(job)}
        return tuple(sorted(frame for frame in frames if frame is not None))

    def complete(self, job: str) -> bool:
        """Whether every frame that was wanted is there."""
        status = self._store.status(job)
        if status is None:
            return False
        return status.finished == status.last_frame - status.first_frame + 1

    def strike_lost(self, job: str) -> None:
        """Strike out the frames whose files are gone, so that they are made again."""
        results = [result for _, result in self._store.results(job)]
        lost = {result.frame for result in results if self._spool.offset(result.sha256) != -1}
        if lost:
            self._store.forget_results(job, lost)

    def _keep(self, delivered: Delivered, result: Result) -> Result:
        file = Path(result.path)
        if file.parent != self.folder(delivered.job) or result.frame != delivered.frame:
            raise ServerError(
                "worker",
                f"it delivered what was not asked for (expected a file in "
                f"{self.folder(delivered.job)}, got {file})",
                code="worker_wrong",
            )
        self._spool.adopt(result.sha256, file)
        with contextlib.suppress(OSError):  # a file left over does no harm, and goes with the job
            file.unlink()
        return msgspec.structs.replace(result, path=str(self._spool.path(result.sha256)))
