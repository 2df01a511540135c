"""The arguments of a script that ``nuke -t SCRIPT.py ARGUMENTS`` runs, and how it ends."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

import nuke

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the signal's number."""


def arguments(argv: Sequence[str]) -> list[str]:
    """What was written behind the script's name, with what Nuke took away from the end.

    A last argument that looks like a number or a range of frames is taken for Nuke's own ``-F``
    and does not arrive in ``sys.argv``; ``nuke.rawArgs`` still has it.

    Source: Nuke 15.0 Python developers' guide, "Using Command-line Arguments".

    Args:
        argv: ``sys.argv``, with or without the script's name at its beginning.
    """
    given = list(argv[1:]) if argv and argv[0].lower().endswith(".py") else list(argv)
    raw = [str(word) for word in nuke.rawArgs]
    taken = given and raw[-len(given) - 1 : -1] == given
    return [*given, raw[-1]] if taken else given


def parsed(parser: ArgumentParser, argv: Sequence[str]) -> Namespace | int:
    """The arguments, or the exit code when there is nothing to do: ``--help``, or a wrong word."""
    try:
        return parser.parse_args(arguments(argv))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2


def say(text: str) -> None:
    """A line of the result, at once: a farm shows it while the job runs."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(error: Exception) -> None:
    """One line that says what is wrong, where a farm looks for it."""
    sys.stderr.write(f"{' '.join(str(error).split())}\n")
    sys.stderr.flush()
