"""Files with which an artist looks at what a model saw: an OCIO config and its curves as CLF.

Exposure is not part of them: it is a gain, to be applied before the curve. A curve is a table
over all half floats, since OCIO has no shape that begins as sRGB and goes on as a logarithm; an
old host reads it as well as a new one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bridge.errors import RequestError, ServerError
from ocio.conversion import Matrix, Rgb
from ocio.convert import BUILTIN_CONFIG, LINEAR_AP1, LINEAR_REC709, ColorConfig
from ocio.curves import Shaper, Values
from ocio.model_config import config_text
from ocio.model_names import clf_name, shaper_name
from ocio.model_space import HIGHEST_PEAK

PEAKS = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Peaks that are made unless others are asked for: those that shots choose by themselves."""

CONFIG_NAME = "void-config-v1.ocio"
LUT_FOLDER = "luts"

CODE_ERROR = 2e-7
"""What a file may differ from the formula, in code; measured 7e-8."""

LIGHT_ERROR = 2e-6
"""What the way back may differ, as a share of light above 0.001."""

_HALF_MAX = 65504.0
_DECIMALS = 9


def write_model_files(folder: Path, peaks: Sequence[float] = PEAKS) -> list[Path]:
    """Write the config and one curve for each peak, and compare what OCIO makes of them.

    Args:
        folder: Made where it is missing; files of the same names are replaced, once all of the
            new ones were found right.
        peaks: Peaks of the shaper, above 1.

    Returns:
        The files, the config first.

    Raises:
        RequestError: A peak is out of range, or the folder cannot be written.
        ServerError: OCIO reads other numbers from a file than the formula gives.
    """
    peaks = sorted(set(map(_checked, peaks)))
    curves = [f"{LUT_FOLDER}/{clf_name(peak)}" for peak in peaks]
    texts = dict(zip(curves, map(_clf, peaks), strict=True))
    texts[CONFIG_NAME] = config_text(peaks, _matrices())
    try:
        (folder / LUT_FOLDER).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".void-", dir=folder) as drafts:
            _write(Path(drafts), texts)
            check_model_files(Path(drafts) / CONFIG_NAME, peaks)
            for name in texts:  # the config last: it names the curves
                (Path(drafts) / name).replace(folder / name)
    except OSError as error:
        raise RequestError(
            str(folder),
            f"the files cannot be written ({error.strerror})",
            "Give another folder with --out.",
            code="output",
        ) from error
    return [folder / name for name in (CONFIG_NAME, *curves)]


def check_model_files(config: Path, peaks: Iterable[float]) -> None:
    """Compare what OCIO makes of the files with the formula.

    Raises:
        RequestError: The config does not load.
        ServerError: The numbers differ.
    """
    loaded = ColorConfig(str(config))
    linear = loaded.find(LINEAR_REC709[0])
    for peak in peaks:
        model = loaded.find(shaper_name(peak, "rec709"))
        light = _samples(peak)
        expected = _shaped(peak, light.astype(np.float64))
        code = loaded.convert(light.copy(), source=linear, target=model)
        back = loaded.convert(code.copy(), source=model, target=linear)
        bright = light > 1e-3
        error = float(np.abs(code - expected).max())
        loss = float(np.abs(back[bright] / light[bright] - 1).max())
        if not (error <= CODE_ERROR and loss <= LIGHT_ERROR):
            raise ServerError(
                config.name,
                f"OCIO reads M{peak:g} with an error of {error:.1e} (expected {CODE_ERROR:g} at "
                f"most) and back with {loss:.1e} (expected {LIGHT_ERROR:g} at most)",
                "Report this with the version of OpenColorIO.",
                code="ocio_config",
            )


def _checked(peak: float) -> float:
    if not 1.0 < peak <= HIGHEST_PEAK:
        raise RequestError(
            "parameter peak",
            f"no shaper has it (expected more than 1 to {HIGHEST_PEAK:g}, got {peak:g})",
            "A peak of 1 is sRGB, which every config has as srgb_rec709_scene.",
            code="parameter",
        )
    return float(peak)


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    (folder / LUT_FOLDER).mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _matrices() -> dict[str, Matrix]:
    """From AP0, the config's reference, to the linear spaces in it, as the pinned config has it."""
    pinned = ColorConfig(BUILTIN_CONFIG)
    reference = pinned.find("lin_ap0_scene")
    found = {}
    for key, names in (("rec709", LINEAR_REC709), ("ap1", LINEAR_AP1)):
        matrix = pinned.conversion(reference, pinned.find(names[0])).matrix
        if matrix is None:
            raise ServerError(
                BUILTIN_CONFIG, f"{names[0]} is no matrix away from AP0", code="ocio_config"
            )
        found[key] = matrix
    return found


def _clf(peak: float) -> str:
    """The curve as a Common LUT Format file. Source: AMPAS S-2014-006, half domain LUT1D."""
    halves = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
    # Beyond the largest half nothing is asked for, and what is no number has no code.
    light = np.clip(np.nan_to_num(halves, nan=0.0, posinf=_HALF_MAX, neginf=-_HALF_MAX),
                    -_HALF_MAX, _HALF_MAX)  # fmt: skip
    table = "\n".join(f"{code:.{_DECIMALS}g}" for code in _shaped(peak, light[:, None])[:, 0])
    name = f"VOID shaper M{peak:g}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<ProcessList id="void:shaper_m{peak:g}" name="{name}" compCLFversion="3">\n'
        f"    <Description>Scene-linear, exposed, to the model's code: sRGB to 0.18, then a "
        f"logarithm that reaches 1 at {peak:g}</Description>\n"
        '    <LUT1D inBitDepth="32f" outBitDepth="32f" halfDomain="true">\n'
        f'        <Array dim="65536 1">\n{table}\n        </Array>\n'
        "    </LUT1D>\n</ProcessList>\n"
    )


def _shaped(peak: float, light: Values) -> Values:
    code = light.copy()
    Shaper(peak).to_code(code, [np.empty_like(code), np.empty_like(code)])
    return code


def _samples(peak: float) -> Rgb:
    """(n, 3) float32 between and on halves, from below 0 to the peak."""
    steps = np.linspace(-12, np.log2(peak), 3 * 2000)
    light = np.concatenate([np.linspace(-0.05, 0.003, 300), np.exp2(steps)])
    return light.astype(np.float32).reshape(-1, 3)
