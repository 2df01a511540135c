"""Keeps the processor a little ahead of the device, and looks whether the numbers stay numbers.

Work for a GPU is queued, not done, when a call returns. Without a bound a whole pass would be
queued in a second: progress would be a lie and a cancel would come minutes late. With a wait after
every step the device would stand idle in between. So two steps may be under way.
"""

from __future__ import annotations

import torch

from bridge.errors import ServerError

STEPS_AHEAD = 2
"""Steps that may be queued beyond the one that is known to be done."""


class RunAhead:
    """Follows the steps of one chunk.

    Args:
        device: Where the steps run; only on CUDA is there anything to wait for.
        subject: How a message names the pass.
        steps: Steps in all.
    """

    def __init__(self, device: torch.device, *, subject: str, steps: int) -> None:
        self._subject = subject
        self._steps = steps
        self._queued = device.type == "cuda"
        self._events: list[torch.cuda.Event] = []
        self._finite = torch.ones(steps, dtype=torch.bool, pin_memory=self._queued)
        self._checked = 0

    def started(self, latents: torch.Tensor) -> None:
        """A step was queued; waits until no more than two are under way.

        Args:
            latents: What the step results in.

        Raises:
            ServerError: A step that is done gave NaN or Inf.
        """
        step = len(self._events) if self._queued else self._checked
        self._finite[step].copy_(torch.isfinite(latents).all(), non_blocking=True)
        if not self._queued:
            self._check()
            return
        event = torch.cuda.Event(blocking=True)
        event.record(torch.cuda.current_stream(latents.device))
        self._events.append(event)
        if len(self._events) - self._checked > STEPS_AHEAD:
            self._check()

    def finish(self) -> None:
        """Wait for all steps.

        Raises:
            ServerError: One of them gave NaN or Inf.
        """
        while self._checked < len(self._events):
            self._check()

    def _check(self) -> None:
        """Wait for the oldest step under way and look at it. Its flag arrived with its event."""
        step = self._checked
        if self._queued:
            self._events[step].synchronize()
        self._checked += 1
        if not self._finite[step]:
            raise ServerError(
                self._subject,
                f"the model's result is not a number (expected finite latents, "
                f"got NaN or Inf at step {step + 1} of {self._steps})",
                "The plate is kept as it is. Check the weights with 'void weights verify', "
                "and try the memory mode 'full' or another seed.",
                code="nan",
            )
