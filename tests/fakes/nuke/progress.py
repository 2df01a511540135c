"""Progress bars: what a task shows, and the artist who can cancel it."""

from __future__ import annotations

import threading

from nuke.strict import current, fault


class Bar:
    """A progress bar as the test sees it.

    Attributes:
        title: What it was made with.
        values: Every percentage that was set.
        texts: Every message that was set.
        closed: Whether its task was deleted.
    """

    def __init__(self, title):
        self.title = title
        self.values: list[int] = []
        self.texts: list[str] = []
        self.closed = self.cancelled = False
        self.thread = threading.current_thread()

    def cancel(self):
        """What a click on Cancel does."""
        self.cancelled = True


class ProgressTask:
    """A progress bar; threads may use it, and it closes when the object goes."""

    def __init__(self, name):
        session = current()
        if not isinstance(name, str):
            raise TypeError(f"a ProgressTask takes its name as str, not {type(name).__name__}")
        off_main = threading.current_thread() is not threading.main_thread()
        if off_main and session.traps.progress_only_on_main:
            fault("ProgressTask was made off the main thread")
        self._bar = Bar(name)
        session.progress.append(self._bar)

    def setProgress(self, percent):
        if isinstance(percent, bool) or not isinstance(percent, int):
            raise TypeError(f"setProgress takes int, not {type(percent).__name__}")
        if not 0 <= percent <= 100:
            raise ValueError(f"setProgress takes 0 to 100, not {percent}")
        self._bar.values.append(percent)

    def setMessage(self, text):
        if not isinstance(text, str):
            raise TypeError(f"setMessage takes str, not {type(text).__name__}")
        self._bar.texts.append(text)

    def isCancelled(self):
        return self._bar.cancelled

    def __del__(self):
        if (bar := self.__dict__.get("_bar")) is not None:
            bar.closed = True
