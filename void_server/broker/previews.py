"""The newest preview of each running job."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import msgspec

from bridge.errors import VoidError
from bridge.messages import PREVIEW_LIMIT, Preview
from void_server.broker.results import Results
from void_server.broker.store import Store
from void_server.spool.spool import Spool

log = logging.getLogger(__name__)


class Previews:
    """Keeps them in the spool, each as long as it is the newest and its job runs.

    A preview is no result: it is recorded nowhere, and what goes wrong with it harms no job.
    Belongs to the broker's thread.

    Args:
        store: Knows which files jobs refer to.
        spool: Where previews lie.
        results: Knows the workers' folders.
    """

    def __init__(self, store: Store, spool: Spool, results: Results) -> None:
        self._store = store
        self._spool = spool
        self._results = results
        self._newest: dict[str, Preview] = {}

    def of(self, job: str) -> Preview | None:
        """The newest preview of a job."""
        return self._newest.get(job)

    def take(self, job: str, preview: Preview) -> None:
        """Take a worker's preview over, in place of the one before."""
        file = Path(preview.path)
        if file.parent != self._results.folder(job) or preview.size > PREVIEW_LIMIT:
            log.warning("job %s: its preview is none of its own (%s)", job, file)
            return
        try:
            self._spool.adopt(preview.sha256, file)
            path = str(self._spool.path(preview.sha256))
        except VoidError as error:
            log.warning("job %s: its preview cannot be kept: %s", job, error)
            return
        finally:
            with suppress(OSError):  # a file left over goes with the job
                file.unlink()
        before = self._newest.get(job)
        self._newest[job] = msgspec.structs.replace(preview, path=path)
        self._release(before)

    def forget(self, job: str) -> None:
        """The job does not run any more."""
        self._release(self._newest.pop(job, None))

    def _release(self, preview: Preview | None) -> None:
        if preview is None or any(p.sha256 == preview.sha256 for p in self._newest.values()):
            return
        try:
            if not self._store.refers_to(preview.sha256):
                self._spool.remove(preview.sha256)
        except VoidError as error:  # it goes when the server starts the next time
            log.warning("a preview cannot be removed: %s", error)
