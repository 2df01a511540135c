"""What a run of the live kit found: lines for people, a file for programs, a row for the docs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec

Outcome = Literal["PASS", "FAIL", "NOT RUN"]
"""Of one check. What was not looked at is never said to have passed."""

_WIDTH = len("NOT RUN")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about the host that was looked at.

    Attributes:
        name: What ought to hold, as a sentence without a full stop.
        outcome: Whether it did.
        text: What was looked at and seen, or why not.
        facts: The entries of the ledger of host calls that it confirms.
        seconds: How long it took.
    """

    name: str
    outcome: Outcome
    text: str
    facts: tuple[str, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        said = f"{self.outcome:<{_WIDTH}}  {self.name}"
        return f"{said}: {self.text}" if self.text else said


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run.

    Attributes:
        host: The host and its build, e.g. ``Nuke 16.0v1``.
        mode: ``window`` or ``terminal``.
        system: Operating system and machine.
        python: The host's Python.
        package: Version of this package.
        server: Address of the server that the kit used; "" when it had none.
        date: Day of the run, ISO 8601.
        who: Who ran it.
        lines: Every check, in order.
    """

    host: str
    mode: Literal["window", "terminal"]
    system: str
    python: str
    package: str
    server: str
    date: str
    who: str
    lines: tuple[Line, ...]

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many checks ended how."""
        counted = Counter(line.outcome for line in self.lines)
        return {"PASS": counted["PASS"], "FAIL": counted["FAIL"], "NOT RUN": counted["NOT RUN"]}

    @property
    def summary(self) -> str:
        """The counts in words."""
        counts = self.counts
        return f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['NOT RUN']} not run"

    @property
    def row(self) -> str:
        """One row of the table of hosts in which the node was verified by hand."""
        passed, failed, not_run = self.counts.values()
        where = f"{self.host} ({self.mode})"
        cells = (where, self.system, self.date, self.who or "?", passed, failed, not_run)
        return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"

    def write(self, file: Path) -> None:
        """Write it as JSON.

        Raises:
            OSError: The folder cannot be written.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        content = msgspec.json.encode({**msgspec.structs.asdict(self), "row": self.row})
        file.write_bytes(msgspec.json.format(content, indent=2) + b"\n")
