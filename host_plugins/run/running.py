"""The runs of this process, one for each node at most. Kept in memory, never in a document."""

from __future__ import annotations

import threading
import time

from host_plugins.run.lifetime import Run

LEAVING_SECONDS = 10.0
"""How long a run waits for those that were left to let go of their folders."""

_LOCK = threading.Lock()
_RUNS: dict[str, Run] = {}


def start(key: str, run: Run) -> Run:
    """Begin a run in a thread of its own.

    Args:
        key: What it belongs to, e.g. a node's full name.
        run: The run.

    Returns:
        The run, or the one that is under way for this key already; then the new one is dropped.
    """
    with _LOCK:
        under_way = _RUNS.get(key)
        if under_way is not None and under_way.ending is None and not under_way.left:
            return under_way
        leaving = [one for one in _RUNS.values() if one.left and one.ending is None]
        _RUNS[key] = run
    work = threading.Thread(target=_work, args=(key, run, leaving), name="void-run", daemon=True)
    work.start()
    return run


def get(key: str) -> Run | None:
    """The run that is under way for a key."""
    return all().get(key)


def all() -> dict[str, Run]:
    """The runs that are under way, by key."""
    with _LOCK:
        return {key: run for key, run in _RUNS.items() if run.ending is None}


def detach_all() -> None:
    """Leave all of them to the server, because the document is closed. Returns at once."""
    for run in all().values():
        run.detach()


def _work(key: str, run: Run, leaving: list[Run]) -> None:
    try:
        # A document that is closed and opened again may find its old run in the same folder yet.
        deadline = time.monotonic() + LEAVING_SECONDS
        for earlier in leaving:
            earlier.wait(max(0.0, deadline - time.monotonic()))
        run.run()
    finally:
        with _LOCK:
            if _RUNS.get(key) is run:
                del _RUNS[key]
