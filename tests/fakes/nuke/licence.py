"""Licences that let Python reach only so many nodes."""

from __future__ import annotations

MOST_NODES = 10
"""Nodes that Python can get hold of in one session of Non-commercial or Indie."""

LICENCES = ("commercial", "nc", "indie")


class NodeLimit:
    """Counts the different nodes that Python was given; deleting one does not give it back."""

    def __init__(self, licence):
        if licence not in LICENCES:
            raise ValueError(f"no such licence: {licence!r} (expected one of {LICENCES})")
        self._limited = licence != "commercial"
        self._given = []

    def reached(self, node):
        """Note a node on its way to Python.

        Raises:
            RuntimeError: It is one too many.
        """
        if self._limited and not any(node is one for one in self._given):
            if len(self._given) == MOST_NODES:
                raise RuntimeError(
                    f"{MOST_NODES} node limit for Node objects accessible in Python. "
                    "Please restart Nuke."
                )
            self._given.append(node)
        return node
