"""How far a job is, told to the broker; and the two ways in which a job is stopped."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from bridge.messages import PREVIEW_LIMIT, Preview
from void_server.engines.engine import Cancelled
from void_server.worker.estimate import Estimate
from void_server.worker.link import Link
from void_server.worker.worker_link import Previewed, Progressed, Run

log = logging.getLogger(__name__)

PREVIEW_SECONDS = 0.25
"""Shortest time between two previews; more would only be overtaken."""

_PNG = b"\x89PNG\r\n\x1a\n"


class Interrupted(Exception):
    """The worker shall leave. The job goes on another time from the frames that are delivered."""


class Reporter:
    """The engine's `Progress`: passes it on with an ETA, and stops the job when it is told to.

    Once frames come out, what is counted is the job's own frames, those without a hole included.

    Args:
        order: The job.
        engine: Name of the engine that runs it.
        link: The line to the broker.
        clock: Monotonic seconds.
    """

    def __init__(
        self, order: Run, engine: str, link: Link, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._order = order
        self._engine = engine
        self._link = link
        self._clock = clock
        shot = order.request.shot
        self._total = shot.last_frame - shot.first_frame + 1
        self._done = len(order.finished)
        self._estimate = Estimate(frames=self._total, finished=self._done, clock=clock)
        self._stage = ""
        self._step = self._steps = 0
        self._came_out = False
        self._previews = 0
        self._preview_due = clock()

    def __call__(
        self,
        stage: str,
        done: int,
        total: int,
        *,
        frame: int | None = None,
        step: int = 0,
        steps: int = 0,
        left: float | None = None,
    ) -> None:
        """Report; raises `Cancelled` or `Interrupted` when the job is to stop."""
        # Steps may go on for minutes without a frame in hand, even after others have come out.
        self._stop_if_told(in_hand=self._came_out and not steps)
        self._stage, self._step, self._steps = stage, step, steps
        self._estimate.heard(stage, done, total, steps=steps, left=left)
        if self._came_out:
            done, total = self._done, self._total
        self._send(done, total, frame=frame)

    def preview(self, frame: int, png: bytes) -> None:
        """Pass a preview on, unless it is none, too large or too soon."""
        now = self._clock()
        if now < self._preview_due:
            return
        if len(png) > PREVIEW_LIMIT or not png.startswith(_PNG):
            log.warning("frame %d: what should be a preview is none (%d bytes)", frame, len(png))
            return
        self._preview_due = now + PREVIEW_SECONDS
        try:
            self._send_preview(frame, png)
        except OSError as error:
            log.warning("frame %d: its preview cannot be written (%s)", frame, error.strerror)

    def frame_done(self) -> None:
        """A frame has been delivered."""
        self._came_out = True
        self._done += 1
        self._estimate.frame_done()
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

    def _send(self, done: int, total: int, *, frame: int | None = None) -> None:
        self._link.progress(
            Progressed(
                job=self._order.job,
                attempt=self._order.attempt,
                engine=self._engine,
                stage=self._stage,
                done=done,
                total=total,
                frame=frame,
                step=self._step,
                steps=self._steps,
                eta=self._estimate.left,
            )
        )

    def _send_preview(self, frame: int, png: bytes) -> None:
        self._previews += 1
        # A name of its own for each: the broker may still be taking the one before over.
        file = Path(self._order.results) / f"preview.{self._order.attempt}.{self._previews}.png"
        file.write_bytes(png)
        digest = hashlib.sha256(png).hexdigest()
        preview = Preview(frame, self._step, digest, len(png), str(file))
        self._link.send(Previewed(self._order.job, self._order.attempt, preview))
