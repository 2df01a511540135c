"""Which file stands for which frame: the frames there are, the frames wanted, and the gaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from bridge.errors import RequestError
from bridge.sequence import listed
from bridge.shot import Missing


class Numbering:
    """Maps each wanted frame to one that is there; a gap is held from the nearest earlier frame.

    Args:
        present: File numbers there are, ascending.
        wanted: File numbers wanted, ascending.
        missing: What to do about gaps.
    """

    def __init__(self, present: Sequence[int], wanted: Sequence[int], missing: Missing) -> None:
        self._wanted = wanted
        self._missing = missing
        have = set(present)
        self.gaps = tuple(frame for frame in wanted if frame not in have)
        self._source = {frame: frame for frame in wanted if frame in have}
        self._unheld: tuple[int, ...] = ()
        if missing == "hold":
            held = {gap: _nearest_earlier(present, gap) for gap in self.gaps}
            self._source |= {gap: found for gap, found in held.items() if found is not None}
            self._unheld = tuple(gap for gap, found in held.items() if found is None)

    def has(self, frame: int) -> bool:
        """Whether there is a file to read for a wanted frame."""
        return frame in self._source

    def source(self, frame: int) -> int:
        """The file number to read for a wanted frame."""
        return self._source[frame]

    def problems(self, subject: str, label: str) -> list[RequestError]:
        """What stands in the way: at most one error."""
        lacking = self._unheld if self._missing == "hold" else self.gaps
        if not lacking:
            return []
        hint = "Render them, or pass --missing hold."
        if self._missing == "hold":
            hint = "Render them, or begin the shot later: there is no earlier frame to hold."
        verb = "frame {} is" if len(lacking) == 1 else "frames {} are"
        return [
            RequestError(
                subject,
                f"{verb.format(listed(lacking))} missing in {label} "
                f"(wanted {listed(self._wanted)})",
                hint,
                code="missing_frames",
            )
        ]

    def warnings(self, subject: str) -> list[str]:
        """What was held, in words."""
        if self._missing != "hold" or not self.gaps:
            return []
        return [f"{subject}: missing frames {listed(self.gaps)} repeat the frame before"]


def _nearest_earlier(present: Sequence[int], frame: int) -> int | None:
    place = bisect_right(present, frame)
    return present[place - 1] if place else None
