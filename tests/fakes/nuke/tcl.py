"""The little of TCL that text knobs and scripts go through."""

from __future__ import annotations

import os
import posixpath
import re

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def unescaped(text):
    """What a backslash does to the character behind it when a script is read."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)


def quoted(text):
    """A word as a script keeps it."""
    return "{" + text + "}" if not text or re.search(r"\s", text) else text


def words(text):
    """Split a list; braces and quotes hold words together.

    Raises:
        RuntimeError: A brace or quote is not closed.
    """
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word, at = _word(text, at)
        found.append(word)
    return found


def _word(text, at):
    if text[at] == "{":
        end = _closing(text, at)
        return text[at + 1 : end], end + 1
    if text[at] == '"':
        end = text.find('"', at + 1)
        if end < 0:
            raise RuntimeError(f"unmatched quote in {text!r}")
        return unescaped(text[at + 1 : end]), end + 1
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return unescaped(text[at:end]), end


def _closing(text, at):
    depth = 0
    for index in range(at, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if not depth:
            return index
    raise RuntimeError(f"unmatched open brace in {text!r}")


def substituted(text, value):
    """Replace ``[commands]`` by what they say, inner ones first; ``value`` looks a knob up by name.

    Raises:
        RuntimeError: A command that the fake does not know, as for one that Nuke does not.
    """
    while (end := text.find("]")) >= 0 and (begin := text.rfind("[", 0, end)) >= 0:
        command = text[begin + 1 : end].split(None, 2)
        text = text[:begin] + _command(command, value) + text[end + 1 :]
    return text


def _command(command, value):
    match command:
        case ["value" | "knob", name]:
            return value(name)
        case ["getenv", name]:
            return os.environ.get(name, "")
        case ["file", "dirname", path]:
            return posixpath.dirname(path) or "."
        case ["file", "dirname"]:
            return "."  # of nothing, as in a script without a name
        case ["file", "tail", path]:
            return posixpath.basename(path)
        case ["file", "rootname", path]:
            return posixpath.splitext(path)[0]
    raise RuntimeError(f'invalid command name "{" ".join(command)}"')
