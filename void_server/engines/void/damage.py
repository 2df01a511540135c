"""What is said of a file of the checkpoint that cannot be used."""

from __future__ import annotations

from pathlib import Path

from bridge.errors import ServerError

HINT = (
    "'void weights verify' looks at every file, 'void weights fetch --replace' gets a damaged one "
    "again."
)


def damaged(file: Path, text: str, hint: str = HINT) -> ServerError:
    """The error for ``file``; its code is ``weights``.

    Args:
        file: What cannot be used.
        text: What is wrong with it, with what was expected and got; no full stop.
        hint: What to do about it, as a sentence.
    """
    return ServerError(str(file), text, hint, code="weights")


def quoted(name: str) -> str:
    """A name out of a file, safe to print: no control characters, no line of a thousand letters."""
    text = repr(name)
    return text if len(text) <= 120 else f"{text[:120]}...'"
