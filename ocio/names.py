"""What Nuke and Resolve call colour spaces, as spaces of the pinned config.

Nuke's own names (colour management "Nuke", config nuke-default) are curves. Where a camera maker or
a standard has given a curve one set of primaries, the name is taken for both. Where it has not,
as for ``linear``, nobody but the artist knows the primaries, and they are asked for.

Names that the config has itself, such as ``ACEScg`` or ``ARRI LogC4``, are not listed here.

Source: Foundry, "Altering a Script's Lookup Tables", Nuke 14.1 (the older curves); the LUT list of
the Read node in Nuke 15 (the newer ones, as players that copy it have them). Blackmagic Design,
DaVinci Resolve 18-20: Input Color Space of a clip, and the ACES input transforms, as scripts that
set them spell them. None of these has been read in a running host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bridge.errors import RequestError

Host = Literal["Nuke", "Resolve"]

_SRGB, _LINEAR_709 = "srgb_rec709_scene", "lin_rec709_scene"
_CAMERA_709, _GAMMA_22, _GAMMA_24 = (
    "ocio:itu709_rec709_scene",
    "g22_rec709_scene",
    "ocio:g24_rec709_scene",
)
_LOGC3, _LOGC4 = "ocio:arrilogc3_awg3_scene", "ocio:arrilogc4_awg4_scene"
_SLOG3, _SLOG3_CINE = "ocio:slog3_sgamut3_scene", "ocio:slog3_sgamut3cine_scene"
_VENICE, _VENICE_CINE = (
    "ocio:slog3_sgamut3venice_scene",
    "ocio:slog3_sgamut3cinevenice_scene",
)
_LOG3G10, _FILM5 = "ocio:redlog3g10_rwg_scene", "ocio:bmdfilm5_wg5_scene"
_CANON2, _CANON3 = "ocio:canonlog2_cgamutd55_scene", "ocio:canonlog3_cgamutd55_scene"
_VLOG, _DLOG = "ocio:vlog_vgamut_scene", "ocio:djilog_dgamut_scene"
_DAVINCI = "ocio:davinci_dwg_scene"

KNOWN: Mapping[Host, Mapping[str, str]] = {
    "Nuke": {
        "sRGB": _SRGB,
        "sRGBf": _SRGB,
        "rec709": _CAMERA_709,
        "AlexaV3LogC": _LOGC3,
        "ARRILogC4": _LOGC4,
        "Log3G10": _LOG3G10,
        "Blackmagic Film Generation 5": _FILM5,
    },
    "Resolve": {
        "sRGB": _SRGB,
        "sRGB (Texture) - CSC": _SRGB,
        "sRGB (Linear) - CSC": _LINEAR_709,
        "Rec.709 (Scene)": _CAMERA_709,
        "Rec.709 Gamma 2.2": _GAMMA_22,
        "Rec.709 Gamma 2.4": _GAMMA_24,
        "ACEScc - CSC": "ocio:acescc_ap1_scene",
        "ACEScct - CSC": "ocio:acescct_ap1_scene",
        "ACEScg - CSC": "lin_ap1_scene",
        "ADX 10 - CSC": "ocio:adx10_apd_scene",
        "ADX 16 - CSC": "ocio:adx16_apd_scene",
        "ARRI LogC3": _LOGC3,
        "ARRI LogC EI800 AWG - CSC": _LOGC3,
        "Blackmagic Design Film Gen 5": _FILM5,
        "Blackmagic Design Film Gen 5 - CSC": _FILM5,
        "Canon Cinema Gamut/Canon Log 2": _CANON2,
        "Canon Cinema Gamut/Canon Log 3": _CANON3,
        "Canon Log 2 Cinema Gamut - CSC": _CANON2,
        "Canon Log 3 Cinema Gamut - CSC": _CANON3,
        "DaVinci WG/Intermediate": _DAVINCI,
        "DJI D-Gamut/D-Log": _DLOG,
        "Panasonic V-Gamut/V-Log": _VLOG,
        "Panasonic Varicam VLog VGamut - CSC": _VLOG,
        "REDWideGamutRGB/Log3G10": _LOG3G10,
        "RWG/Log3G10": _LOG3G10,
        "RED Log3G10 REDWideGamutRGB - CSC": _LOG3G10,
        "S-Gamut3/S-Log3": _SLOG3,
        "S-Gamut3.Cine/S-Log3": _SLOG3_CINE,
        "Sony SLog3 SGamut3": _SLOG3,
        "Sony SLog3 SGamut3 - CSC": _SLOG3,
        "Sony SLog3 SGamut3Cine": _SLOG3_CINE,
        "Sony SLog3 SGamut3Cine - CSC": _SLOG3_CINE,
        "Sony Venice SLog3 SGamut3": _VENICE,
        "Sony Venice SLog3 SGamut3 - CSC": _VENICE,
        "Sony Venice SLog3 SGamut3Cine": _VENICE_CINE,
        "Sony Venice SLog3 SGamut3Cine - CSC": _VENICE_CINE,
    },
}
"""The space of the pinned config, by host and name."""

ASKED: Mapping[Host, Mapping[str, tuple[str, ...]]] = {
    "Nuke": {
        "linear": (_LINEAR_709, "lin_ap1_scene"),
        "Gamma1.8": ("g18_rec709_scene",),
        "Gamma2.2": (_GAMMA_22, "g22_adobergb_scene"),
        "Gamma2.4": (_GAMMA_24,),
        "BT1886": (_GAMMA_24,),
        "Cineon": ("ADX10",),
        "SLog3": (_SLOG3, _SLOG3_CINE),
        **dict.fromkeys(("Gamma2.6", "Panalog", "REDLog", "ViperLog", "PLogLin", "SLog"), ()),
        **dict.fromkeys(("SLog1", "SLog2", "CLog", "Log3G12", "Protune", "REDSpace"), ()),
        **dict.fromkeys(("HybridLogGamma", "st2084"), ()),
    },
    "Resolve": {
        "Linear": (_LINEAR_709, "lin_ap1_scene"),
        "Rec.709": (_CAMERA_709, _GAMMA_24),
        "Cineon Film Log": ("ADX10",),
        "Sony SLog3": (_SLOG3, _SLOG3_CINE),
        "S-Log3": (_SLOG3, _SLOG3_CINE),
        **dict.fromkeys(("Canon Cinema Gamut/Canon Log", "Fujifilm F-Log", "Fujifilm F-Log2"), ()),
        **dict.fromkeys(("S-Gamut/S-Log", "S-Gamut/S-Log2", "Nikon N-Log", "Leica L-Log"), ()),
        **dict.fromkeys(("Samsung Log", "AstroDesign A-Log", "Rec.709-A"), ()),
    },
}
"""Names that leave something open: the spaces that are likely meant; () where none is like it."""


@dataclass(frozen=True)
class HostName:
    """A host's name and what it is read as."""

    host: Host
    name: str
    space: str


