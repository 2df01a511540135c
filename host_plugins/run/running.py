"""The runs of this process, one for each node at most. Kept in memory, never in a document."""

from __future__ import annotations

import threading

from host_plugins.run.lifetime import Run

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
        if under_way is not None and under_way.ending is None:
            return under_way
        _RUNS[key] = run
    threading.Thread(target=_work, args=(key, run), name="void-run", daemon=True).start()
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


def _work(key: str, run: Run) -> None:
    try:
        run.run()
    finally:
        with _LOCK:
            if _RUNS.get(key) is run:
                del _RUNS[key]
