"""One check of the live kit, and how many of them are gone through without one stopping another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest.report import Line, Outcome

Bench = TypeVar("Bench")

Thread = Literal["main", "kit"]
"""Where a check runs: on the host's main thread, or on that of the kit.

In a terminal they are the same. In a window what waits for the main thread has to run on the kit's.
"""


class Failed(Exception):
    """A fact does not hold in this host; the text says what was seen instead."""


class NotRun(Exception):
    """A fact could not be looked at here; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Check(Generic[Bench]):
    """Something that ought to hold.

    Attributes:
        name: What ought to hold, as a sentence without a full stop; other checks know it by that.
        look: Looks, and says what it saw. Raises `Failed` or `NotRun`; any other exception is a
            failure, too.
        facts: The entries of the ledger of host calls that it confirms.
        after: Names of checks that have to pass before.
        thread: Where it runs.
    """

    name: str
    look: Callable[[Bench], str]
    facts: tuple[str, ...]
    after: tuple[str, ...] = ()
    thread: Thread = "main"


def gone_through(checks: Iterable[Check[Bench]], bench: Bench) -> Iterator[Line]:
    """Go through all checks in order, whatever becomes of any of them."""
    passed: set[str] = set()
    for check in checks:
        lacking = [name for name in check.after if name not in passed]
        begun = time.perf_counter()
        outcome, text = _skipped(lacking) if lacking else _looked(check, bench)
        if outcome == "PASS":
            passed.add(check.name)
        yield Line(
            name=check.name,
            outcome=outcome,
            text=text,
            facts=check.facts,
            seconds=round(time.perf_counter() - begun, 3),
        )


def expect(holds: bool, otherwise: str) -> None:
    """Fail with these words unless it holds.

    Raises:
        Failed: It does not.
    """
    if not holds:
        raise Failed(otherwise)


def same(what: str, *, expected: object, got: object) -> None:
    """Fail unless both are equal.

    Raises:
        Failed: They differ.
    """
    expect(got == expected, f"{what} is not as expected (expected {expected!r}, got {got!r})")


def _skipped(lacking: list[str]) -> tuple[Outcome, str]:
    return "NOT RUN", f"needs '{lacking[0]}'"


def _looked(check: Check[Bench], bench: Bench) -> tuple[Outcome, str]:
    try:
        if check.thread == "kit":
            return "PASS", check.look(bench)
        return "PASS", on_main(check.look, bench)
    except NotRun as reason:
        return "NOT RUN", str(reason)
    except Failed as failure:
        return "FAIL", str(failure)
    except Exception as error:
        # A host answers a wrong call with any exception, and the next check has to run all the same
        return "FAIL", f"{type(error).__name__}: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
