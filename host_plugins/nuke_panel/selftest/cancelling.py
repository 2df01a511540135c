"""Whether a removal can be stopped, here and at the server, and leaves nothing behind."""

from __future__ import annotations

import json
import threading
import time

import nuke

from bridge.client import Client
from bridge.errors import RequestError
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest.bench import Bench
from host_plugins.nuke_panel.selftest.check import Check, NotRun, expect, same
from host_plugins.nuke_panel.selftest.removing import ATTACHED, GROW
from host_plugins.run.removal import Removal

_CANCEL_WITHIN = 1.0
"""Seconds from cancelling until the server knows."""

_LOOK = 0.01
_OVER = {"", "cancelled"}


def _cancels(bench: Bench) -> str:
    on_main(bench.set, {"seed": 99, "grow": GROW})
    removal = Removal(bench.host(), "remove")
    watcher = threading.Thread(target=_cancel_soon, args=(removal,), name="void-selftest-cancel")
    watcher.start()
    ending = removal.run()
    watcher.join()
    bench.endings["cancelled"] = ending
    if ending.end == "done":
        raise NotRun("it was done before it could be cancelled")
    same("the end", expected="cancelled", got=ending.end)
    state = _state_at_server(bench)
    expect(state in _OVER, f"the job is {state} at the server")
    left = on_main(lambda: len(nuke.allNodes("Write")))
    expect(left == 0, f"{left} Writes are left")
    return f"{ending.text} At the server the job is {state or 'unknown'}."


def _cancel_soon(removal: Removal) -> None:
    """Cancel once the frames are exported, or a little later if it goes that fast."""
    until = time.monotonic() + 60
    while removal.stage in {"checking", "exporting"} and time.monotonic() < until:
        time.sleep(_LOOK)
    removal.cancel()


def _state_at_server(bench: Bench) -> str:
    """What the server says of the job, at the latest when cancelling should have reached it."""
    jobs = json.loads(str(on_main(lambda: bench.void_remove()["jobs"].value())) or "{}")
    until = time.monotonic() + _CANCEL_WITHIN
    state = ""
    with bench.client() as client:
        for job in jobs.values():
            while (state := _state(client, job)) not in _OVER and time.monotonic() < until:
                time.sleep(_LOOK)
    return state


def _state(client: Client, job: str) -> str:
    """The job's state; "" where the server has never got it."""
    try:
        return client.status(job).status.state
    except RequestError:
        return ""


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name="A removal is cancelled, here and at the server",
        look=_cancels,
        facts=("nuke.delete",),
        after=(ATTACHED,),
        thread="kit",
    ),
)
