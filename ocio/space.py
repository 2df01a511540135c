"""A colour space, as a config describes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Space:
    """A colour space of a config.

    Attributes:
        name: Its name in the config.
        interop_id: Its ID as the Color Interop Forum spells it, or "": the config's, or that of
            the standard whose space one of its names stands for.
        linear: Whether its numbers are scene light.
        data: Whether its numbers are no colour at all.
        display: Whether it is defined relative to a display.
    """

    name: str
    interop_id: str
    linear: bool
    data: bool
    display: bool

    @property
    def label(self) -> str:
        """The interop ID where there is one, else the name: what goes into records."""
        return self.interop_id or self.name
