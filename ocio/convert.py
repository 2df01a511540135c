"""Colour spaces by any of their names, and conversion to the scene-linear space they belong to.

The only module that imports PyOpenColorIO. It reads no environment: which config to use is told
by the caller, since client and server must mean the same one.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import PyOpenColorIO as OCIO

from bridge.errors import RequestError

BUILTIN_CONFIG = "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
"""Pinned: ``ocio://default`` means another config in every release of the library."""

Rgb = npt.NDArray[np.float32]
"""(..., 3) float32."""

_PROBE_STEP = 0.05
_PROBE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Space:
    """A colour space of a config.

    Attributes:
        name: Its name in the config.
        interop_id: Its ID as the Color Interop Forum spells it, or "".
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
        """The interop ID where there is one, else the name: what goes into files and records."""
        return self.interop_id or self.name


class ColorConfig:
    """An OCIO config.

    Args:
        config: A file, or ``ocio://`` and the name of a built-in config.

    Raises:
        RequestError: There is no such config, or it does not load.
    """

    def __init__(self, config: str = BUILTIN_CONFIG) -> None:
        try:
            self._config = OCIO.Config.CreateFromFile(config)
            self._config.validate()
        except (OCIO.Exception, OCIO.ExceptionMissingFile) as error:
            raise RequestError(
                f"OCIO config {config}",
                f"it does not load ({str(error).splitlines()[0]})",
                "Give a config file or leave it to the built-in one.",
                code="ocio_config",
            ) from error
        self.name = config
        self._processors: dict[tuple[str, str], OCIO.CPUProcessor] = {}

    def find(self, wanted: str, *, subject: str = "colour space") -> Space:
        """The space with this interop ID, name, alias or role; upper and lower case are one.

        Raises:
            RequestError: There is none; the message lists the nearest names.
        """
        found = self._config.getColorSpace(wanted) or self._config.findColorSpaceForID(wanted)
        if found is None:
            near = self._near(wanted)
            raise RequestError(
                subject,
                f"the colour space {wanted!r} is unknown in {self.name}",
                f"Did you mean {', '.join(near)}?"
                if near
                else "Pass --colorspace with a name "
                "of that config, such as ACEScg or lin_rec709_scene.",
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
        spaces = self._config.getColorSpaces(
            OCIO.SEARCH_REFERENCE_SPACE_SCENE, OCIO.COLORSPACE_ACTIVE
        )
        for candidate in map(self._space, spaces):
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
        pixels: Rgb = np.ascontiguousarray(rgb, np.float32)
        if source != target and pixels.size:
            self._processor(source, target).applyRGB(pixels)
        return pixels

    def _processor(self, source: Space, target: Space) -> OCIO.CPUProcessor:
        key = (source.name, target.name)
        if key not in self._processors:
            processor = self._config.getProcessor(*key)
            # The default optimisation approximates powers, which shows in the last bits of half.
            self._processors[key] = processor.getOptimizedCPUProcessor(OCIO.OPTIMIZATION_LOSSLESS)
        return self._processors[key]

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
            interop_id=found.getInteropID(),
            linear=bool(
                self._config.isColorSpaceLinear(name, OCIO.REFERENCE_SPACE_SCENE)
                and not found.isData()
            ),
            data=bool(found.isData()),
            display=found.getReferenceSpaceType() == OCIO.REFERENCE_SPACE_DISPLAY,
        )

    def _near(self, wanted: str) -> list[str]:
        names: dict[str, str] = {}
        for space in self._config.getColorSpaces(
            OCIO.SEARCH_REFERENCE_SPACE_ALL, OCIO.COLORSPACE_ALL
        ):
            for name in (space.getName(), space.getInteropID(), *space.getAliases()):
                names[name.lower()] = name
        close = difflib.get_close_matches(wanted.lower(), names, n=4, cutoff=0.5)
        return [names[name] for name in close]
