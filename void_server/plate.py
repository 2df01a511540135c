"""The plate's colour: what an engine sees, what a new file holds, and the way back.

Pixels that are kept never come through here: they stay in the file's own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from bridge.errors import RequestError
from ocio.convert import ColorConfig, Rgb, Space, built_in
from void_server.images.picture import Picture, Plane
from void_server.images.source import Untagged

HALF_MAX = 65504.0
"""Largest finite half."""

DISPLAY_DEFAULT = "srgb_rec709_scene"
"""What untagged video and 8-bit stills are taken for."""


@dataclass(frozen=True)
class PlateColor:
    """The colour of a plate and of what is made from it.

    Attributes:
        space: Colour space of the plate's own numbers, or "" when nobody knows.
        linear: The scene-linear space that an engine sees and new files hold, or "": its interop
            ID, or its name in `config` where it has none.
        assumed: Whether ``space`` is our assumption rather than a tag or an order.
        warnings: What the artist should know about it.
    """

    space: str
    linear: str
    assumed: bool = False
    warnings: tuple[str, ...] = ()
    _config: ColorConfig | None = field(default=None, repr=False, compare=False)
    _source: Space | None = field(default=None, repr=False, compare=False)
    _target: Space | None = field(default=None, repr=False, compare=False)
    _is_curve: bool = field(default=True, repr=False, compare=False)

    @property
    def converts(self) -> bool:
        """Whether the plate's numbers are not already scene-linear."""
        return self._source is not None and self._source != self._target

    def to_linear(self, rgb: Rgb) -> Rgb:
        """(..., 3) float32 from the plate's space to scene-linear; may work in place."""
        if self._config is None or self._source is None or self._target is None:
            return rgb
        return self._config.convert(rgb, source=self._source, target=self._target)

    def from_linear(self, rgb: Rgb) -> Rgb:
        """(..., 3) float32 from scene-linear to the plate's space; may work in place."""
        if self._config is None or self._source is None or self._target is None:
            return rgb
        return self._config.convert(rgb, source=self._target, target=self._source)

    @property
    def is_curve(self) -> bool:
        """Whether `to_linear` treats each channel by itself."""
        return self._is_curve

    @property
    def interop_id(self) -> str:
        """What new files are tagged with: the ID of `linear`, or "" where it has none.

        Never a name that only one show's config knows. Source: ASWF Color Interop Forum,
        "Identifying the Color Space of OpenEXR Files" 1.0.0.
        """
        return self.linear if self._target is None else self._target.interop_id

    @property
    def config(self) -> ColorConfig | None:
        """Where its spaces are looked up; None where nobody had to.

        The shot's own, or the built-in one where the plate is in a standard's space that the
        shot's config lacks.
        """
        return self._config

    @property
    def own_space(self) -> Space | None:
        """The space of the plate's own numbers, as `config` has it."""
        return self._source

    @property
    def linear_space(self) -> Space | None:
        """The scene-linear space, as `config` has it."""
        return self._target


def plate_color(
    *,
    tag: str | None,
    wanted: str,
    untagged: Untagged,
    config: ColorConfig,
    subject: str,
) -> PlateColor:
    """Decide the plate's colour: what was asked for, else the file's tag, else its format.

    Args:
        tag: What the file says, or None.
        wanted: What the caller says, or "".
        untagged: What the numbers may be taken for when neither says anything.
        config: Where names are looked up. What a file's tag means is a standard's business, so
            that the built-in config is asked where this one does not know it.
        subject: How messages name the plate.

    Raises:
        RequestError: The name is unknown, or nobody says and it may not be assumed.
    """
    if wanted:
        return _known(wanted, config, subject, warnings=_disagreement(tag, wanted, config))
    if tag:
        return _tagged(tag, config, subject)
    if untagged == "linear":
        return PlateColor(
            "",
            "",
            assumed=True,
            warnings=(
                f"{subject} does not say its colour space: taken as scene-linear, unchanged",
            ),
        )
    if untagged == "display":
        warning = f"{subject} does not say its colour space: taken as {DISPLAY_DEFAULT}"
        return _tagged(DISPLAY_DEFAULT, config, subject, assumed=True, warnings=(warning,))
    raise RequestError(
        subject,
        "it does not say its colour space and may be log or video",
        f"Pass --colorspace, e.g. one of {config.examples()}.",
        code="colorspace",
    )


def deliverable(picture: Picture, color: PlateColor) -> Picture:
    """The picture in the numbers in which it is returned.

    An EXR frame is returned as it is. Anything else becomes scene-linear half, channels R, G, B
    and A where there is one.
    """
    if picture.exr is not None:
        return picture
    planes = _linear_half(picture, color)
    if "A" in picture.channels:
        planes["A"] = _as_float(picture.channel("A")).astype(np.float16)
    return replace(picture, planes=planes, colorspace=color.linear or None)


