"""Spaces that standards define, and the names under which configs know them.

A file's tag is a standard's word: an ID of the Color Interop Forum. Configs older than that know
the same spaces by names that change from one release to the next, and a show's own config may know
them by one or by none.

Source: the built-in configs 1.0 to 5.0 of OCIO 2.6, and the ACES 1.2 config (``Utility - ...``).
"""

from __future__ import annotations

from collections.abc import Iterable

LINEAR_REC709 = (
    "lin_rec709_scene",
    "lin_rec709",
    "lin_srgb",
    "Linear Rec.709 (sRGB)",
    "Utility - Linear - sRGB",
)
LINEAR_AP1 = ("lin_ap1_scene", "lin_ap1", "ACEScg", "ACES - ACEScg")
LINEAR_AP0 = ("lin_ap0_scene", "lin_ap0", "aces2065_1", "ACES2065-1", "ACES - ACES2065-1")
SRGB = (
    "srgb_rec709_scene",
    "srgb_tx",
    "srgb_texture",
    "sRGB Encoded Rec.709 (sRGB)",
    "sRGB - Texture",
    "Utility - sRGB - Texture",
)
"""One space each, the most lasting name first: that is its interop ID."""

_NAMES = {name.casefold(): names for names in (LINEAR_REC709, LINEAR_AP1, LINEAR_AP0, SRGB)
          for name in names}  # fmt: skip


def other_names(name: str) -> tuple[str, ...]:
    """The names that stand for the same space, the most lasting first; () for no standard's name.

    Upper and lower case are one.
    """
    return _NAMES.get(name.casefold(), ())


def interop_id(names: Iterable[str]) -> str:
    """The interop ID of a space that has these names; "" where none is a standard's."""
    return next((found[0] for name in names if (found := other_names(name))), "")
