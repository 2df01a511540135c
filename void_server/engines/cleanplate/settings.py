"""The engine's parameters and what a host is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.messages import EngineInfo, ParameterInfo
from bridge.shot import Parameter
from void_server.engines.graining import GRAINS, grain_info


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parameters, complete and typed.

    Attributes:
        search: How many frames each way background is looked for; 0 means the whole shot.
        max_sources: How many frames vote on a pixel.
        dense_flow: Whether what a homography leaves over is followed by optical flow.
        grain: Whether what is invented gets grain like the plate's: ``match`` or ``none``.
    """

    search: int = 0
    max_sources: int = 5
    dense_flow: bool = True
    grain: str = GRAINS[0]

    @classmethod
    def of(cls, parameters: Mapping[str, Parameter]) -> Settings:
        """Read them; one that is not named has its default."""
        default = cls()
        return cls(
            search=int(parameters.get("search", default.search)),
            max_sources=int(parameters.get("max_sources", default.max_sources)),
            dense_flow=bool(parameters.get("dense_flow", default.dense_flow)),
            grain=str(parameters.get("grain", default.grain)),
        )


def description() -> EngineInfo:
    """Name, words and parameters of the engine."""
    default = Settings()
    return EngineInfo(
        name="cleanplate",
        label="Clean plate",
        help="Real pixels from other frames, tracked to the camera; what no frame shows is "
        "continued from its surroundings.",
        device="cpu",
        parameters=(
            ParameterInfo(
                name="search",
                label="Search",
                help="How far to look for background, frames before and after; 0 = whole shot.",
                default=default.search,
                minimum=0,
                maximum=10000,
            ),
            ParameterInfo(
                name="max_sources",
                label="Sources",
                help="How many frames vote on each pixel; more resists passers-by and takes "
                "longer.",
                default=default.max_sources,
                minimum=1,
                maximum=15,
            ),
            ParameterInfo(
                name="dense_flow",
                label="Follow parallax",
                help="Follow by optical flow what lies before or behind the tracked plane.",
                default=default.dense_flow,
            ),
            grain_info(),
        ),
    )
