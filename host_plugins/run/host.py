"""What a host has to do for a run; a run knows nothing else of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bridge.landing import Landing
from bridge.messages import Welcome
from host_plugins.run.order import Order, Purpose
from host_plugins.run.progress import Ending, Progress


class Host(Protocol):
    """A node, or a clip, and the application around it.

    Methods are called from the run's own thread, which in a GUI is not the one that draws. The
    host itself sees to it that its application is only touched where that is allowed. An exception
    that a method raises arrives in the run as it was raised.
    """

    def order(self, purpose: Purpose) -> Order:
        """Read what is asked for.

        Raises:
            VoidError: Something is missing or cannot be; all of it is in one error.
        """
        ...

    def describe(self, welcome: Welcome) -> None:
        """What the server is and can do, for the node's knobs; may be ignored.

        Called after `order`, so that what it changes is for the next press of a button; and once
        more after the exports, if the server had no worker yet that could say anything.
        """
        ...

    def fingerprint(self, order: Order, view: str) -> str:
        """What would be exported, in a few bytes: the same text means the same pictures."""
        ...

    def export(self, order: Order, view: str, folder: Path, stop: Callable[[], None]) -> None:
        """Write plate and mattes of one view, raw, as ``<role>.%04d.exr`` into an empty folder.

        Args:
            order: What is asked for.
            view: The view.
            folder: The folder.
            stop: To be called between two sequences; raises what ends the run.

        Raises:
            Cancelled: The artist has stopped it.
            VoidError: A frame cannot be rendered or written.
        """
        ...

    def confirm(self, question: str) -> bool:
        """Ask the artist; True without asking where nobody sits."""
        ...

    def remember(self, jobs: dict[str, str]) -> None:
        """Keep the job's id for each view where a reopened document finds it.

        Called before a view's job is sent, each time with all views of the order: the id is ""
        for those that have not begun. A preview is not remembered.
        """
        ...

    def show(self, progress: Progress) -> None:
        """Show how far the run is; called often, may leave calls out."""
        ...

    def cancelled(self) -> bool:
        """Whether the host's own progress bar was cancelled.

        Called ten times a second, from a thread of its own: it must not wait for anything.
        """
        ...

    def attach(self, landings: dict[str, Landing]) -> None:
        """Show what has landed so far, by view; called again as more lands, and at the end."""
        ...

    def finish(self, ending: Ending) -> None:
        """The run is over; nothing of it may be left on the screen but its outcome."""
        ...
