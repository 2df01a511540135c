"""Nuke is touched on the thread that draws, and nowhere else.

Nuke's own ``executeInMainThreadWithResult`` prints an exception of the function and answers None,
and waits for ever for an application that is closing. Here an exception arrives where the function
was asked for, and a wait ends with the application.

Source: Foundry, Nuke Python API 14.0, source of ``nuke.executeInMainThread``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import nuke

from bridge.errors import RequestError

T = TypeVar("T")

_LOOK = 0.5
"""Seconds between two looks whether the application is still there."""

_log = logging.getLogger("void")


def on_main(function: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - whatever it takes
    """Call a function on Nuke's main thread and wait for what it returns.

    In a terminal session nothing would serve the main thread's queue, so everything runs on the
    main thread and the call is a plain one.

    Raises:
        RequestError: Nuke is closing.
        BaseException: What the function raised, as it raised it.
    """
    if is_here():
        return function(*args)
    call = _Call(function, args)
    nuke.executeInMainThread(call.serve, args=())
    return call.answer()


def posted(function: Callable[..., object], *args: Any) -> None:  # noqa: ANN401 - as above
    """Have a function called on Nuke's main thread some time soon; what it raises is logged."""
    if is_here():
        _logged(function, *args)
    else:
        nuke.executeInMainThread(_logged, args=(function, *args))


def is_here() -> bool:
    """Whether this thread may touch Nuke."""
    return not nuke.GUI or threading.current_thread() is threading.main_thread()


class _Call(Generic[T]):
    """A function on its way to the main thread, and what comes back."""

    def __init__(self, function: Callable[..., T], args: tuple[Any, ...]) -> None:
        self._function = function
        self._args = args
        self._over = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None

    def serve(self) -> None:
        try:
            self._value.append(self._function(*self._args))
        except BaseException as error:  # it is raised again where it was asked for
            self._error = error
        finally:
            self._over.set()

    def answer(self) -> T:
        while not self._over.wait(_LOOK):
            if not threading.main_thread().is_alive():
                raise RequestError(
                    "Nuke", "it is closing", "Open the script again.", code="host_closed"
                )
        if self._error is not None:
            raise self._error
        return self._value[0]


def _logged(function: Callable[..., object], *args: object) -> None:
    try:
        function(*args)
    except Exception:  # nobody waits for it who could be told
        _log.warning("%s failed", getattr(function, "__name__", function), exc_info=True)
