"""Colour spaces by any of their names, and conversion to the scene-linear space they belong to.

The only module that imports PyOpenColorIO. It reads no environment: which config to use is told
by the caller, since client and server must mean the same one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache, partial
from pathlib import Path

import numpy as np
import PyOpenColorIO as OCIO

from bridge.errors import RequestError
from ocio.conversion import Conversion, Matrix, Rgb
from ocio.sent_config import SentConfig
from ocio.space import Space
from ocio.standards import LINEAR_AP1, LINEAR_REC709, interop_id, other_names

__all__ = [
    "BUILTIN_CONFIG",
    "LINEAR_AP1",
    "LINEAR_REC709",
    "ColorConfig",
    "Rgb",
    "Space",
    "built_in",
]

BUILTIN_CONFIG = "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
"""Pinned: ``ocio://default`` means another config in every release of the library."""

_INTERCHANGE = "aces_interchange"

_OCIO_ERRORS = (OCIO.Exception, OCIO.ExceptionMissingFile)  # neither is the other's base

_EXAMPLES = ("ADX10", "ARRI LogC4", "srgb_rec709_scene", "lin_ap1_scene")
"""What plates that do not say their space are most often in."""

_PROBE_STEP = 0.05
_PROBE_TOLERANCE = 1e-3


