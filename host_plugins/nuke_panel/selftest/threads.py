"""Whether Nuke's main thread is reached from another one as we rely on it."""

from __future__ import annotations

import threading
import time
from typing import Any

import nuke

from host_plugins.nuke_panel.main_thread import is_here, on_main
from host_plugins.nuke_panel.selftest.bench import Bench
from host_plugins.nuke_panel.selftest.check import Check, Failed, NotRun, expect, same

DISPATCH = "A function is called on the main thread and its value comes back"

_PATIENCE = 20.0
"""Seconds in which a person can press a button."""

_WITH_RESULT = "nuke.executeInMainThreadWithResult"


class _Carried(Exception):
    """Raised on the main thread, to see where it arrives."""


def _window() -> None:
    if not nuke.GUI:
        raise NotRun("needs Nuke's window: in a terminal everything is on the main thread")


def _dispatch(bench: Bench) -> str:
    _window()
    expect(not is_here(), "the kit itself is on the main thread")
    same("the thread", expected=threading.main_thread(), got=on_main(threading.current_thread))
    return "on_main ran on the main thread"


def _exception(bench: Bench) -> str:
    _window()
    try:
        on_main(_raise)
    except _Carried as error:
        return f"{type(error).__name__} arrived in the thread that asked"
    raise Failed("the exception did not arrive")


def _swallowed(bench: Bench) -> str:
    _window()
    dispatch: Any = nuke.executeInMainThreadWithResult  # the stub gives it no types
    answer = dispatch(_raise, args=())
    expect(answer is None, f"an exception became {answer!r} (expected None)")
    return "without our care an exception becomes None, and is printed above this line"


def _plain(bench: Bench) -> str:
    same("the answer", expected=3, got=on_main(sum, (1, 2)))
    return "asked on the main thread itself it is a plain call"


def _progress(bench: Bench) -> str:
    _window()
    task = nuke.ProgressTask("VOID self test")
    task.setMessage("Made outside the main thread")
    task.setProgress(50)
    expect(not task.isCancelled(), "it says that it was cancelled, but nobody did")
    del task  # that is what closes it
    return "made, moved and closed outside the main thread"


def _progress_cancelled(bench: Bench) -> str:
    _window()
    task = nuke.ProgressTask("VOID self test: press Cancel")
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if task.isCancelled():
            return "Cancel was pressed and seen"
        task.setProgress(int(100 * (1 - (until - time.monotonic()) / _PATIENCE)) % 100)
        time.sleep(0.1)
    raise NotRun(f"nobody pressed Cancel in {_PATIENCE:.0f} s")


def _raise() -> None:
    raise _Carried


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name=DISPATCH,
        look=_dispatch,
        facts=("nuke.executeInMainThread",),
        thread="kit",
    ),
    Check(
        name="An exception on the main thread arrives where the call was made",
        look=_exception,
        facts=("nuke.executeInMainThread",),
        thread="kit",
        after=(DISPATCH,),
    ),
    Check(
        name="executeInMainThreadWithResult turns an exception into None",
        look=_swallowed,
        facts=(_WITH_RESULT,),
        thread="kit",
        after=(DISPATCH,),
    ),
    Check(name="On the main thread a dispatch is a plain call", look=_plain, facts=()),
    Check(
        name="A progress bar works from a thread",
        look=_progress,
        facts=("nuke.ProgressTask", "nuke.ProgressTask.setProgress"),
        thread="kit",
        after=(DISPATCH,),
    ),
)

ATTENDED: tuple[Check[Bench], ...] = (
    Check(
        name="A person's Cancel on a progress bar is seen",
        look=_progress_cancelled,
        facts=("nuke.ProgressTask.isCancelled",),
        thread="kit",
        after=(DISPATCH,),
    ),
)
"""Checks that wait for somebody to press a button."""
