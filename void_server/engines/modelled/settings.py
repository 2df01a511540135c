"""The parameters that all engines with a model share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.errors import RequestError
from bridge.messages import ParameterInfo
from bridge.shot import Parameter
from void_server.engines.graining import GRAINS, grain_info
from void_server.model_view.color_settings import CURVES, PRIMARIES, ColorSettings
from void_server.model_view.plan import FITS

AUTO = "auto"
"""Text of a parameter that is chosen by what the shot holds."""

UPSCALES = ("auto", "on", "off")

_BOX = re.compile(r"(-?\d{1,6}),(-?\d{1,6}),(\d{1,6}),(\d{1,6})")


@dataclass(frozen=True, kw_only=True)
class Finish:
    """Parameters, complete and typed.

    Attributes:
        fit: How the model's picture lies over the plate, one of `FITS`.
        region: (left, top, width, height) on the canvas; None chooses it by the mattes.
        color: Model space.
        match: Whether colour and seam are brought to the plate's.
        detail: Whether real pixels of other frames sharpen what the model made.
        upscale: Whether super-resolution enlarges the model's picture, one of `UPSCALES`.
        grain: Whether the fill gets grain like the plate's.
    """

    fit: str = AUTO
    region: tuple[int, int, int, int] | None = None
    color: ColorSettings = field(default_factory=ColorSettings)
    match: bool = True
    detail: bool = True
    upscale: str = AUTO
    grain: str = GRAINS[0]

    @classmethod
    def of(cls, parameters: Mapping[str, Parameter]) -> Finish:
        """Read them; one that is not named has its default.

        Raises:
            RequestError: A text is neither ``auto`` nor what it should be.
        """
        given = {info.name: parameters.get(info.name, info.default) for info in infos()}
        return cls(
            fit=str(given["fit"]),
            region=_region(str(given["region"])),
            color=ColorSettings.of(parameters),
            match=bool(given["match"]),
            detail=bool(given["detail"]),
            upscale=str(given["upscale"]),
            grain=str(given["grain"]),
        )


def infos() -> tuple[ParameterInfo, ...]:
    """The parameters as a host is told of them."""
    return (
        _choice("fit", "Fit", "How the model's picture lies over the plate: one crop around the "
                "mattes, overlapping tiles, or the whole plate squeezed.", FITS),
        _text("region", "Region", "Part of the plate that the model sees: left,top,width,height "
              "in pixels; auto follows the mattes."),
        _choice("curve", "Model space", "Curve from scene-linear to what the model sees; auto is "
                "sRGB with a shoulder up to the shot's peak.", CURVES),
        _choice("primaries", "Primaries", "Of the model space; auto is Rec.709 unless colours "
                "lie outside it.", PRIMARIES),
        _text("exposure", "Exposure", "Stops by which the model's copy is raised; auto by the "
              "shot's mean."),
        _text("peak", "Peak", "Brightest value the model's copy holds, 1 to 1024; auto by the "
              "shot."),
        _switch("match", "Match colour", "Bring the model's colour, flicker and seam to the "
                "plate's."),
        _switch("detail", "Real detail", "Take detail from other frames where they show the "
                "background."),
        _choice("upscale", "Super-resolution", "Enlarge with a network; auto: where its weights "
                "are, on a GPU.", UPSCALES),
        grain_info(),
    )  # fmt: skip


def _choice(name: str, label: str, text: str, choices: tuple[str, ...]) -> ParameterInfo:
    return ParameterInfo(name=name, label=label, help=text, default=choices[0], choices=choices)


def _text(name: str, label: str, text: str) -> ParameterInfo:
    return ParameterInfo(name=name, label=label, help=text, default=AUTO)


def _switch(name: str, label: str, text: str) -> ParameterInfo:
    return ParameterInfo(name=name, label=label, help=text, default=True)


def _region(text: str) -> tuple[int, int, int, int] | None:
    if text == AUTO:
        return None
    found = _BOX.fullmatch(text.replace(" ", ""))
    left, top, width, height = (int(part) for part in found.groups()) if found else (0, 0, 0, 0)
    if not width or not height:
        raise RequestError(
            "parameter region",
            f"it is no part of a plate (expected left,top,width,height in pixels, got {text!r})",
            "For example 600,200,672,384.",
            code="parameter",
        )
    return left, top, width, height
