"""The demo's figures, contact sheet, report page and README picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from void_server.demo.measure import Measured, measure, spread
from void_server.demo.scene import Scene
from void_server.report import page
from void_server.report.pictures import encode_png, to_bytes
from void_server.report.sheet import contact_sheet, triptych

_COLUMNS = 4
_FACTS = ("job", "engine", "device", "colorspace", "seed", "grow", "feather", "plate")


def summarize(
    scene: Scene, folder: Path, version: Path, *, advanced: Callable[[int], None]
) -> tuple[Measured, dict[str, str]]:
    """Measure the result and write everything there is to look at into the demo's folder.

    Args:
        scene: The scene that was filmed.
        folder: The demo's folder.
        version: The result's version folder.
        advanced: Called with the number of measured frames.

    Returns:
        What was measured, and the same in words.
    """
    sidecar = json.loads((version / f"{version.name}.json").read_bytes())
    busy = [record["frame"] for record in sidecar["frames"] if record["hole"]]
    measured = measure(scene, folder, version, shown=spread(busy, _COLUMNS), advanced=advanced)
    figures = _figures(measured, sidecar)
    sheet = encode_png(contact_sheet(measured.columns))
    middle = measured.columns[len(measured.columns) // 2]
    (folder / "contact_sheet.png").write_bytes(sheet)
    (folder / "before_matte_after.png").write_bytes(encode_png(triptych(middle)))
    report = page.Report(
        title=version.name,
        summary=f"A boom microphone and its shadow, removed from {len(scene.frames)} frames of a "
        "shot that the demo filmed itself, so that the truth is known.",
        figures=figures,
        facts={"Job": _facts(sidecar)},
        warnings=sidecar["warnings"],
        before=encode_png(to_bytes(middle.plate)),
        after=encode_png(to_bytes(middle.clean)),
        sheet=sheet,
    )
    (folder / "report.html").write_text(page.to_html(report), encoding="utf-8")
    return measured, figures


def _figures(measured: Measured, sidecar: dict[str, Any]) -> dict[str, str]:
    return {
        "PSNR in the hole against the truth": f"{measured.psnr:.1f} dB",
        "values changed outside the composite alpha": str(measured.changed_outside),
        "hole, share of the shot": f"{measured.hole:.1%}",
        "hole filled with pixels seen in other frames": f"{sidecar['seen']:.1%}",
        "time per frame": f"{sidecar['seconds'] / len(sidecar['frames']):.2f} s",
    }


def _facts(sidecar: dict[str, Any]) -> dict[str, str]:
    versions = ", ".join(f"{name} {number}" for name, number in sidecar["versions"].items())
    return {name: str(sidecar[name]) for name in _FACTS} | {"versions": versions}
