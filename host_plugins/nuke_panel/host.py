"""A node VoidRemove and the Nuke around it, as a run sees them.

The run's thread calls; whatever touches Nuke is handed to the main thread in small pieces. Only a
render holds it, behind Nuke's own progress bar.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import nuke

from bridge.errors import RequestError
from bridge.landing import Landing
from bridge.messages import Welcome
from bridge.wording import duration
from host_plugins.nuke_panel import (
    check,
    export,
    jobs,
    result,
    rich_text,
    server_tab,
    upstream,
    usable,
)
from host_plugins.nuke_panel.knobs import NONE
from host_plugins.nuke_panel.main_thread import on_main, posted
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.run.cancelling import Cancelled
from host_plugins.run.order import Order, Purpose
from host_plugins.run.progress import Ending, Progress, Stage

_BETWEEN = 0.25
"""Seconds between two status texts: each of them redraws the node's panel."""

_SAID_ONCE: frozenset[Stage] = frozenset({"checking", "exporting"})
"""Stages whose texts are not said again: Nuke may be busy for minutes behind each of them."""

T = TypeVar("T")


class NukeHost:
    """The Nuke side of one run; see `host_plugins.run.host.Host`.

    Args:
        node: The VoidRemove that was pressed. It may be deleted, or its script closed, at any time;
            results then only land on disk.
    """

    def __init__(self, node: nuke.Group) -> None:
        self._node = node
        self._name = str(node.name())
        self._task: nuke.ProgressTask | None = None
        self._over = False
        self._shown = float("-inf")
        self._said: object = None
        self._percent = -1
        self._before = self._own = self._again = ""
        # A run that reads no order is one that collects what is remembered already.
        self._is_remembered = True

    def order(self, purpose: Purpose) -> Order:
        """Read the node.

        Raises:
            VoidError: Something is missing or cannot be; all of it is in one error.
        """
        self._is_remembered = False
        order = self._with_node(check.order, purpose)
        if note := self._with_node(check.note):
            on_main(self._say, note)
        return order

    def describe(self, welcome: Welcome) -> None:
        """Give the node the knobs of the server's engines, some time soon."""
        posted(self._describe, welcome)

    def fingerprint(self, order: Order, view: str) -> str:
        """What would be exported, in a few bytes."""
        try:
            return upstream.fingerprint(self._node, order, view)
        except ValueError as error:
            raise self._explained(error) from None

    def export(
        self, order: Order, view: str, folder: Path, stop: Callable[[], None] = lambda: None
    ) -> None:
        """Write plate and mattes of one view, raw, as ``<role>.%04d.exr`` into an empty folder.

        Raises:
            Cancelled: The artist has stopped it.
            VoidError: A frame cannot be rendered or written.
        """
        try:
            for name in export.inputs(order):
                stop()
                if self.cancelled():
                    raise Cancelled()
                self._with_node(export.render, order, name, view, folder)
                export.check(order, name, folder)
        except BaseException:
            export.discard(order, folder)
            raise

    def confirm(self, question: str) -> bool:
        """Ask the artist; True without asking in a terminal session."""
        return bool(on_main(nuke.ask, rich_text.untagged(question))) if nuke.GUI else True

    def remember(self, jobs: dict[str, str]) -> None:
        """Keep the job's id for each view where a reopened script finds it."""
        self._is_remembered = True
        on_main(self._remember, jobs)

    def show(self, progress: Progress) -> None:
        """Show how far the run is: in the progress bar and on the node, or as lines of percents."""
        if nuke.GUI:
            self._show_bar(progress)
        else:
            self._print(progress)

    def cancelled(self) -> bool:
        """Whether the progress bar was cancelled."""
        task = self._task
        return task is not None and bool(task.isCancelled())

    def attach(self, landings: dict[str, Landing]) -> None:
        """Show what has landed so far; on a node that is gone, nothing.

        The first time it takes the place of what was shown. From then on it is the artist's choice.
        """
        on_main(self._attach, landings)

    def finish(self, ending: Ending) -> None:
        """Take the progress bar away and say how it ended; in a dialog only what went wrong.

        Frames that a removal has left behind unfinished do not take the place of a whole result.
        """
        self._over = True
        self._task = None  # a bar closes when nobody holds it any more
        posted(self._settle, ending)
        posted(self._tell, ending)

    # --- on the main thread --------------------------------------------------------------------

    def _describe(self, welcome: Welcome) -> None:
        if self._is_there():
            server_tab.welcomed(self._node, welcome)

    def _remember(self, ids: dict[str, str]) -> None:
        if self._is_there():
            jobs.keep(self._node, ids)

    def _attach(self, landings: dict[str, Landing]) -> None:
        if not self._is_there() or not any(one.standing["patch"] for one in landings.values()):
            return
        before, is_first = self._shown_version(), not self._own
        result.attach(self._node, landings, switch=is_first)
        if is_first:
            self._before, self._own = before, self._shown_version()

    def _settle(self, ending: Ending) -> None:
        if not self._is_there():
            return
        if ending.end in ("done", "cancelled") and self._is_remembered:
            jobs.end(self._node)
        if ending.end in ("cancelled", "failed") and self._before not in (self._own, NONE):
            left = self._shown_version() == self._own  # the artist may have chosen another
            if left and result.go_back(self._node, self._before):
                self._again = f"\n{self._before} is shown again."

    def _tell(self, ending: Ending) -> None:
        text = f"{ending.text}{self._again}"
        self._status(text)
        self._say(text)
        self._refresh_usable()
        if nuke.GUI and ending.end == "failed" and ending.error is not None:
            nuke.message(rich_text.untagged(text))

    def _status(self, text: str) -> None:
        if self._is_there():
            with unrecorded():
                self._node["status"].setValue(rich_text.shown(text))

    def _refresh_usable(self) -> None:
        if self._is_there():
            usable.refresh(self._node)

    def _shown_version(self) -> str:
        return str(self._node["version"].value())

    def _say(self, text: str) -> None:
        nuke.tprint(f"{self._name}: {text}")

    def _is_there(self) -> bool:
        """Whether the node has not been deleted, nor its script closed.

        Source: Nuke raises ValueError ("A PythonObject is not attached to a node") for such a node.
        """
        try:
            return bool(self._node.name())
        except ValueError:
            return False

    # --- in the run's thread -------------------------------------------------------------------

    def _with_node(self, function: Callable[..., T], *args: object) -> T:
        try:
            return on_main(function, self._node, *args)
        except ValueError as error:
            raise self._explained(error) from None

    def _explained(self, error: ValueError) -> Exception:
        """What it means: Nuke says so little of a node that is gone."""
        if on_main(self._is_there):
            return error
        return RequestError(
            self._name,
            "the node was deleted, or its script closed, before the job was sent",
            "Make a new one, or open the script again.",
            code="node_gone",
        )

    def _show_bar(self, progress: Progress) -> None:
        now, text = time.monotonic(), _text(progress)
        said = text if progress.stage in _SAID_ONCE else (progress.stage, progress.view)
        if self._over or (said == self._said and now - self._shown < _BETWEEN):
            return
        self._shown, self._said = now, said
        if self._task is None:
            self._task = nuke.ProgressTask(self._name)
            posted(self._refresh_usable)
        if progress.done is not None:
            self._task.setProgress(_percent(progress))
        self._task.setMessage(rich_text.untagged(text))
        posted(self._status, text)

    def _print(self, progress: Progress) -> None:
        percent = _percent(progress)
        if percent != self._percent:
            self._percent = percent
            self._say(f"{percent} % {_text(progress)}")


def _text(progress: Progress) -> str:
    """What it does, with how long it still takes where the server knows."""
    if progress.eta is None:
        return progress.text
    return f"{progress.text}, about {duration(progress.eta)} left"


def _percent(progress: Progress) -> int:
    return int(100 * min(1.0, max(0.0, progress.done or 0.0)))
