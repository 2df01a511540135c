"""The SQLite database of the store: its tables, how it is opened, what its errors mean.

There is exactly one connection, held for the server's whole life and exclusive, because SQLite
up to 3.51.2 can lose the database when one connection checkpoints while another writes
(https://sqlite.org/wal.html#walresetbug), and Python ships such versions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.errors import ServerError

VERSION = 1
"""Version of the tables, kept in the database as ``user_version``."""

_TABLES = """
CREATE TABLE jobs (
    job TEXT PRIMARY KEY,
    request BLOB NOT NULL,
    name TEXT NOT NULL,
    engine TEXT NOT NULL,
    first_frame INTEGER NOT NULL,
    last_frame INTEGER NOT NULL,
    padding INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('queued', 'uploading', 'running', 'done', 'failed', 'cancelled')),
    turn INTEGER NOT NULL,                  -- place in the queue
    attempt INTEGER NOT NULL DEFAULT 0,     -- fencing token: one more with every begin
    deaths INTEGER NOT NULL DEFAULT 0,      -- workers lost since the job was submitted
    sequence INTEGER NOT NULL DEFAULT 0,    -- number of the newest result
    created REAL NOT NULL,
    ended REAL,
    seconds REAL NOT NULL DEFAULT 0,
    error BLOB,
    warnings BLOB NOT NULL DEFAULT '[]'
);
CREATE INDEX jobs_by_state ON jobs (state, turn);

CREATE TABLE owners (
    job TEXT NOT NULL REFERENCES jobs ON DELETE CASCADE,
    user TEXT NOT NULL,
    PRIMARY KEY (job, user)
) WITHOUT ROWID;

CREATE TABLE sources (
    job TEXT NOT NULL REFERENCES jobs ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (job, sha256)
) WITHOUT ROWID;
CREATE INDEX sources_by_digest ON sources (sha256);

CREATE TABLE results (
    job TEXT NOT NULL REFERENCES jobs ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    frame INTEGER,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
-- Each picture is committed once; NULLs never collide in SQLite, so the sidecar gets a name.
CREATE UNIQUE INDEX results_once ON results (job, ifnull(frame, 'sidecar'), kind);
CREATE INDEX results_by_digest ON results (sha256);
"""


def open_database(file: Path) -> sqlite3.Connection:
    """Open the database, making it when it is not there.

    Raises:
        ServerError: It is damaged, of a newer version, or the disk is full.
    """
    with translated(file):
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, file)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, file: Path) -> Iterator[None]:
    """All or nothing, and on the disk before it returns.

    Raises:
        ServerError: The disk is full, or the database cannot be used.
    """
    with translated(file):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        # The text is SQLite's own for SQLITE_FULL; Python 3.10 does not tell the code.
        if "database or disk is full" in str(error):
            raise ServerError(
                f"job store {file}",
                "the server's disk is full",
                "Finished frames are kept. Make room (void purge), then submit the job again.",
                code="disk_full",
            ) from error
        raise ServerError(
            f"job store {file}",
            f"it cannot be used ({error})",
            "Move the file away to begin a new one; the jobs in it are then forgotten.",
            code="store",
        ) from error


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    # FULL: what was answered survives a power cut; it costs 0.2 ms a commit (measured).
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise ServerError(
            f"job store {file}",
            f"it is of another version (expected {VERSION}, got {version})",
            "Give this server a data folder of its own (--data-dir).",
            code="store",
        )
