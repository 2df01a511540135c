"""The life of a run: it begins, may be cancelled or left, and ends once, whatever happens."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from typing import Protocol

from bridge.client import PATIENCE
from bridge.errors import VoidError
from bridge.landing import Landing, follow
from bridge.messages import FINAL, JobStatus
from host_plugins.run import endings
from host_plugins.run.cancelling import Cancelled, Left, Token
from host_plugins.run.line import Line
from host_plugins.run.order import Purpose
from host_plugins.run.progress import Ending, Progress, Stage
from host_plugins.run.telling import Telling
from host_plugins.run.texts import unexpected
from host_plugins.run.watch import Watch

ATTACH_SECONDS = 0.5
"""How often a host is asked to show more frames, at most."""


class Screen(Protocol):
    """What every run needs of its host; `host_plugins.run.host.Host` says what each does."""

    def show(self, progress: Progress) -> None:
        """Show how far the run is."""
        ...

    def cancelled(self) -> bool:
        """Whether the host's own progress bar was cancelled."""
        ...

    def attach(self, landings: dict[str, Landing]) -> None:
        """Show what has landed so far, by view."""
        ...

    def finish(self, ending: Ending) -> None:
        """The run is over."""
        ...


class Run(ABC):
    """One run. What it does is up to its kind; how it ends is not.

    `run` is called once, in whichever thread may wait; everything else may be called from any.

    Args:
        screen: The host.
        purpose: What it is for.
        timeout: Seconds to wait for an answer of the server.
        patience: Seconds of silence after which it counts as gone.

    Attributes:
        purpose: What it is for.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        purpose: Purpose = "remove",
        timeout: float,
        patience: float = PATIENCE,
    ) -> None:
        self.purpose: Purpose = purpose
        self._screen = screen
        self._timeout = timeout
        self._patience = patience
        self._token = Token()
        self._watch = Watch(self._token, screen.cancelled)
        self._telling = Telling(screen.show)
        self._begun: dict[str, Landing] = {}
        self._wanted = 0
        self._at_server = False
        self._ending: Ending | None = None
        self._over = threading.Event()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._telling.last

    @property
    def stage(self) -> Stage:
        """What it does."""
        return self.progress.stage

    @property
    def ending(self) -> Ending | None:
        """How it ended, or None while it is under way."""
        return self._ending

    @property
    def at_server(self) -> bool:
        """Whether the server works for it, and would go on without us."""
        return self._at_server

    @property
    def left(self) -> bool:
        """Whether nobody waits for it any more; it may take a moment to notice."""
        return self._token.left

    def cancel(self) -> None:
        """Stop it, and its job at the server. What is finished stays. Returns at once."""
        self._token.cancel()

    def detach(self) -> None:
        """Stop waiting for it; its job goes on at the server. Returns at once."""
        self._token.leave()

    def wait(self, seconds: float | None = None) -> Ending | None:
        """Wait until it is over and its host has heard of it; how it ended, or None if it has not.

        Args:
            seconds: For how long; None means to the end.
        """
        return self._ending if self._over.wait(seconds) else None

    def run(self) -> Ending:
        """Do it. Never raises for what goes wrong: that is in the ending."""
        ending = endings.cancelled({}, 0, self.purpose)
        try:
            ending = self._attached(self._outcome())
        finally:
            self._ending = ending
            try:
                self._screen.finish(ending)
            except Exception as error:  # the host could not show it; it is in the log then
                unexpected(error)
            finally:
                self._over.set()
        return ending

    # --- for its kinds -----------------------------------------------------------------------

    @abstractmethod
    def _steps(self) -> Ending:
        """Everything, to a good end.

        Raises:
            VoidError: Another end.
        """

    def _followed(self, view: str, landing: Landing, line: Line) -> None:
        """Land a job's frames as they come, and have them shown.

        Raises:
            Cancelled: The artist has stopped it, or somebody at the server.
            VoidError: As `bridge.landing.follow`.
        """
        self._begun[view] = landing
        self._at_server = True
        attached, last, over = len(landing.finished), time.monotonic(), False

        def on_status(status: JobStatus) -> None:
            nonlocal attached, last, over
            finished, now, over = len(landing.finished), time.monotonic(), status.state in FINAL
            self._telling.job(status, view=view, finished=finished)
            if finished > attached and now - last >= ATTACH_SECONDS:
                self._screen.attach(self._landings())
                attached, last = finished, now

        try:
            with landing:
                state = follow(line, landing, on_status=on_status).state
        finally:
            self._at_server = not over
        self._watch.settled()
        if state == "cancelled":
            raise Cancelled

    def _landings(self) -> dict[str, Landing]:
        return {view: landing for view, landing in self._begun.items() if landing.finished}

    # --- inside ------------------------------------------------------------------------------

    def _outcome(self) -> Ending:
        try:
            with self._watch:
                return self._interruptible()
        except VoidError as error:
            return self._ended_by(error)
        except BaseException as error:
            return self._failed(unexpected(error))

    def _interruptible(self) -> Ending:
        try:
            return self._steps()
        except KeyboardInterrupt as error:  # in a terminal: the same as the button
            self._token.cancel()
            raise Cancelled from error

    def _ended_by(self, error: VoidError) -> Ending:
        """A run that was stopped may fail over it first: that is no failure."""
        landings = self._landings()
        if self._token.cancelled or isinstance(error, Cancelled):
            return endings.cancelled(
                landings, self._wanted, self.purpose, untold=self._watch.untold
            )
        if self._token.left or isinstance(error, Left):
            return endings.left(landings, self._wanted, at_server=self._at_server)
        return self._failed(error)

    def _failed(self, error: VoidError) -> Ending:
        return endings.failed(
            error, self._landings(), self._wanted, self.purpose, at_server=self._at_server
        )

    def _attached(self, ending: Ending) -> Ending:
        """Once more at the end, with everything; not into a document that is closed."""
        if not ending.landings or self._token.left:
            return ending
        try:
            self._screen.attach(dict(ending.landings))
        except VoidError as error:
            return self._failed(error)
        except Exception as error:
            return self._failed(unexpected(error))
        return ending
