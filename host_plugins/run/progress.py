"""How far a run is, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bridge.errors import VoidError
from bridge.landing import Landing

Stage = Literal["checking", "exporting", "reading", "sending", "waiting", "running", "landing"]
"""What a run does now. It is never stored: a document that is reopened runs nothing."""

End = Literal["done", "cancelled", "failed", "detached"]
"""How a run ends; ``detached`` leaves the job to the server, to be collected later."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A run as it stands.

    Attributes:
        stage: What it does.
        text: The same for the artist, with numbers, e.g. ``denoising 12 of 50, pass 1``.
        done: Share of the whole run that is done, 0 to 1; None when nobody knows.
        eta: Seconds to the end, or None.
        view: The view in hand.
        finished: Frames of that view that have landed.
        total: Frames wanted of that view.
    """

    stage: Stage
    text: str
    done: float | None = None
    eta: float | None = None
    view: str = ""
    finished: int = 0
    total: int = 0


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ended.

    Attributes:
        end: In a word.
        text: The same for the artist, in one or two sentences.
        landings: What has landed, by view; a view without a frame is not in it.
        error: What went wrong, or None.
    """

    end: End
    text: str
    landings: Mapping[str, Landing] = field(default_factory=dict)
    error: VoidError | None = None
