"""How far a job is, told to the broker; and the two ways in which a job is stopped."""

from __future__ import annotations

import time

from void_server.engines.engine import Cancelled
from void_server.worker.link import Link
from void_server.worker.worker_link import Progressed, Run


class Interrupted(Exception):
    """The worker shall leave. The job goes on another time from the frames that are delivered."""


class Reporter:
    """The engine's `Progress`: passes it on with an ETA, and stops the job when it is told to.

    The ETA is the pace of the stage so far times what the stage still has to do; it is given only
    once frames are coming out, because before that nobody knows what they will cost. From then on
    what is counted is the job's own frames, those without a hole included.
    """

    def __init__(self, order: Run, engine: str, link: Link) -> None:
        self._order = order
        self._engine = engine
        self._link = link
        shot = order.request.shot
        self._total = shot.last_frame - shot.first_frame + 1
        self._done = len(order.finished)
        self._began = time.monotonic()
        self._first_done = self._done
        self._stage = ""
        self._came_out = False

    def __call__(
        self,
        stage: str,
        done: int,
        total: int,
        *,
        frame: int | None = None,
        step: int = 0,
        steps: int = 0,
    ) -> None:
        """Report; raises `Cancelled` or `Interrupted` when the job is to stop."""
        self._stop_if_told(in_hand=self._came_out)
        self._stage = stage
        if self._came_out:
            done, total = self._done, self._total
        else:
            self._began = time.monotonic()
        self._send(done, total, frame=frame, step=step, steps=steps)

    def frame_done(self) -> None:
        """A frame has been delivered."""
        self._came_out = True
        self._done += 1
        self._send(self._done, self._total)

    def stop_if_told(self) -> None:
        """Between two frames: raises `Cancelled` or `Interrupted` when the job is to stop."""
        self._stop_if_told(in_hand=False)

    def _stop_if_told(self, *, in_hand: bool) -> None:
        if self._link.dropped(self._order.job):
            raise Cancelled
        # Once frames come out, the one in hand is finished first: `stop_if_told` is the place.
        if self._link.leaving and not in_hand:
            raise Interrupted

    def _send(
        self,
        done: int,
        total: int,
        *,
        frame: int | None = None,
        step: int = 0,
        steps: int = 0,
    ) -> None:
        self._link.progress(
            Progressed(
                job=self._order.job,
                attempt=self._order.attempt,
                engine=self._engine,
                stage=self._stage,
                done=done,
                total=total,
                frame=frame,
                step=step,
                steps=steps,
                eta=self._eta(),
            )
        )

    def _eta(self) -> float | None:
        made = self._done - self._first_done
        if not made:
            return None
        pace = (time.monotonic() - self._began) / made
        return round(pace * (self._total - self._done), 1)
