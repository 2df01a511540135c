"""``void status``, ``jobs``, ``cancel``, ``fetch`` and ``purge``: work that a server has."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import asdict

from bridge.cli import options, place, preview, server, show
from bridge.cli.outcome import outcome, say_outcome
from bridge.client import Client
from bridge.errors import RequestError, from_record
from bridge.landing import Landing, begin, follow
from bridge.messages import JobStatus, Preview
from bridge.user_path import user_path
from bridge.wording import SHORT_ID, summary

_WHOLE = 32


def status(
    job: Annotated[
        str, typer.Argument(metavar="[JOB]", help="Job id, or its beginning; else the newest.")
    ] = "",
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    json: options.Json = False,
) -> None:
    """Say how a job stands."""
    with (
        show.reported(json),
        server.running(place.load(server=endpoint, server_key=server_key)) as client,
    ):
        found = client.status(job_named(client, job).job).status
        show.answer(asdict(found)) if json else show.say(_told(found))


def jobs(
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    json: options.Json = False,
) -> None:
    """List the jobs of the server, newest first."""
    with (
        show.reported(json),
        server.running(place.load(server=endpoint, server_key=server_key)) as client,
    ):
        listed = client.jobs()
        if json:
            show.answer({"jobs": [asdict(one) for one in listed]})
        else:
            show.table(("job", "shot", "state", "frames", "engine", "age"), map(_row, listed))


def cancel(
    job: options.Job,
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    json: options.Json = False,
) -> None:
    """Stop a job. The frames that are finished stay."""
    with (
        show.reported(json),
        server.running(place.load(server=endpoint, server_key=server_key)) as client,
    ):
        now = client.cancel(job_named(client, job).job).status
        show.answer(asdict(now)) if json else show.say(_told(now))


def fetch(
    job: options.Job,
    out: options.Out = Path(),
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    preview_file: preview.Option = None,
    new_version: Annotated[
        bool, typer.Option("--new-version", help="Write a new version even if this one is there.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Bring a job's frames here. Lands them as they get ready; Ctrl-C leaves the job running."""
    with (
        show.reported(json),
        server.running(place.load(server=endpoint, server_key=server_key)) as client,
    ):
        picture = preview.checked(preview_file)
        known = job_named(client, job)
        landing = begin(
            user_path(out, subject="--out"),
            name=known.name,
            job=known.job,
            padding=known.padding,
            new_version=new_version,
        )
        with landing:
            was_there = landing.complete
            if was_there:
                landing.mend(client)
            else:
                _fetched(client, landing, picture)
        say_outcome(outcome(landing), landing, was_there=was_there, as_json=json)


def _fetched(client: Client, landing: Landing, picture: Path | None) -> None:
    try:
        with show.job_progress() as on_status:
            told = preview.following(picture, client, on_status)
            last = follow(client, landing, on_status=told)
    except KeyboardInterrupt:
        show.note(f"The job goes on; void fetch {landing.job[:SHORT_ID]} brings the rest.")
        raise
    if last.state != "done":
        raise RequestError(
            last.name,
            f"the job was cancelled; {len(landing.finished)} frames are in "
            f"{landing.version.folder}",
            "Submit it again with the same void remove for the rest.",
            code="cancelled",
        )


def purge(
    job: Annotated[
        str, typer.Argument(metavar="[JOB]", help="One finished job; else all finished ones.")
    ] = "",
    older: Annotated[
        float, typer.Option(metavar="DAYS", help="Only what is older than this many days.")
    ] = 0.0,
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    json: options.Json = False,
) -> None:
    """Delete finished jobs from the server. Frames in your own folders are not touched.

    Without JOB it also deletes what private servers left of jobs that were stopped.
    """
    with show.reported(json):
        where = place.load(server=endpoint, server_key=server_key)
        before = time.time() - older * 86400
        count, freed = 0, 0
        client = server.standing(where)
        if client is None and job:
            raise _no_such_job(job, "no server is running that could have it")
        if client is not None:
            with client:
                gone = client.purge(job_named(client, job).job if job else "", before=before)
            count, freed = gone.jobs, gone.bytes
        if not job:
            leftovers = _purge_private(where.private, before)
            count, freed = count + leftovers[0], freed + leftovers[1]
        if json:
            show.answer({"jobs": count, "bytes": freed})
        else:
            show.say(f"{count} jobs deleted, {show.size(freed)} freed")


def _no_such_job(job: str, text: str) -> RequestError:
    """The error for a job that cannot be found."""
    return RequestError(f"job {job}", text, "void jobs lists them.", code="no_such_job")


def job_named(client: Client, beginning: str) -> JobStatus:
    """The job whose id begins so; the newest for "".

    Raises:
        RequestError: There is none, or there are several.
    """
    listed = client.jobs()
    found = [one for one in listed if one.job.startswith(beginning.lower())]
    if not beginning and found:
        return found[0]
    if not found and len(beginning) == _WHOLE:
        return client.status(beginning).status  # the list is limited, the question is not
    if len(found) != 1:
        few = ", ".join(one.job[:SHORT_ID] for one in found[:3])
        raise _no_such_job(
            beginning or "(newest)",
            f"{len(found)} jobs begin so ({few})" if found else "the server has none of that name",
        )
    return found[0]


def _told(job: JobStatus) -> str:
    lines = [summary(job)]
    if job.error:
        lines.append(str(from_record(job.error)))
    if job.preview:
        lines.append(_told_preview(job.preview, job))
    return "\n  ".join([*lines, *(f"note: {text}" for text in job.warnings)])


def _told_preview(preview: Preview, job: JobStatus) -> str:
    step = f", step {preview.step}" if preview.step else ""
    fetch = f"void fetch {job.job[:SHORT_ID]} --preview FILE.png"
    return f"preview of frame {preview.frame}{step}: {fetch}"


def _row(job: JobStatus) -> tuple[str, ...]:
    count = job.last_frame - job.first_frame + 1
    age = show.duration(max(0.0, time.time() - job.created))
    return (
        job.job[:SHORT_ID],
        job.name,
        job.state,
        f"{job.first_frame}-{job.last_frame} ({job.finished}/{count})",
        job.engine,
        age,
    )


def _purge_private(folder: Path, before: float) -> tuple[int, int]:
    """Delete the folders of private servers that ended early: how many, and their bytes."""
    count, freed = 0, 0
    for leftover in folder.iterdir() if folder.is_dir() else ():
        if leftover.stat().st_mtime > before or server.in_use(leftover):
            continue
        freed += sum(file.stat().st_size for file in leftover.rglob("*") if file.is_file())
        shutil.rmtree(leftover, ignore_errors=True)
        count += 1
    return count, freed
