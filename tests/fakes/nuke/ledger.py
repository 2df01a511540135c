"""What the fake believes of Nuke: read from the ledger of host calls, node classes and knobs."""

from __future__ import annotations

import functools
import json
from pathlib import Path

FILE = Path(__file__).parents[1] / "host_api.json"


@functools.cache
def ledger():
    """The whole ledger."""
    return json.loads(FILE.read_text("utf-8"))


def node_class(name):
    """The entry of a node class.

    Raises:
        RuntimeError: Nobody has written it down; the real host says so of a command it lacks.
    """
    try:
        return ledger()["nodes"][name]
    except KeyError:
        raise RuntimeError(f"{name}: Unknown command (not in {FILE.name})") from None


def knobs_of(name):
    """The knobs of a node class by name, those that every node has first."""
    common = ledger()["every_node"]["knobs"]
    own = root_knobs() if name == "Root" else node_class(name).get("knobs", {})
    return {**common, **own}


def root_knobs():
    return {**ledger()["nodes"].get("Root", {}).get("knobs", {}), **ledger()["root"]["knobs"]}


def inputs_of(name):
    """The least and the most inputs of a node class."""
    inputs = node_class(name).get("inputs", {}) if name != "Root" else {}
    return inputs.get("minimum", 0), inputs.get("maximum", 0)
