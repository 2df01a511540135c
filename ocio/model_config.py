"""The text of the config with which a host shows what a model saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ocio.conversion import Matrix
from ocio.model_names import PRIMARIES, clf_name, shaper_id, shaper_name

_HEAD = """\
# Written by 'void ocio'. Exposure is no part of it: apply it as a gain before a model's space.
ocio_profile_version: 2.1

environment:
  {}
search_path: luts
strictparsing: true
name: void-config-v1

roles:
  aces_interchange: ACES2065-1
  color_timing: ACEScct
  compositing_log: ACEScct
  data: Raw
  default: ACES2065-1
  scene_linear: ACEScg

file_rules:
  - !<Rule> {name: Default, colorspace: default}

displays:
  VOID:
    - !<View> {name: Raw, colorspace: Raw}
    - !<View> {name: sRGB, colorspace: sRGB - Texture}

active_displays: []
active_views: []

colorspaces:
  - !<ColorSpace>
    name: ACES2065-1
    aliases: [aces2065_1, lin_ap0_scene, lin_ap0]
    family: ACES
    bitdepth: 32f
    encoding: scene-linear
    isdata: false

  - !<ColorSpace>
    name: Raw
    aliases: [raw]
    family: Utility
    bitdepth: 32f
    encoding: data
    isdata: true
"""

_SPACE = """
  - !<ColorSpace>
    name: {name}
    aliases: [{aliases}]
    family: {family}
    bitdepth: 32f
    encoding: {encoding}
    isdata: false
    description: {description}
    from_scene_reference: {transform}
"""


def config_text(peaks: Sequence[float], matrices: Mapping[str, Matrix]) -> str:
    """The config.

    Profile 2.1, which hosts with an older OCIO load too, and nothing that a newer one would have
    to know.

    Args:
        peaks: Peaks of the shaper.
        matrices: From AP0 to linear ``rec709`` and ``ap1``.
    """
    steps = {name: _matrix(matrix) for name, matrix in matrices.items()}
    spaces = [*_linear(steps), *_display(steps)]
    for peak in peaks:
        spaces += [_model(peak, name, step) for name, step in steps.items()]
    return _HEAD + "".join(spaces)


def _linear(steps: Mapping[str, str]) -> Iterable[str]:
    yield _SPACE.format(
        name="Linear Rec.709 (sRGB)",
        aliases="lin_rec709_scene, lin_rec709, lin_srgb",
        family="Utility",
        encoding="scene-linear",
        description="Linear light on Rec.709 primaries, D65",
        transform=steps["rec709"],
    )
    yield _SPACE.format(
        name="ACEScg",
        aliases="lin_ap1_scene, lin_ap1",
        family="ACES",
        encoding="scene-linear",
        description="Linear light on AP1 primaries, ACES white",
        transform=steps["ap1"],
    )


def _display(steps: Mapping[str, str]) -> Iterable[str]:
    """The curves other than the shaper that a model may be shown, as far as OCIO knows them."""
    curve = "!<ExponentWithLinearTransform> {gamma: 2.4, offset: 0.055, direction: inverse}"
    yield _SPACE.format(
        name="sRGB - Texture",
        aliases="srgb_rec709_scene, srgb_texture, srgb_tx",
        family="Utility",
        encoding="sdr-video",
        description="What a model is shown of a shot that never goes beyond 1",
        transform=_group(steps["rec709"], curve),
    )
    yield _SPACE.format(
        name="ACEScct",
        aliases="acescct_ap1_scene, acescct_ap1",
        family="ACES",
        encoding="log",
        description="The curve acescct",
        transform="!<BuiltinTransform> {style: ACEScct_to_ACES2065-1, direction: inverse}",
    )


def _model(peak: float, primaries: str, step: str) -> str:
    # The ID as an alias: interop IDs are known to OCIO from 2.5 on only.
    return _SPACE.format(
        name=shaper_name(peak, primaries),
        aliases=f'"{shaper_id(peak, primaries)}", {shaper_id(peak, primaries).partition(":")[2]}',
        family="VOID",
        encoding="sdr-video",
        description=f"What a model is shown of a shot with peak {peak:g}, "
        f"on {PRIMARIES[primaries]}, less the exposure",
        transform=_group(
            step, f"!<FileTransform> {{src: {clf_name(peak)}, interpolation: linear}}"
        ),
    )


def _matrix(matrix: Matrix) -> str:
    rows = [f"{row[0]:.17g}, {row[1]:.17g}, {row[2]:.17g}, 0" for row in matrix]
    return f"!<MatrixTransform> {{matrix: [{', '.join(rows)}, 0, 0, 0, 1]}}"


def _group(*transforms: str) -> str:
    children = "".join(f"\n        - {transform}" for transform in transforms)
    return f"!<GroupTransform>\n      children:{children}"
