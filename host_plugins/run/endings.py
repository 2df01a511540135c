"""How a run ended, in the artist's words: what there is now, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bridge.errors import ConnectionLost, VoidError
from bridge.landing import Landing
from bridge.sequence import listed
from bridge.wording import duration
from host_plugins.run.order import Purpose
from host_plugins.run.progress import Ending
from host_plugins.run.texts import coded, told

PLATE = "the plate is unchanged"


class _Ran(msgspec.Struct, frozen=True):
    """The part of a server's record that an artist wants to read at once."""

    engine: str = ""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


def done(landings: Mapping[str, Landing], purpose: Purpose = "remove") -> Ending:
    """Everything is there."""
    ran = [_ran(landing) for landing in landings.values()]
    frames = {frame for landing in landings.values() for frame in landing.finished}
    # The versions of previews are apart, and no host offers them by number.
    what = "The preview" if purpose == "preview" else _versions(landings)
    parts = [f"{what} is there: frames {listed(frames)}"]
    parts += sorted({f"engine {one.engine}" for one in ran if one.engine})
    seconds = sum(one.seconds for one in ran)
    parts += [duration(seconds)] if seconds else []
    notes = dict.fromkeys(f"Note: {warning}" for one in ran for warning in one.warnings)
    text = "\n".join([f"{', '.join(parts)}.", *notes])
    return Ending(end="done", text=text, landings=dict(landings))


def cancelled(
    landings: Mapping[str, Landing],
    wanted: int,
    purpose: Purpose = "remove",
    *,
    untold: bool = False,
) -> Ending:
    """The artist has stopped it, or somebody at the server.

    Args:
        landings: What has landed, by view.
        wanted: Frames wanted of all views.
        purpose: What it was for.
        untold: Whether the server could not be told.
    """
    text = f"Cancelled. {_kept(landings, wanted, purpose)}."
    if untold:
        text += " The server does not answer and may go on with it: cancel it in the job panel."
    return Ending(end="cancelled", text=text, landings=dict(landings))


def declined() -> Ending:
    """The server is busy, and the artist does not want to wait."""
    return Ending(end="cancelled", text="Not sent. Your script was not changed.")


def left(landings: Mapping[str, Landing], wanted: int, *, at_server: bool) -> Ending:
    """Nobody waits here any more."""
    what = "The job goes on at the server" if at_server else "Stopped before everything was sent"
    text = f"{what}; {_so_far(landings, wanted)}."
    return Ending(end="detached", text=text, landings=dict(landings))


def away(landings: Mapping[str, Landing]) -> Ending:
    """A job is to be collected, and its server, which knows how long it is, does not answer."""
    text = f"The server does not answer just now; {_so_far(landings, 0)}."
    return Ending(end="detached", text=text, landings=dict(landings))


def others(error: VoidError, landings: Mapping[str, Landing]) -> Ending:
    """Somebody else brings the frames already, into the same folder: nothing is wrong with that."""
    return Ending(end="detached", text=told(error), landings=dict(landings))


def failed(
    error: VoidError,
    landings: Mapping[str, Landing],
    wanted: int,
    purpose: Purpose = "remove",
    *,
    at_server: bool,
) -> Ending:
    """Something went wrong.

    Args:
        error: What.
        landings: What has landed, by view.
        wanted: Frames wanted of all views.
        purpose: What the run was for.
        at_server: Whether the server has the job and goes on with it.
    """
    text, kept = told(error), _kept(landings, wanted, purpose)
    if isinstance(error, ConnectionLost) and at_server:
        text = coded(
            f"The VOID {error.subject} stopped answering. {kept}. Press the button again to go on.",
            error.code,
        )
    elif landings:
        text = f"{text}\n{kept}."
    return Ending(end="failed", text=text, landings=dict(landings), error=error)


def _kept(landings: Mapping[str, Landing], wanted: int, purpose: Purpose) -> str:
    count = _count(landings)
    if not count:
        return f"No frame was finished; {PLATE}"
    where = "the preview" if purpose == "preview" else _versions(landings)
    return f"{count} of {wanted} frames kept in {where}; {PLATE}"


def _so_far(landings: Mapping[str, Landing], wanted: int) -> str:
    of_all = f" of {wanted}" if wanted else ""
    return f"{_count(landings)}{of_all} frames are here"


def _count(landings: Mapping[str, Landing]) -> int:
    return sum(len(landing.finished) for landing in landings.values())


def _versions(landings: Mapping[str, Landing]) -> str:
    return " and ".join(sorted({landing.version.label for landing in landings.values()}))


def _ran(landing: Landing) -> _Ran:
    try:
        return msgspec.convert(landing.record, _Ran)
    except msgspec.ValidationError:
        return _Ran()
