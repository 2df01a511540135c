"""What came of a job, read back from the sidecar that landed with it."""

from __future__ import annotations

import msgspec

from bridge.cli import show
from bridge.errors import ServerError
from bridge.landing import Landing


class Outcome(msgspec.Struct, frozen=True):
    """A finished job, as ``--json`` prints it.

    Attributes:
        job: The job's id.
        state: ``done``.
        engine: The engine that ran.
        first_frame: First frame, inclusive.
        last_frame: Last frame, inclusive.
        out: The version folder.
        patterns: The sequences in it by kind, as patterns with a folder.
        report: The page that shows what came of it; "" when the server made none.
        changed_outside: Values outside the composite alpha whose bits are not the plate's; None
            when the server did not say.
        seconds: Time it took to compute.
        warnings: What the artist should know.
    """

    job: str
    state: str
    engine: str
    first_frame: int
    last_frame: int
    out: str
    patterns: dict[str, str]
    report: str
    changed_outside: int | None
    seconds: float
    warnings: tuple[str, ...]


class _Ran(msgspec.Struct, frozen=True):
    """The part of the server's record that an `Outcome` repeats."""

    engine: str = ""
    changed_outside: int | None = None
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


def outcome(landing: Landing) -> Outcome:
    """Read the sidecar of a finished landing.

    Raises:
        ServerError: The server's part of it is not as expected.
    """
    version = landing.version
    try:
        ran = msgspec.json.decode(version.sidecar.read_bytes(), type=_Ran)
    except (OSError, msgspec.DecodeError) as error:
        raise ServerError(
            str(version.sidecar),
            f"the record of what ran cannot be read ({error})",
            "The frames are there; only this report is missing.",
            code="bad_sidecar",
        ) from error
    return Outcome(
        job=landing.job,
        state="done",
        engine=ran.engine,
        first_frame=landing.finished[0],
        last_frame=landing.finished[-1],
        out=str(version.folder.absolute()),
        patterns=_patterns(landing),
        report=str(version.page.absolute()) if version.page.exists() else "",
        changed_outside=ran.changed_outside,
        seconds=ran.seconds,
        warnings=ran.warnings,
    )


def say_outcome(result: Outcome, landing: Landing, *, was_there: bool, as_json: bool) -> None:
    """Print what came of a job: one JSON object, or a few lines."""
    if as_json:
        show.answer(result)
        return
    version = landing.version
    done = "is there already" if was_there else f"took {show.duration(result.seconds)}"
    frames = f"{result.first_frame}-{result.last_frame}"
    show.say(f"{version.stem} {done}: frames {frames}, engine {result.engine}")
    for pattern in result.patterns.values():
        show.say(f"  {pattern}")
    if result.report:
        show.say(f"  {result.report}")
    if result.changed_outside is not None:
        show.say(f"  changed outside the matte: {result.changed_outside}")
    for warning in result.warnings:
        show.say(f"  note: {warning}")


def _patterns(landing: Landing) -> dict[str, str]:
    kinds = [kind for kind, frames in landing.standing.items() if frames]
    return {kind: str(landing.version.pattern(kind).absolute()) for kind in kinds}
