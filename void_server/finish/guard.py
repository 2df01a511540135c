"""When what a model did is more than a change of colour, and how that is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from void_server.finish.clean import OVERSHOOT, Cleaned
from void_server.finish.color_fit import ColorFit

GAINS = 0.8, 1.25
"""Gain of a grey that can be a model's shift of colour."""

LARGEST_OFFSET = 0.06
"""Offset that can be one, code."""

LARGEST_RESIDUAL = 0.05
"""Difference that may be left in the ring, code. Round trips through a VAE stay within gains of
10 % and offsets of .03; twice that is something else."""


def complaint(fit: ColorFit) -> str:
    """What of a fit is out of the range of a colour shift, in words; "" when nothing is."""
    found = []
    gain = max(fit.gain, key=lambda value: abs(value - 1))
    if any(not GAINS[0] <= value <= GAINS[1] for value in fit.gain):
        found.append(f"gain {gain:.2f}, expected {GAINS[0]:g} to {GAINS[1]:g}")
    offset = max(fit.offset, key=abs)
    if abs(offset) > LARGEST_OFFSET:
        found.append(f"offset {offset:+.3f}, expected at most {LARGEST_OFFSET:g}")
    return ", ".join(found)


def explains(fit: ColorFit) -> bool:
    """Whether a change of colour is what happened: little is left once it is undone."""
    return fit.residual <= LARGEST_RESIDUAL


@dataclass
class Faults:
    """What was wrong with a shot's frames, by file number."""

    lost: list[int] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    beyond: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    pixels: int = 0

    def add(self, number: int, clean: Cleaned) -> None:
        """Count what had to be cleaned in a frame."""
        broken = int(clean.broken.sum())
        self.pixels += broken + clean.beyond
        if clean.lost:
            self.lost.append(number)
        elif broken:
            self.broken.append(number)
        if clean.beyond:
            self.beyond.append(number)

    def compare(self, numbers: Sequence[int], residuals: Sequence[float | None]) -> None:
        """Note the frames whose surroundings of the hole are not the plate's after all."""
        for number, left in zip(numbers, residuals, strict=True):
            if left is not None and left > LARGEST_RESIDUAL:
                self.changed.append(number)

    def warnings(self, fit: ColorFit) -> tuple[str, ...]:
        """What the artist should know, as clauses without a full stop."""
        found = []
        if self.lost:
            found.append(
                f"the model returned no picture for {_frames(self.lost)} (NaN everywhere): "
                "the hole is filled with a smooth surface there"
            )
        if self.broken:
            found.append(f"the model returned NaN or Inf in {_frames(self.broken)}: smoothed over")
        if self.beyond:
            found.append(
                f"the model returned values beyond 0..1 by more than {OVERSHOOT:g} in "
                f"{_frames(self.beyond)}: cut"
            )
        if told := complaint(fit):
            found.append(f"the model changed the background (color fit: {told})")
        if self.changed:
            found.append(
                "the model changed the background: around the hole it differs from the plate by "
                f"more than {LARGEST_RESIDUAL:g} in {_frames(self.changed)}"
            )
        return tuple(found)


def _frames(numbers: Sequence[int]) -> str:
    """A few numbers in words."""
    if len(numbers) == 1:
        return f"frame {numbers[0]}"
    shown = ", ".join(str(number) for number in numbers[:4])
    return f"{len(numbers)} frames ({shown}{', ...' if len(numbers) > 4 else ''})"