class ColorConfig:
    """An OCIO config.

    Args:
        config: A file, or ``ocio://`` and the name of a built-in config.
        label: What messages call it; "" takes ``config``.
        alone: Whether the file has come without the folder it was written in. No other file of
            this machine is opened for it then; the LUTs in an ``.ocioz`` archive are found.

    Raises:
        RequestError: There is no such config, or it does not load.
    """

    def __init__(
        self, config: str = BUILTIN_CONFIG, *, label: str = "", alone: bool = False
    ) -> None:
        # A process that lives long would be served tables of files as they once were.
        OCIO.ClearAllCaches()
        try:
            self._files = _Sent(SentConfig(Path(config))) if alone else None
            self._config = _loaded(config, self._files)
            self._config.validate()
        except (*_OCIO_ERRORS, OSError, ValueError) as error:
            raise RequestError(
                f"OCIO config {label or config}",
                f"it does not load ({str(error).splitlines()[0]})",
                "Give a config file or leave it to the built-in one.",
                code="ocio_config",
            ) from error
        self._context = _context(self._config)
        self.name = label or config
        """As it was asked for."""
        self.title = self._config.getName() or self.name
        """What it calls itself: ``ocio://default`` is another config in every release."""
        if self._is_stand_in():
            raise RequestError(
                f"OCIO config {self.name}",
                "it knows no colour (it holds nothing but spaces of data)",
                "Give a config with colour spaces or leave it to the built-in one.",
                code="ocio_config",
            )
        self._conversions: dict[tuple[str, str, str], Conversion] = {}

    def knows(self, wanted: str) -> bool:
        """Whether `find` finds it."""
        return self._named(wanted) is not None

    def examples(self) -> str:
        """Some names of it, for a hint on what could be passed."""
        known = [name for name in _EXAMPLES if self.knows(name)]
        if not known:
            spaces = map(self._space, self._scene_spaces())
            known = [space.name for space in spaces if not space.data][: len(_EXAMPLES)]
        return ", ".join(repr(name) if " " in name else name for name in known)

    def find(self, wanted: str, *, subject: str = "colour space") -> Space:
        """The space with this interop ID, name, alias or role; upper and lower case are one.

        A standard's space is found by any of the names that configs have for it.

        Raises:
            RequestError: There is none; the message lists the nearest names.
        """
        found = self._named(wanted)
        if found is None:
            near = self._near(wanted)
            raise RequestError(
                subject,
                f"the colour space {wanted!r} is unknown in {self.name}",
                f"Did you mean {', '.join(near)}?"
                if near
                else f"Pass --colorspace with a name of that config, such as {self.examples()}.",
                code="colorspace",
            )
        return self._space(found)

    def scene_twin(self, space: Space, *, subject: str = "colour space") -> Space:
        """The scene-referred space with the same curve and primaries as a display space.

        The display space itself would come back through an inverted tone map, which bends
        colours and cannot be undone exactly.

        Raises:
            RequestError: There is none, as for PQ and HLG.
        """
        if not space.display:
            return space
        stem = space.interop_id.rpartition("_")[0]
        for name in (f"{stem}_scene", f"ocio:{stem}_scene"):
            found = self._config.getColorSpace(name)
            if stem and found is not None:
                return self._space(found)
        raise RequestError(
            subject,
            f"the colour space {space.name!r} is made for a display and has no scene-linear form",
            "Convert the plate to a scene-linear EXR in the host, or pass --colorspace.",
            code="colorspace",
        )

    def linear_of(self, space: Space) -> tuple[Space, bool]:
        """The scene-linear space that ``space`` encodes, and whether its primaries are the same.

        With the same primaries the way there is one curve per channel. A space whose primaries
        no linear space of the config has comes out as the config's ``scene_linear``.
        """
        if space.linear:
            return space, True
        for candidate in map(self._space, self._scene_spaces()):
            if candidate.linear and self._is_curve(space, candidate):
                return candidate, True
        return self.find("scene_linear"), False

    def convert(self, rgb: Rgb, *, source: Space, target: Space) -> Rgb:
        """Convert in place where the array allows it, and return the result.

        Args:
            rgb: (..., 3) float32.
            source: Space of ``rgb``.
            target: Space of the result.
        """
        return self.conversion(source, target).apply(rgb)

    def conversion(self, source: Space, target: Space) -> Conversion:
        """The way from one space of this config to another."""
        key = (source.name, target.name, "")
        if key not in self._conversions:
            make = partial(self._config.getProcessor, self._context, *key[:2])
            self._conversions[key] = self._made(make, source)
        return self._conversions[key]

    def to_known(
        self, source: Space, names: Sequence[str], *, subject: str = "colour space"
    ) -> tuple[Conversion, Conversion]:
        """The way from a space of this config to one that it may lack, and back.

        What the config lacks is taken from the built-in one, by way of the space that both of
        them have in common.

        Args:
            source: A space of this config.
            names: `LINEAR_REC709` or `LINEAR_AP1`.
            subject: How messages name what is converted.

        Raises:
            RequestError: The config lacks the space and does not say what it has in common.
        """
        for name in names:
            found = self._config.getColorSpace(name)
            if found is not None:
                target = self._space(found)
                return self.conversion(source, target), self.conversion(target, source)
        return self._by_interchange(source, names[0], subject)

    def _by_interchange(
        self, source: Space, name: str, subject: str
    ) -> tuple[Conversion, Conversion]:
        if not self._config.hasRole(_INTERCHANGE):
            raise RequestError(
                subject,
                f"{self.name} has neither {name} nor the role {_INTERCHANGE} (expected one of "
                "them, to know what its primaries are)",
                "Use an ACES or studio config, or leave it to the built-in one.",
                code="ocio_config",
            )
        keys = (source.name, name, "there"), (source.name, name, "back")
        if keys[0] not in self._conversions:
            other = OCIO.Config.CreateFromFile(BUILTIN_CONFIG)
            between = OCIO.Config.GetProcessorFromConfigs
            own, known = (
                (self._context, self._config, source.name),
                (other.getCurrentContext(), other, name),
            )
            self._conversions[keys[0]] = self._made(partial(between, *own, *known), source)
            self._conversions[keys[1]] = self._made(partial(between, *known, *own), source)
        return self._conversions[keys[0]], self._conversions[keys[1]]

    def _made(self, make: Callable[[], OCIO.Processor], space: Space) -> Conversion:
        """The conversion, or what to do when a LUT that the space is made of is not to be had."""
        try:
            processor = make()
            if self._files is not None:
                self._files.check(processor.getProcessorMetadata().getFiles())
        except _OCIO_ERRORS as error:
            said = str(error).splitlines()[0].split(". ")[0].rstrip(".")
            raise RequestError(
                f"OCIO config {self.name}",
                f"the colour space {space.name!r} cannot be used "
                f"({said if self._files is None else self._files.complaint()})",
                "Check search_path in the config, and that its LUTs are there."
                if self._files is None
                else "Pass the config as an .ocioz archive, which holds its LUTs, or let the "
                "server read it in its folder (--roots, --transport path).",
                code="ocio_lut",
            ) from error
        return _conversion(processor)

    def _named(self, wanted: str) -> OCIO.ColorSpace | None:
        for name in (wanted, *other_names(wanted)):
            found = self._config.getColorSpace(name) or self._config.findColorSpaceForID(name)
            if found is not None:
                return found
        return None

    def _scene_spaces(self) -> OCIO.ColorSpaceSet:
        """The scene-referred spaces that the config offers."""
        return self._config.getColorSpaces(
            OCIO.SEARCH_REFERENCE_SPACE_SCENE, OCIO.COLORSPACE_ACTIVE
        )

    def _is_stand_in(self) -> bool:
        """Whether this is what OCIO makes up where there is no config: one raw space."""
        spaces = self._config.getColorSpaces(OCIO.SEARCH_REFERENCE_SPACE_ALL, OCIO.COLORSPACE_ALL)
        return all(space.isData() for space in spaces)

    def _is_curve(self, source: Space, target: Space) -> bool:
        """Whether a change of one channel changes that channel only."""
        probes = np.full((4, 3), 0.5, np.float32)
        probes[1:] += np.eye(3, dtype=np.float32) * _PROBE_STEP
        out = self.convert(probes, source=source, target=target)
        moved = out[1:] - out[0]
        own = np.abs(np.diagonal(moved))
        others = np.abs(moved - np.diag(np.diagonal(moved))).max(axis=1)
        return bool(np.all(own > 0) and np.all(others <= _PROBE_TOLERANCE * own))

    def _space(self, found: OCIO.ColorSpace) -> Space:
        name = found.getName()
        return Space(
            name=name,
            interop_id=found.getInteropID() or interop_id((name, *found.getAliases())),
            linear=not found.isData() and self._is_linear(name),
            data=bool(found.isData()),
            display=found.getReferenceSpaceType() == OCIO.REFERENCE_SPACE_DISPLAY,
        )

    def _is_linear(self, name: str) -> bool:
        try:
            return bool(self._config.isColorSpaceLinear(name, OCIO.REFERENCE_SPACE_SCENE))
        except _OCIO_ERRORS:
            return False  # a LUT is missing: said when the space is used, not when it is listed

    def _near(self, wanted: str) -> list[str]:
        names: dict[str, str] = {}
        for space in self._config.getColorSpaces(
            OCIO.SEARCH_REFERENCE_SPACE_ALL, OCIO.COLORSPACE_ALL
        ):
            for name in (space.getName(), space.getInteropID(), *space.getAliases()):
                names[name.lower()] = name
        close = difflib.get_close_matches(wanted.lower(), names, n=4, cutoff=0.5)
        return [names[name] for name in close]


