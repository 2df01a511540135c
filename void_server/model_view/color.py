"""A plate's scene-linear light to the numbers that a model is shown, and back.

One choice for the whole shot, written with the result: primaries, exposure, curve and peak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from bridge.errors import RequestError
from ocio.conversion import CameraLog, Conversion, Rgb
from ocio.model_names import space_label
from ocio.model_space import HIGHEST_PEAK, ModelSpace, tamed
from ocio.strips import Bench, strips
from void_server.engines.engine import Fact
from void_server.model_view.color_settings import ColorSettings
from void_server.model_view.lights import Lights
from void_server.model_view.primaries import Primaries, ways
from void_server.plate import PlateColor

ENOUGH_OUTSIDE = 0.005
"""Share of pixels beyond Rec.709 from which AP1 is worth its price: models were trained on Rec.709
and see two thirds of the chroma in AP1."""

_LOG_REACH = 2.0
"""Light that a camera's log curve reaches at code 1, at least; display curves reach 1."""


@dataclass(frozen=True, kw_only=True)
class ModelColor:
    """The way from a plate's scene-linear numbers to a model's and back.

    Attributes:
        space: Exposure and curve.
        primaries: What the curve is applied on.
        plate: The plate's scene-linear space, by ID or name.
        ceiling: Light in these primaries that `decode` stays below. A model that overshoots
            near 1, where the curve is steepest, would else outshine the brightest plate pixel.
        label: The space of the model's numbers, less the exposure.
        warnings: What the artist should know about it.
    """

    space: ModelSpace
    primaries: Primaries
    plate: str
    ceiling: float = math.inf
    label: str = ""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    there: Conversion = field(repr=False, compare=False)
    back: Conversion = field(repr=False, compare=False)

    @classmethod
    def of(
        cls,
        plate: PlateColor,
        lights: Lights,
        settings: ColorSettings | None = None,
        *,
        subject: str = "plate",
    ) -> ModelColor:
        """The colour for a shot.

        Args:
            plate: The plate's colour.
            lights: What the whole shot holds.
            settings: What was asked for; None leaves all of it to the shot.
            subject: How messages name the plate.

        Raises:
            RequestError: Nobody knows the plate's space, its config does not know the primaries,
                or its camera's log curve was asked for and it has none.
        """
        settings = settings or ColorSettings()
        primaries = _primaries(settings, lights)
        there, back = ways(plate, primaries, subject=subject)
        space = _space(plate, lights, settings, primaries, subject)
        return cls(
            space=space,
            primaries=primaries,
            plate=plate.linear,
            label=space_label(space.curve, space.peak, primaries, plate.space),
            warnings=_warnings(space, lights, primaries),
            there=there,
            back=back,
        )

    def encode(self, rgb: Rgb) -> Rgb:
        """The plate's scene-linear light to code.

        Args:
            rgb: (..., 3) float32; NaN counts as 0, Inf as very bright; not changed.

        Returns:
            The same shape, C-contiguous, 0 to 1.
        """
        code = np.empty(_triples(rgb).shape, np.float32)
        bench = Bench()
        for part, into in strips(rgb, code, width=3):
            # Tamed first: a matrix would spread what is not finite to the other channels.
            self.space.encode_into(self.there.turned(tamed(part)), into, bench)
        return code

    def decode(self, code: Rgb) -> Rgb:
        """Code to the plate's scene-linear light.

        Args:
            code: (..., 3) float32; cut to 0 to 1, NaN counts as 0; not changed.

        Returns:
            The same shape, C-contiguous, finite.
        """
        light = np.empty(_triples(code).shape, np.float32)
        bench = Bench()
        for part, into in strips(code, light, width=3):
            self.space.decode_into(part, into, bench)
            if self.ceiling < math.inf:
                np.minimum(into, self.ceiling, out=into)
            into[...] = self.back.turned(into)
        return light

    def facts(self) -> dict[str, Fact]:
        """What the sidecar says of it; the first ones are parameters that ask for the same."""
        facts: dict[str, Fact] = {
            "curve": self.space.curve,
            "primaries": self.primaries,
            "exposure": self.space.exposure,
            "model_space": self.label,
        }
        if self.space.curve == "shaper":
            facts["peak"] = self.space.peak
        return facts


def _triples(rgb: Rgb) -> Rgb:
    if rgb.shape[-1:] != (3,):
        raise ValueError(f"three components are expected in the last axis (got shape {rgb.shape})")
    return rgb


def _primaries(settings: ColorSettings, lights: Lights) -> Primaries:
    if settings.primaries != "auto":
        return settings.primaries
    if settings.curve == "camera-log":
        return "plate"
    if settings.curve == "acescct" or lights.outside > ENOUGH_OUTSIDE:
        return "ap1"
    return "rec709"


def _space(
    plate: PlateColor,
    lights: Lights,
    settings: ColorSettings,
    primaries: Primaries,
    subject: str,
) -> ModelSpace:
    if settings.curve == "auto" or settings.curve == "shaper":
        return ModelSpace.of_shot(
            lights.luminance,
            lights.peak(primaries),
            exposure=settings.exposure,
            ceiling=settings.peak,
        )
    log = _camera_log(plate, subject) if settings.curve == "camera-log" else None
    return ModelSpace.of_curve(settings.curve, exposure=settings.exposure or 0.0, log=log)


def _camera_log(plate: PlateColor, subject: str) -> CameraLog:
    config, own, linear = plate.config, plate.own_space, plate.linear_space
    if config is not None and own is not None and linear is not None and plate.is_curve:
        log = CameraLog(config.conversion(linear, own), config.conversion(own, linear))
        if ModelSpace.of_curve("camera-log", log=log).peak >= _LOG_REACH:
            return log
    raise RequestError(
        subject,
        f"the curve camera-log is that of a plate in its camera's log space (got {plate.space})",
        "Take the curve auto, or say with --colorspace what the plate is in.",
        code="parameter",
    )


def _warnings(space: ModelSpace, lights: Lights, primaries: Primaries) -> tuple[str, ...]:
    raised = lights.peak(primaries) * 2.0**space.exposure
    highest = lights.highest(primaries) * 2.0**space.exposure
    if highest <= space.peak * 1.01:
        return ()
    if raised <= space.peak * 1.01:
        return (
            f"a few highlights, up to {highest:.3g}, are beyond the {space.peak:g} where the "
            "model's curve ends: the model sees them as that, and a fill there goes no higher; "
            "the parameter peak raises it",
        )
    what = (
        f"beyond {HIGHEST_PEAK:g} of light the model is shown white"
        if space.peak >= HIGHEST_PEAK
        else f"the {space.curve} curve ends at {space.peak:g}"
    )
    return (f"{what} and the plate reaches {raised:.3g}: brighter parts come back at that limit",)
