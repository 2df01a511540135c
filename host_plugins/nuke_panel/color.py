"""The space that the script works in, as its frames are exported: raw, without a conversion.

In OCIO mode it is a space of the script's config. In Nuke's own mode, and with the config
nuke-default, spaces are curves and nothing says which primaries ``linear`` has: those of Rec.709
are assumed, and the artist is told so.

Source: knobs of the project settings as deadline-cloud-for-nuke (``ocio.py``) and ayon-nuke
(``lib.py``) read them; ``OCIO`` in the environment wins over the script's config (Foundry, Nuke
Python API 9.0, source of ``nukescripts.ViewerProcess``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import nuke

from bridge import color_config
from bridge.color_config import Choice
from bridge.errors import RequestError

LINEAR_REC709 = "lin_rec709_scene"
"""Interop ID of scene-linear light with Rec.709 primaries, which every config of ours knows."""

ASSUMED = (
    "The script's working space is Nuke's linear, which has no primaries of its own: those of "
    "Rec.709 are assumed. Name another space in the Advanced tab if the plate has others."
)

_NO_PRIMARIES = "nuke-default"
_LINEAR_ROLES = {"scene_linear", "rendering", "compositing_linear"}
_ROLES = _LINEAR_ROLES | {
    "default",
    "reference",
    "data",
    "compositing_log",
    "color_timing",
    "color_picking",
    "texture_paint",
    "matte_paint",
}
_ROLE_AND_SPACE = re.compile(r"(\w+) \((.+)\)")
# Whether a space is linear only its config knows, which hosts do not open: these are the curves
# that go by their names.
_CURVE = re.compile(
    r"log|acescct?\b|adx1|gamma|\bg2[246]|texture|camera|display|output|encoded|\bpq\b|hlg|2084|1886"
    r"|cineon|\braw\b|\bdata\b|^srgb$|^rec\.?709$",
    re.IGNORECASE,
)
_LINEAR = re.compile(r"lin|acescg", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class WorkingSpace:
    """What exported values mean.

    Attributes:
        colorspace: Name, alias, role or interop ID of the space.
        config: The config in which that is looked up; None is the built-in one.
        note: What the artist should know of it; "" for nothing.
    """

    colorspace: str
    config: Choice | None = None
    note: str = ""


def working_space(override: str = "", *, environ: Mapping[str, str] | None = None) -> WorkingSpace:
    """The space that the script works in.

    Args:
        override: What the artist says it is; "" asks the script.
        environ: The process environment.

    Raises:
        RequestError: It is no scene-linear space, or the script's config is not there.
    """
    root = nuke.root()
    if _has_primaries(root, os.environ if environ is None else environ):
        config = _config(root, os.environ if environ is None else environ)
        return WorkingSpace(colorspace=override.strip() or _said(root), config=config)
    if override.strip():
        return WorkingSpace(colorspace=override.strip())
    return _without_primaries(root)


def space_of(text: str) -> str:
    """The space that a knob's value names.

    A value may carry its menu after a tab, and say a role together with its space:
    ``scene_linear (ACES - ACEScg)``.
    """
    name = text.partition("\t")[0].strip()
    match = _ROLE_AND_SPACE.fullmatch(name)
    return match[2] if match and match[1] in _ROLES else name


def _said(root: nuke.Root) -> str:
    """The working space of the project settings.

    Raises:
        RequestError: It is not scene-linear.
    """
    text = str(root["workingSpaceLUT"].value()).partition("\t")[0].strip()
    role, name = text.partition(" (")[0], space_of(text)
    if role in _LINEAR_ROLES or (role not in _ROLES and _may_be_linear(name)):
        return name
    raise _not_linear(text)


def _may_be_linear(name: str) -> bool:
    return bool(name) and (bool(_LINEAR.search(name)) or not _CURVE.search(name))


def _without_primaries(root: nuke.Root) -> WorkingSpace:
    if _said(root).lower() not in {"linear", "scene_linear"}:
        raise _not_linear(_said(root))
    return WorkingSpace(colorspace=LINEAR_REC709, note=ASSUMED)


def _not_linear(text: str) -> RequestError:
    return RequestError(
        "working space",
        f"it is no scene-linear one (got {text!r})",
        "Choose a linear one in the project settings, or name it in the Advanced tab.",
        code="colorspace",
    )


def _has_primaries(root: nuke.Root, environ: Mapping[str, str]) -> bool:
    """Whether colour spaces are those of a config that says more than curves."""
    if root["colorManagement"].value() != "OCIO":
        return False
    return bool(environ.get("OCIO")) or _config_name(root) != _NO_PRIMARIES


def _config(root: nuke.Root, environ: Mapping[str, str]) -> Choice | None:
    """The environment's config, else the script's.

    Raises:
        RequestError: It is no config, or nothing says where it is.
    """
    if environ.get("OCIO"):
        return color_config.discover(environ={"OCIO": environ["OCIO"]})
    name = _config_name(root)
    knob = "customOCIOConfigPath" if name == "custom" else "OCIOConfigPath"
    path = str(cast("nuke.File_Knob", root[knob]).getEvaluatedValue() or "")
    if not path:
        raise RequestError(
            f"OCIO config {name}",
            f"the project settings do not say where it is (knob {knob} is empty)",
            "Choose a config in the project settings.",
            code="ocio_config",
        )
    return color_config.discover(host=path)


def _config_name(root: nuke.Root) -> str:
    return str(root["OCIO_config"].value()).partition("\t")[0].strip()