def engine_rgb(picture: Picture, color: PlateColor) -> Rgb:
    """(h, w, 3) float32 over the data window, scene-linear and finite, from a `deliverable`."""
    planes = [picture.channel(name) for name in picture.rgb_names()]
    # One large allocation, no temporaries: fresh memory costs more here than the conversion.
    rgb: Rgb = np.empty((*picture.data_window.shape, 3), np.float32)
    for index, plane in enumerate(planes):
        rgb[:, :, index] = plane
    if not all(_is_finite(plane) for plane in planes):
        fill_nonfinite(rgb)
    if picture.exr is not None and color.converts:
        rgb = color.to_linear(rgb)
        fill_nonfinite(rgb)
    return rgb


def _is_finite(plane: Plane) -> bool:
    """Whether no number is NaN or Inf; half is looked at as bits, which is ten times faster."""
    if plane.dtype == np.float16:
        return bool((plane.view(np.uint16) & 0x7FFF).max() < 0x7C00)
    return bool(np.isfinite(plane).all())


def fill_nonfinite(rgb: Rgb) -> None:
    """Replace NaN and Inf in place, channel by channel.

    Infinity becomes the largest half. NaN becomes the mean of the finite pixels around it (3x3),
    or 0 where there are none. Done before any filter or matrix, which would spread it.

    Args:
        rgb: (h, w, 3) float32.
    """
    if np.isfinite(rgb).all():
        return
    for index in range(rgb.shape[2]):
        plane = np.ascontiguousarray(rgb[:, :, index])
        finite = np.isfinite(plane)
        if finite.all():
            continue
        nan = np.isnan(plane)
        known = np.where(finite, plane, 0).astype(np.float64)
        total = cv2.boxFilter(known, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        count = cv2.boxFilter(
            finite.astype(np.float64), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        mean = np.where(count > 0.5, total / np.maximum(count, 1.0), 0.0)
        np.clip(plane, -HALF_MAX, HALF_MAX, out=plane, where=~finite & ~nan)
        rgb[:, :, index] = np.where(nan, mean, plane)


def _tagged(
    tag: str,
    config: ColorConfig,
    subject: str,
    *,
    assumed: bool = False,
    warnings: tuple[str, ...] = (),
) -> PlateColor:
    knowing = _knowing(tag, config)
    if knowing is not config:
        said = f"{subject}: {config.name} has no {tag}; it was taken from {knowing.name}"
        warnings = (*warnings, said)
    return _known(tag, knowing, subject, assumed=assumed, warnings=warnings)


def _knowing(tag: str, config: ColorConfig) -> ColorConfig:
    """The config that knows a tag: the built-in one where it does and the shot's does not."""
    return config if config.knows(tag) or not built_in().knows(tag) else built_in()


def _known(
    name: str,
    config: ColorConfig,
    subject: str,
    *,
    assumed: bool = False,
    warnings: tuple[str, ...] = (),
) -> PlateColor:
    space = config.find(name, subject=subject)
    if space.data:
        said = f"{subject} is tagged {space.label}: taken as scene-linear, unchanged"
        return PlateColor(space.label, "", assumed=True, warnings=(*warnings, said))
    source = config.scene_twin(space, subject=subject)
    target, is_curve = config.linear_of(source)
    return PlateColor(
        source.label, target.label, assumed, warnings, config, source, target, is_curve
    )


def _disagreement(tag: str | None, wanted: str, config: ColorConfig) -> tuple[str, ...]:
    if not tag:
        return ()
    try:
        same = _knowing(tag, config).find(tag).label == config.find(wanted).label
    except RequestError:
        same = False
    return () if same else (f"the plate is tagged {tag} and was taken as {wanted}, as asked",)


def _linear_half(picture: Picture, color: PlateColor) -> dict[str, Plane]:
    planes = [picture.channel(name) for name in picture.rgb_names()]
    integers = all(plane.dtype in (np.uint8, np.uint16) for plane in planes)
    if integers and color.is_curve:
        curve = _curve(int(np.iinfo(planes[0].dtype).max), color)
        return {name: curve[plane] for name, plane in zip("RGB", planes, strict=True)}
    rgb = np.stack([_as_float(plane) for plane in planes], axis=-1)
    rgb = np.clip(color.to_linear(rgb), -HALF_MAX, HALF_MAX)
    return {name: rgb[:, :, index].astype(np.float16) for index, name in enumerate("RGB")}


def _curve(top: int, color: PlateColor) -> npt.NDArray[np.float16]:
    """Scene-linear half for every code value from 0 to ``top``."""
    codes = (np.arange(top + 1, dtype=np.float64) / top).astype(np.float32)
    linear = color.to_linear(np.repeat(codes[:, None], 3, axis=1))
    return np.clip(linear[:, 0], -HALF_MAX, HALF_MAX).astype(np.float16)


def _as_float(plane: Plane) -> npt.NDArray[np.float32]:
    if np.issubdtype(plane.dtype, np.integer):
        return (plane / np.float64(np.iinfo(plane.dtype).max)).astype(np.float32)
    return plane.astype(np.float32)
