"""From pictures on disk to a job that a server has: by path where it may read them, else sent.

::

    shot = described(request_of, plate, mattes)
    lacking = submit(shot, client)
    client.upload(lacking)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from bridge.client import Client
from bridge.errors import RequestError
from bridge.messages import Submitted
from bridge.shot import Request, Sequence, SourceFile, source_files

Transport = Literal["auto", "path", "stream"]
"""How pictures reach a server: it reads them in place, they are sent, or whichever can be."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request, and where its files are.

    Attributes:
        request: What goes to the server, without paths.
        job: Its id.
        files: The path of every source file, by digest.
        padding: Digits of the plate's frame numbers.
    """

    request: Request
    job: str
    files: dict[str, Path]
    padding: int

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders in which the files really lie."""
        return tuple(sorted({file.resolve().parent for file in self.files.values()}))

    def with_paths(self) -> Request:
        """The same request, with the paths at which a server may find the files."""
        shot = self.request.shot
        mattes = tuple(replace(m, sequence=self._placed(m.sequence)) for m in shot.mattes)
        placed = replace(shot, plate=self._placed(shot.plate), mattes=mattes)
        if shot.config is not None and shot.config.file is not None:
            placed = replace(
                placed, config=replace(shot.config, file=self._at_home(shot.config.file))
            )
        return replace(self.request, shot=placed)

    def lacking(self, digests: tuple[str, ...]) -> list[tuple[SourceFile, Path]]:
        """The files that a server lacks."""
        sources = source_files(self.request.shot)
        return [(sources[digest], self.files[digest]) for digest in digests]

    def _placed(self, pictures: Sequence) -> Sequence:
        return replace(pictures, files=tuple(map(self._at_home, pictures.files)))

    def _at_home(self, file: SourceFile) -> SourceFile:
        return replace(file, path=str(self.files[file.sha256].resolve()))


def submit(
    shot: Prepared, client: Client, transport: Transport = "auto"
) -> list[tuple[SourceFile, Path]]:
    """Submit a job; what is returned has to be uploaded before it can begin.

    Raises:
        ConnectionLost: Nobody answers.
        RequestError: The server refuses the request, or may not read a file in place that
            ``path`` says it has to.
    """
    submitted = _accepted(shot, client, transport)
    lacking = shot.lacking(submitted.missing)
    if lacking and transport == "path":
        client.cancel(submitted.job)
        raise RequestError(
            str(lacking[0][1]),
            f"the server cannot read it in place ({len(lacking)} such files)",
            "Start the server with --roots, or choose the transport stream.",
            code="outside_roots",
        )
    return lacking


def _accepted(shot: Prepared, client: Client, transport: Transport) -> Submitted:
    """Name the files by path if that may help, else by content alone; the job is the same."""
    if transport == "stream" or not client.hello().shares_paths:
        return client.submit(shot.request)
    try:
        return client.submit(shot.with_paths())
    except RequestError as error:
        if transport == "path" or error.code != "outside_roots":
            raise
        return client.submit(shot.request)
