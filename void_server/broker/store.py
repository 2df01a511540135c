"""The jobs and their results, on disk.

A job runs at least once, each of its frames is committed exactly once: a result is entered only
with the current attempt number and only where none is yet, so that a late delivery of a worker
believed dead changes nothing. Source: the lease and fencing scheme of Kleppmann, "Designing
Data-Intensive Applications", chapter 8.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec

from bridge.errors import ErrorRecord
from bridge.messages import JobStatus, Result, State
from bridge.sequence import padding_of
from bridge.shot import Request, source_files
from void_server.broker.database import open_database, transaction, translated
from void_server.broker.schedule import Waiting

_STATUS = """
SELECT job, name, state, engine, first_frame, last_frame, padding, attempt, created, seconds, error,
       warnings, sequence,
       (SELECT count(DISTINCT frame) FROM results WHERE results.job = jobs.job) AS finished
FROM jobs
"""


class Store:
    """The one writer of the job database. Belongs to one thread.

    Args:
        file: The database; made when it is not there.

    Raises:
        ServerError: From any method: the disk is full, or the database cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection = open_database(file)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Write everything back into the one file, if there is room for it, and close it."""
        with contextlib.suppress(sqlite3.Error):  # the next server reads the log as well
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    # --- asking ------------------------------------------------------------------------------

    def status(self, job: str) -> JobStatus | None:
        """The job as recorded; what only the running worker knows is left out."""
        rows = self._all(f"{_STATUS} WHERE job = ?", job)
        return _status(rows[0]) if rows else None

    def statuses(self, user: str, limit: int) -> list[JobStatus]:
        """A user's jobs, newest first."""
        query = f"{_STATUS} WHERE job IN (SELECT job FROM owners WHERE user = ?)"
        return [
            _status(row)
            for row in self._all(f"{query} ORDER BY created DESC, turn DESC LIMIT ?", user, limit)
        ]

    def owns(self, job: str, user: str) -> bool:
        """Whether a user has submitted a job."""
        return bool(self._all("SELECT 1 FROM owners WHERE job = ? AND user = ?", job, user))

    def unfinished(self, user: str) -> int:
        """How many of a user's jobs are queued, uploading or running."""
        query = """SELECT count(*) FROM jobs JOIN owners USING (job)
                   WHERE user = ? AND state IN ('queued', 'uploading', 'running')"""
        return int(self._all(query, user)[0][0])

    def any_unfinished(self) -> bool:
        """Whether any job is not final."""
        query = "SELECT 1 FROM jobs WHERE state IN ('queued', 'uploading', 'running') LIMIT 1"
        return bool(self._all(query))

    def request(self, job: str) -> Request:
        """What a job was submitted with."""
        (row,) = self._all("SELECT request FROM jobs WHERE job = ?", job)
        return msgspec.json.decode(row["request"], type=Request)

    def results(self, job: str, *, since: int = 0, limit: int = -1) -> list[tuple[int, Result]]:
        """A job's results after number ``since``, oldest first, each with its number."""
        query = "SELECT * FROM results WHERE job = ? AND number > ? ORDER BY number LIMIT ?"
        return [(row["number"], _result(row)) for row in self._all(query, job, since, limit)]

    def all_results(self) -> list[Result]:
        """Every result of every job."""
        return [_result(row) for row in self._all("SELECT * FROM results")]

    def in_state(self, state: State) -> list[str]:
        """The jobs in a state, in the order of the queue."""
        rows = self._all("SELECT job FROM jobs WHERE state = ? ORDER BY turn", state)
        return [row["job"] for row in rows]

    def waiting(self) -> list[Waiting]:
        """The queue, in order."""
        query = """SELECT job, engine, min(user) AS user FROM jobs JOIN owners USING (job)
                   WHERE state = 'queued' GROUP BY job ORDER BY turn"""
        return [Waiting(row["job"], row["engine"], row["user"]) for row in self._all(query)]

    def expendable(self, before: float, user: str | None = None) -> list[str]:
        """Final jobs that ended before a Unix time, oldest first; of one user, or of all."""
        query = """SELECT DISTINCT job, ended FROM jobs JOIN owners USING (job)
                   WHERE ended < ? AND state IN ('done', 'failed', 'cancelled')
                   AND (? IS NULL OR user = ?) ORDER BY ended"""
        return [row["job"] for row in self._all(query, before, user, user)]

    # --- the life of a job -------------------------------------------------------------------

    def submit(self, job: str, request: Request, *, user: str, state: State) -> None:
        """Enter a job, or begin a final one again with what it has finished.

        Args:
            job: Its id.
            request: What to do; replaces an earlier one, as the paths may have changed.
            user: Who submits; becomes an owner.
            state: ``queued`` or ``uploading``.
        """
        shot = request.shot
        values = (
            job,
            msgspec.json.encode(request),
            shot.name,
            request.engine,
            shot.first_frame,
            shot.last_frame,
            padding_of(file.name for file in shot.plate.files),
            state,
            time.time(),
        )
        with self._transaction():
            self._connection.execute(
                """INSERT INTO jobs (job, request, name, engine, first_frame, last_frame, padding,
                                     state, created, turn)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT ifnull(max(turn), 0) + 1 FROM jobs))
                   ON CONFLICT (job) DO UPDATE SET
                       request = excluded.request, engine = excluded.engine,
                       state = excluded.state, deaths = 0, error = NULL, ended = NULL,
                       turn = CASE WHEN state IN ('queued', 'uploading') THEN turn
                                   ELSE excluded.turn END
                   WHERE state != 'running'""",
                values,
            )
            self._connection.execute("INSERT OR IGNORE INTO owners VALUES (?, ?)", (job, user))
            self._connection.executemany(
                "INSERT OR IGNORE INTO sources VALUES (?, ?)",
                [(job, digest) for digest in source_files(shot)],
            )

    def adopt(self, job: str, user: str) -> None:
        """Make a user an owner of a job as it stands."""
        with self._transaction():
            self._connection.execute("INSERT OR IGNORE INTO owners VALUES (?, ?)", (job, user))

    def move(self, job: str, old: State, new: State) -> bool:
        """Change a job's state; False when it was not in the old one."""
        return self._change("UPDATE jobs SET state = ? WHERE job = ? AND state = ?", new, job, old)

    def begin(self, job: str) -> int:
        """Give a queued job to a worker and return the attempt's number.

        The sidecar of an earlier attempt goes: the new one will write what really ran.
        """
        with self._transaction():
            self._connection.execute(
                "UPDATE jobs SET state = 'running', attempt = attempt + 1 WHERE job = ?", (job,)
            )
            self._connection.execute("DELETE FROM results WHERE job = ? AND frame IS NULL", (job,))
            (attempt,) = self._connection.execute(
                "SELECT attempt FROM jobs WHERE job = ?", (job,)
            ).fetchone()
        return int(attempt)

    def resolve_engine(self, job: str, attempt: int, engine: str) -> None:
        """Record which engine runs the job."""
        self._change(
            "UPDATE jobs SET engine = ? WHERE job = ? AND attempt = ? AND engine != ?",
            engine,
            job,
            attempt,
            engine,
        )

    def deliver(self, job: str, attempt: int, frame: int | None, results: Sequence[Result]) -> bool:
        """Commit the files of one frame.

        Returns:
            False when nothing was changed: the attempt is not the current one, the job is done
            or gone, or the frame is there already.
        """
        with self._transaction():
            row = self._connection.execute(
                """SELECT sequence FROM jobs WHERE job = ? AND attempt = ? AND state != 'done'
                   AND NOT EXISTS (SELECT 1 FROM results
                                   WHERE results.job = jobs.job AND results.frame IS ?)""",
                (job, attempt, frame),
            ).fetchone()
            if row is None:
                return False
            first = row["sequence"] + 1
            self._connection.executemany(
                "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (job, n, r.kind, r.frame, r.sha256, r.size, r.path)
                    for n, r in enumerate(results, first)
                ],
            )
            self._connection.execute(
                "UPDATE jobs SET sequence = sequence + ? WHERE job = ?", (len(results), job)
            )
        return True

    def end(
        self,
        job: str,
        attempt: int,
        state: State,
        *,
        seconds: float,
        error: ErrorRecord | None = None,
        warnings: tuple[str, ...] = (),
    ) -> bool:
        """Make a running job final; False when it is no longer this attempt's."""
        return self._change(
            """UPDATE jobs SET state = ?, ended = ?, seconds = seconds + ?, error = ?, warnings = ?
               WHERE job = ? AND attempt = ? AND state = 'running'""",
            state,
            time.time(),
            seconds,
            msgspec.json.encode(error) if error else None,
            msgspec.json.encode(warnings),
            job,
            attempt,
        )

    def requeue(self, job: str, attempt: int, *, seconds: float, died: bool = False) -> bool:
        """Put a running job back in its place in the queue, and count a death if one was why."""
        return self._change(
            """UPDATE jobs SET state = 'queued', seconds = seconds + ?, deaths = deaths + ?
               WHERE job = ? AND attempt = ? AND state = 'running'""",
            seconds,
            died,
            job,
            attempt,
        )

    def deaths(self, job: str) -> int:
        """How many workers a job has lost since it was submitted."""
        rows = self._all("SELECT deaths FROM jobs WHERE job = ?", job)
        return int(rows[0]["deaths"]) if rows else 0

    def refuse(self, job: str, error: ErrorRecord) -> bool:
        """Fail a job that no worker has begun."""
        return self._change(
            """UPDATE jobs SET state = 'failed', ended = ?, error = ?
               WHERE job = ? AND state IN ('queued', 'uploading')""",
            time.time(),
            msgspec.json.encode(error),
            job,
        )

    def cancel(self, job: str, *, seconds: float) -> bool:
        """Stop a job that is not final."""
        return self._change(
            """UPDATE jobs SET state = 'cancelled', ended = ?, seconds = seconds + ?
               WHERE job = ? AND state IN ('queued', 'uploading', 'running')""",
            time.time(),
            seconds,
            job,
        )

    def recover(self) -> int:
        """After a restart: what was running has lost its worker with the old server."""
        return self._run("UPDATE jobs SET state = 'queued' WHERE state = 'running'")

    # --- forgetting --------------------------------------------------------------------------

    def forget_results(self, job: str, frames: Iterable[int | None]) -> None:
        """Strike out the results of some frames, to be made again."""
        with self._transaction():
            self._connection.executemany(
                "DELETE FROM results WHERE job = ? AND frame IS ?", [(job, f) for f in frames]
            )

    def others_own(self, job: str, user: str) -> bool:
        """Whether a job has an owner besides this user."""
        return bool(self._all("SELECT 1 FROM owners WHERE job = ? AND user != ?", job, user))

    def disown(self, job: str, user: str) -> None:
        """Take an owner off a job."""
        self._change("DELETE FROM owners WHERE job = ? AND user = ?", job, user)

    def files_of_only(self, job: str) -> list[str]:
        """The digests of a job's sources and results that no other job refers to."""
        query = """
            WITH mine AS (SELECT sha256 FROM sources WHERE job = :job
                          UNION SELECT sha256 FROM results WHERE job = :job)
            SELECT sha256 FROM mine
            WHERE NOT EXISTS (SELECT 1 FROM sources s WHERE s.sha256 = mine.sha256 AND job != :job)
              AND NOT EXISTS (SELECT 1 FROM results r WHERE r.sha256 = mine.sha256 AND job != :job)
        """
        with translated(self._file):
            rows = self._connection.execute(query, {"job": job}).fetchall()
        return [row["sha256"] for row in rows]

    def forget(self, job: str) -> None:
        """Delete a job."""
        self._run("DELETE FROM jobs WHERE job = ?", job)

    def refers_to(self, digest: str) -> bool:
        """Whether a job has a file as its source or result."""
        query = """SELECT 1 FROM sources WHERE sha256 = ?
                   UNION SELECT 1 FROM results WHERE sha256 = ?"""
        return bool(self._all(query, digest, digest))

    def _transaction(self) -> AbstractContextManager[None]:
        return transaction(self._connection, self._file)

    def _all(self, query: str, *values: object) -> list[sqlite3.Row]:
        with translated(self._file):
            return self._connection.execute(query, values).fetchall()

    def _run(self, query: str, *values: object) -> int:
        with self._transaction():
            return self._connection.execute(query, values).rowcount

    def _change(self, query: str, *values: object) -> bool:
        return self._run(query, *values) > 0


def _status(row: sqlite3.Row) -> JobStatus:
    values: dict[str, Any] = dict(row)
    error, warnings = values.pop("error"), values.pop("warnings")
    return JobStatus(
        **values,
        error=msgspec.json.decode(error, type=ErrorRecord) if error else None,
        warnings=msgspec.json.decode(warnings, type=tuple[str, ...]),
    )


def _result(row: sqlite3.Row) -> Result:
    return Result(row["kind"], row["frame"], row["sha256"], row["size"], row["path"])
