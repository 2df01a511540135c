"""What a model's colour spaces are called, in records, in files and in the generated config."""

from __future__ import annotations

from ocio.model_space import CurveName

SRGB = "srgb_rec709_scene"
ACESCCT = "ocio:acescct_ap1_scene"
"""IDs in the pinned config."""

PRIMARIES = {"rec709": "Rec.709", "ap1": "AP1"}
"""Primaries that a model may be shown, as people write them."""


def shaper_id(peak: float, primaries: str) -> str:
    """The interop ID of a shaper: ``void:shaper_m64_rec709``.

    Source: ASWF Color Interop Forum, "Identifying the Color Space of OpenEXR Files" 1.0.0: lower
    case, and a namespace of one's own.
    """
    return f"void:shaper_m{peak:g}_{primaries}"


def shaper_name(peak: float, primaries: str) -> str:
    """Its name in the generated config: ``VOID Model M64 (Rec.709)``."""
    return f"VOID Model M{peak:g} ({PRIMARIES[primaries]})"


def clf_name(peak: float) -> str:
    """The file that holds its curve."""
    return f"void_shaper_m{peak:g}.clf"


def space_label(curve: CurveName, peak: float, primaries: str, plate_space: str) -> str:
    """The space in which a model's numbers are, less the exposure, by ID where one fits."""
    if curve == "camera-log" and primaries == "plate":
        return plate_space
    if curve == "acescct" and primaries == "ap1":
        return ACESCCT
    if primaries == "rec709" and (curve == "srgb" or (curve == "shaper" and peak <= 1.0)):
        return SRGB
    if curve == "shaper" and primaries in PRIMARIES:
        return shaper_id(peak, primaries)
    return f"{curve} on {PRIMARIES.get(primaries, plate_space)}"
