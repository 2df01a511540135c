"""``void report``: the page that shows what came of a job, and its pictures for use elsewhere."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bridge import landing, manifest, sequence, write_once
from bridge.arrival import bring
from bridge.cli import options, place, server, show
from bridge.cli.jobs import job_named
from bridge.client import Client
from bridge.errors import ConnectionLost, RequestError
from bridge.manifest import Manifest
from bridge.messages import FINAL, JobStatus, Result
from bridge.sequence import Version
from bridge.user_path import user_path

_SHORT = 8
_SUFFIX = ".html"


def report(
    job: Annotated[
        str,
        typer.Argument(
            metavar="JOB", help="Job id, or enough of its beginning; or a version folder."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR|FILE.html",
            help="Where to put it; else the version folder that holds the job, or this folder.",
            show_default=False,
        ),
    ] = None,
    strips: Annotated[
        bool,
        typer.Option(
            "--strips", help="Also some frames' plate, matte, patch, comp and difference as PNG."
        ),
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    json: options.Json = False,
) -> None:
    """Show what came of a job: one HTML page with pictures, curves and every parameter.

    The page needs no network and no other file. void remove and void fetch put it beside the
    frames; this finds it there, or brings it from the server.
    """
    with show.reported(json):
        where = place.load(server=endpoint, server_key=server_key)
        given = user_path(job, subject="JOB")
        target = None if out is None else user_path(out, subject="--out")
        if given.exists():
            folder = given if given.is_dir() else given.parent
            written = _of_folder(folder, target, strips=strips, where=where)
        else:
            with server.running(where) as client:
                known = job_named(client, job)
                written = _of_job(client, known, target or Path.cwd(), strips=strips)
        if open_it and not webbrowser.open(written.page.as_uri()):
            show.note("There is no browser to show it in.")
        if json:
            answer = {"page": str(written.page), "strips": [str(path) for path in written.strips]}
            show.answer(answer)
            return
        for path in (written.page, *written.strips):
            show.say(str(path))


@dataclass(frozen=True)
class _Written:
    """Where things are, absolute."""

    page: Path
    strips: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Names:
    """How files are to be called, and whether those that are there are ours to replace."""

    folder: Path
    stem: str
    padding: int
    ours: bool = False

    @property
    def page(self) -> Path:
        return self.folder / f"{self.stem}{_SUFFIX}"

    def strip(self, frame: int) -> Path:
        return self.folder / f"{self.stem}_strip.{frame:0{self.padding}d}.png"


def _of_folder(folder: Path, out: Path | None, *, strips: bool, where: place.Place) -> _Written:
    """The page that landed in a version folder; what is not there comes from the server."""
    version = Version(folder=folder)
    landed = manifest.read(version)
    if landed is None:
        raise RequestError(
            str(folder),
            "it is no version folder (expected one that void remove has made)",
            f"It holds {folder.name}.json; void jobs lists what the server has.",
            code="no_version",
        )
    if landed.state != "done":
        raise _not_done(landed.landing.name, landed.state)
    if version.page.exists() and not strips:
        return _Written(_copied(version.page, out) if out else version.page)
    return _from_server(folder, landed, out, strips=strips, where=where)


def _from_server(
    folder: Path, landed: Manifest, out: Path | None, *, strips: bool, where: place.Place
) -> _Written:
    try:
        with server.running(where) as client:
            return _of_job(client, job_named(client, landed.job), out or folder, strips=strips)
    except (ConnectionLost, RequestError) as error:
        if error.code not in ("server_down", "no_such_job", "unknown_job"):
            raise
        what = "the strips are" if strips else "the page is"
        raise RequestError(
            folder.name,
            f"{what} not in the folder, and no server has the job any more",
            "Only a server that goes on running (void-server) keeps them. The same void remove "
            "with --new-version makes everything anew.",
            code="no_report",
        ) from error


def _of_job(client: Client, job: JobStatus, out: Path, *, strips: bool) -> _Written:
    """Bring the page, and with it the strips, of a finished job."""
    if job.state != "done":
        raise _not_done(job.name, job.state)
    results = [result for status in client.watch(job.job) for result in status.results]
    page = next((result for result in results if result.kind == "report"), None)
    if page is None:
        raise RequestError(
            f"job {job.job[:_SHORT]}",
            "it has no report",
            "It was made by an older server, or the page could not be drawn: the server's log "
            "tells.",
            code="no_report",
        )
    names = _names(job, out)
    _bring(page, names.page, client, ours=names.ours)
    pictures = sorted((r.frame, r) for r in results if r.kind == "strip" and r.frame is not None)
    wanted = pictures if strips else []
    for frame, picture in wanted:
        _bring(picture, names.strip(frame), client, ours=names.ours)
    return _Written(names.page, tuple(names.strip(frame) for frame, _ in wanted))


def _names(job: JobStatus, out: Path) -> _Names:
    """As the version that holds the job, if it is in ``out`` or is ``out``; else as the job."""
    if out.suffix.lower() == _SUFFIX:
        return _Names(out.parent, out.stem, job.padding)
    version = _version(out, job)
    if version is not None:
        return _Names(version.folder, version.stem, version.padding, ours=True)
    if not sequence.is_legal_name(job.name):
        raise RequestError(
            f"job {job.job[:_SHORT]}",
            "its name cannot begin a file name (expected letters, digits, '.', '_', '-', got "
            f"'{job.name}')",
            "Name the page yourself: --out FILE.html.",
            code="bad_name",
        )
    return _Names(out, f"{job.name}_void_{job.job[:_SHORT]}", job.padding)


def _version(out: Path, job: JobStatus) -> Version | None:
    itself = manifest.read(Version(folder=out))
    if itself is not None and itself.job == job.job:
        return Version(folder=out, padding=itself.landing.padding)
    with write_once.writing_to(out):
        found = landing.find(out, name=job.name, job=job.job)
    return found.version if found is not None else None


def _bring(result: Result, target: Path, client: Client, *, ours: bool) -> None:
    with write_once.writing_to(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _stands(target, result.sha256, ours=ours):
            bring(result, target, client)


def _copied(page: Path, out: Path) -> Path:
    target = out if out.suffix.lower() == _SUFFIX else out / page.name
    digest = _digest(page)
    with write_once.writing_to(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _stands(target, digest) and not write_once.copied(page, target, digest):
            raise RequestError(
                str(page),
                "it changed or went away while it was copied",
                "Run the same command again.",
                code="unreadable",
            )
    return target


def _digest(page: Path) -> str:
    try:
        return write_once.digest(page)
    except OSError as error:
        raise RequestError(
            str(page),
            f"it cannot be read ({error.strerror})",
            "Check the file and its permissions.",
            code="unreadable",
        ) from error


def _stands(target: Path, sha256: str, *, ours: bool = False) -> bool:
    """Whether the file is there already.

    Raises:
        RequestError: Another one is, and it is not ours to replace.
    """
    if not target.exists():
        return False
    same = write_once.digest(target) == sha256
    if not same and not ours:
        raise RequestError(
            str(target),
            "another file of this name is there and is never written over",
            "Move it away, or choose another place with --out.",
            code="would_overwrite",
        )
    return same


def _not_done(name: str, state: str) -> RequestError:
    stopped = state in FINAL or state == "partial"
    return RequestError(
        name,
        f"there is no report yet (expected a job that is done, got {state})",
        "Run the same void remove again; it goes on where it stopped."
        if stopped
        else "void status says how far it is.",
        code="not_done",
    )
