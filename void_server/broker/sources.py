"""Where the files of a request lie: in the spool, or where the client says, or nowhere yet."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from bridge.shot import Request, SourceFile, source_files
from void_server.broker.roots import readable
from void_server.spool.disk import disk_errors
from void_server.spool.spool import Spool


@dataclass(frozen=True)
class Found:
    """What is there of a request.

    Attributes:
        files: Path of each file that is there, by digest.
        missing: Digests of the others, in the order of the shot; they are to be uploaded.
    """

    files: dict[str, str]
    missing: tuple[str, ...] = ()


class Sources:
    """Finds source files.

    Args:
        spool: Whole uploads.
        roots: Folders whose files may be named by path; without any, paths are not looked at.
    """

    def __init__(self, spool: Spool, roots: Sequence[Path]) -> None:
        self._spool = spool
        self._roots = roots

    @property
    def shares_paths(self) -> bool:
        """Whether files may be named by path."""
        return bool(self._roots)

    def search(self, request: Request) -> Future[Found]:
        """Begin to look for every file of a request.

        The looking is done in a thread of its own that nobody waits for: a folder on a network
        mount may take seconds, and one on a dead mount never answers.

        Returns:
            What is there; or a `RequestError`: a path leads out of the roots, or to something
            that is no file.
        """
        outcome: Future[Found] = Future()

        def look() -> None:
            try:
                outcome.set_result(self.find(request))
            except BaseException as error:
                outcome.set_exception(error)

        threading.Thread(target=look, name="search", daemon=True).start()
        return outcome

    def find(self, request: Request) -> Found:
        """Look for every file of a request, however long that takes.

        Raises:
            RequestError: As in `search`.
            ServerError: The spool cannot be read.
        """
        wanted = source_files(request.shot)
        with disk_errors(f"files of {request.shot.name}"):
            places = {digest: self._place(file) for digest, file in wanted.items()}
        return Found(
            {digest: str(place) for digest, place in places.items() if place is not None},
            tuple(digest for digest, place in places.items() if place is None),
        )

    def uploaded(self, digest: str) -> Path | None:
        """Where an upload lies, once it is whole."""
        return self._spool.path(digest) if self._spool.offset(digest) == -1 else None

    def _place(self, file: SourceFile) -> Path | None:
        uploaded = self.uploaded(file.sha256)
        if uploaded is None and file.path and self._roots:
            return readable(file.path, size=file.size, roots=self._roots)
        return uploaded
