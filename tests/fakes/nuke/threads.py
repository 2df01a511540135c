"""Calls from threads into the main thread, with the ways in which they go wrong."""

from __future__ import annotations

import queue
import threading
import time
import traceback

from nuke.dispatch import dispatched
from nuke.strict import HostHang, current, fault

_LOOK = 0.1


class _Request:
    def __init__(self, call, args, kwargs):
        self.call = call
        self.args = args if type(args) is tuple else (args,)
        self.kwargs = kwargs
        self.answered = threading.Event()
        self.result = None

    def run(self):
        return self.call(*self.args, **self.kwargs)


class MainQueue:
    """What threads have asked the main thread to do."""

    def __init__(self, session):
        self._session = session
        self._waiting: queue.Queue[_Request] = queue.Queue()

    def put(self, request):
        self._waiting.put(request)

    def empty(self):
        return self._waiting.empty()

    def serve(self, timeout=0.0):
        """Do one of them, waiting a while for it; False when there is none, or Nuke has closed."""
        if self._session.over:
            time.sleep(timeout)
            return False
        try:
            request = self._waiting.get(timeout=timeout) if timeout else self._waiting.get_nowait()
        except queue.Empty:
            return False
        what = f"executeInMainThread({getattr(request.call, '__name__', request.call)})"
        try:
            request.result = dispatched(self._session, what, request.run)
        except Exception:
            self._session.tracebacks.append(traceback.format_exc())
            if not self._session.traps.results_swallow_exceptions:
                raise
        request.answered.set()
        return True


def executeInMainThread(call, args=(), kwargs=None):
    """Have it done and go on."""
    _checked("executeInMainThread").queue.put(_Request(call, args, kwargs or {}))


def executeInMainThreadWithResult(call, args=(), kwargs=None):
    """Have it done and wait for what it returns; None if it raised."""
    session = _checked("executeInMainThreadWithResult")
    request = _Request(call, args, kwargs or {})
    session.queue.put(request)
    while not request.answered.wait(_LOOK):
        if session.over:
            raise HostHang("Nuke has closed; this thread would wait for ever")
    return request.result


def _checked(name):
    session = current()
    if threading.current_thread() is threading.main_thread():
        fault(f"{name} was called on the main thread: Nuke hangs", HostHang)
    if not session.gui:
        fault(f"{name} in -t: nothing serves the queue there", HostHang)
    return session
