"""A node VoidRemove and the Nuke around it, as a run sees them.

The run's thread calls; whatever touches Nuke is handed to the main thread in small pieces. Only a
render holds it, behind Nuke's own progress bar.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import nuke

from bridge.errors import RequestError
from bridge.landing import Landing
from host_plugins.nuke_panel import check, export, result, upstream
from host_plugins.nuke_panel.main_thread import on_main, posted
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.run.cancelling import Cancelled
from host_plugins.run.order import Order, Purpose
from host_plugins.run.progress import Ending, Progress

_BETWEEN = 0.25
"""Seconds between two status texts: each of them redraws the node's panel."""

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
        self._percent = -1

    def order(self, purpose: Purpose) -> Order:
        """Read the node.

        Raises:
            VoidError: Something is missing or cannot be; all of it is in one error.
        """
        order = self._with_node(check.order, purpose)
        if note := self._with_node(check.note):
            on_main(self._say, note)
        return order

    def fingerprint(self, order: Order, view: str) -> str:
        """What would be exported, in a few bytes."""
        try:
            return upstream.fingerprint(self._node, order, view)
        except ValueError as error:
            raise self._explained(error) from None

    def export(self, order: Order, view: str, folder: Path) -> None:
        """Write plate and mattes of one view, raw, as ``<role>.%04d.exr`` into an empty folder.

        Raises:
            Cancelled: The artist has stopped it.
            VoidError: A frame cannot be rendered or written.
        """
        try:
            for name in export.inputs(order):
                if self.cancelled():
                    raise Cancelled()
                self._with_node(export.render, order, name, view, folder)
                export.check(order, name, folder)
        except BaseException:
            export.discard(order, folder)
            raise

    def confirm(self, question: str) -> bool:
        """Ask the artist; True without asking in a terminal session."""
        return bool(on_main(nuke.ask, question)) if nuke.GUI else True

    def remember(self, jobs: dict[str, str]) -> None:
        """Keep the job's id for each view where a reopened script finds it."""
        on_main(self._remember, json.dumps(jobs, sort_keys=True))

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
        """Show what has landed so far; on a node that is gone, nothing."""
        on_main(self._attach, landings)

    def finish(self, ending: Ending) -> None:
        """Take the progress bar away and say how it ended; in a dialog only what went wrong."""
        self._over = True
        self._task = None  # a bar closes when nobody holds it any more
        posted(self._status, ending.text)
        posted(self._say, ending.text)
        if nuke.GUI and ending.end == "failed" and ending.error is not None:
            posted(nuke.message, ending.text)

    # --- on the main thread --------------------------------------------------------------------

    def _remember(self, jobs: str) -> None:
        if self._is_there():
            with unrecorded():
                self._node["jobs"].setValue(jobs)
            nuke.root().setModified(True)  # it is worth saving, though not worth an undo step

    def _attach(self, landings: dict[str, Landing]) -> None:
        if self._is_there():
            result.attach(self._node, landings)

    def _status(self, text: str) -> None:
        if self._is_there():
            with unrecorded():
                self._node["status"].setValue(text)

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
        now = time.monotonic()
        if self._over or now - self._shown < _BETWEEN:
            return
        self._shown = now
        if self._task is None:
            self._task = nuke.ProgressTask(self._name)
        if progress.done is not None:
            self._task.setProgress(_percent(progress))
        self._task.setMessage(progress.text)
        posted(self._status, progress.text)

    def _print(self, progress: Progress) -> None:
        percent = _percent(progress)
        if percent != self._percent:
            self._percent = percent
            self._say(f"{percent} % {progress.text}")


def _percent(progress: Progress) -> int:
    return int(100 * min(1.0, max(0.0, progress.done or 0.0)))