@cache
def built_in() -> ColorConfig:
    """The pinned config, which knows what the tags of files mean; one for the whole process."""
    return ColorConfig()


class _Sent(OCIO.PyConfigIOProxy):  # type: ignore[misc]
    """Gives OCIO the files of a config that was sent, instead of those on disk.

    Must live as long as the config. Where it gave nothing, or raised, OCIO would read the disk.
    """

    def __init__(self, sent: SentConfig) -> None:
        super().__init__()
        self._sent, self._lacking = sent, ""

    def getConfigData(self) -> bytes:
        return self._sent.text

    def getLutData(self, path: str) -> OCIO.vector_of_uint8_t:
        return OCIO.vector_of_uint8_t(self._sent.read(path) or b"\0")

    def getFastLutFileHash(self, path: str) -> str:
        self._lacking = "" if self._sent.holds(path) else path
        return self._sent.digest(path)

    def check(self, files: Sequence[str]) -> None:
        """Refuse what was made of other files, by whatever way OCIO came to them."""
        for path in files:
            if not self._sent.holds(path):
                self._lacking = path
                raise OCIO.ExceptionMissingFile(path)

    def complaint(self) -> str:
        """Why a space cannot be used; never whether there is such a file, or what it holds."""
        lacking, self._lacking = self._lacking, ""
        return f"its LUT {lacking} has not come along" if lacking else "a LUT of it does not load"


def _loaded(config: str, sent: _Sent | None) -> OCIO.Config:
    if sent is not None:
        return OCIO.Config.CreateFromConfigIOProxy(sent)
    return OCIO.Config.CreateFromFile(config)


def _context(config: OCIO.Config) -> OCIO.Context:
    """Variables have the config's defaults, never the machine's values."""
    context = deepcopy(config.getCurrentContext())
    context.clearStringVars()
    for name in config.getEnvironmentVarNames():
        context[name] = config.getEnvironmentVarDefault(name)
    return context


def _conversion(processor: OCIO.Processor) -> Conversion:
    # The default optimisation approximates powers, which shows in the last bits of half.
    cpu = processor.getOptimizedCPUProcessor(OCIO.OPTIMIZATION_LOSSLESS)
    matrix = _matrix(processor)
    if matrix is not None and np.array_equal(matrix, np.eye(3)):
        return Conversion(None, None)
    return Conversion(cpu, matrix)


def _matrix(processor: OCIO.Processor) -> Matrix | None:
    """The one matrix that a processor comes down to, or None if there is more to it."""
    optimized = processor.getOptimizedProcessor(OCIO.OPTIMIZATION_LOSSLESS)
    product = np.eye(4)
    for transform in optimized.createGroupTransform():
        if not isinstance(transform, OCIO.MatrixTransform) or any(transform.getOffset()):
            return None
        step = np.array(transform.getMatrix()).reshape(4, 4)
        forward = transform.getDirection() == OCIO.TRANSFORM_DIR_FORWARD
        product = (step if forward else np.linalg.inv(step)) @ product
    return np.ascontiguousarray(product[:3, :3])