def resolve(
    wanted: str, *, host: Host | None = None, subject: str = "colour space"
) -> HostName | None:
    """The space that a host means by a name; None if no host has such a name.

    Upper and lower case are one.

    Args:
        wanted: The name as the host has it.
        host: Which host; None looks through all of them.
        subject: How messages name what has this space.

    Raises:
        RequestError: The name leaves the primaries open, or no space is like it.
    """
    for which in (host,) if host else tuple(KNOWN):
        for name, space in KNOWN[which].items():
            if name.casefold() == wanted.casefold():
                return HostName(which, name, space)
        for name, likely in ASKED[which].items():
            if name.casefold() == wanted.casefold():
                raise _ask(HostName(which, name, ""), likely, subject)
    return None


def _ask(found: HostName, likely: tuple[str, ...], subject: str) -> RequestError:
    if not likely:
        return RequestError(
            subject,
            f"no space of the config is what {found.host} calls {found.name!r}",
            f"Convert the plate to scene-linear in {found.host}, and pass its space, such as "
            "lin_ap1_scene, with --colorspace.",
            code="colorspace",
        )
    return RequestError(
        subject,
        f"{found.name!r} leaves it open which primaries or which curve is meant",
        f"Pass --colorspace with the space that is meant, such as {' or '.join(likely)}.",
        code="colorspace",
    )
