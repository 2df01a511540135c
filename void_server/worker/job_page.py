"""The report page of a finished job, from its sidecar and the pictures that were gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from void_server.report.measures import charts
from void_server.report.page import Report, to_html
from void_server.report.strip import Strip
from void_server.worker.sidecar import FrameRecord, MatteRecord, Sidecar

_SHOWN_ELSEWHERE = ("frames", "warnings", "changed_outside", "seen", "seconds", "schema", "mattes")
_WIPE_WIDTH = 768


def job_page(sidecar: Sidecar, strips: Sequence[Strip], *, name: str) -> bytes:
    """The page as UTF-8 HTML.

    Args:
        sidecar: What really ran.
        strips: Pictures of some frames, in frame order.
        name: The shot's name.
    """
    before, after = _wipe(strips)
    report = Report(
        title=f"{name}, frames {sidecar.first_frame}-{sidecar.last_frame}",
        summary=f"Engine {sidecar.engine} on {sidecar.device}, job {sidecar.job}.",
        figures=_figures(sidecar),
        facts=_facts(sidecar),
        warnings=sidecar.warnings,
        before=before,
        after=after,
        wipe_width=_WIPE_WIDTH,
        strips=strips,
        charts=charts(
            {record.frame: _measures(record) for record in sidecar.frames},
            (sidecar.first_frame, sidecar.last_frame),
        ),
    )
    return to_html(report).encode()


def _figures(sidecar: Sidecar) -> dict[str, str]:
    frames = sidecar.frames
    with_hole = sum(record.hole > 0 for record in frames)
    held = [record.frame for record in frames if record.held_from is not None]
    figures = {
        **_changed(sidecar.changed_outside),
        "Frames with a hole": f"{with_hole} of {len(frames)}",
        "Hole that shows background seen in other frames": f"{sidecar.seen:.1%}",
        "Time": f"{sidecar.seconds:.1f} s, {sidecar.seconds / max(1, len(frames)):.2f} s a frame",
    }
    if held:
        figures["Missing frames, filled in with the one before"] = ", ".join(map(str, held))
    return figures


def _changed(count: int | None) -> dict[str, str]:
    """Nothing without a comp: a patch has no outside."""
    told = "Values changed outside the matte, read back from disk"
    return {} if count is None else {told: str(count)}


def _facts(sidecar: Sidecar) -> dict[str, dict[str, str]]:
    """Everything in the sidecar that nothing else shows, so that a new field shows by itself."""
    whole: dict[str, Any] = msgspec.to_builtins(sidecar)
    values = {name: value for name, value in whole.items() if name not in _SHOWN_ELSEWHERE}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    single = {_words(name): _told(value) for name, value in values.items() if name not in tables}
    mattes = {_words(f"matte {n}"): _matte(m) for n, m in enumerate(sidecar.mattes, start=1)}
    return {
        "Job": {**single, **mattes},
        **{
            _words(name): {key: _told(value) for key, value in table.items()}
            for name, table in tables.items()
        },
    }


def _measures(record: FrameRecord) -> dict[str, float]:
    filled = {"seen": record.seen, "hole": float(record.hole)} if record.hole else {}
    return {**record.measures, **filled, "seconds": record.seconds}


def _wipe(strips: Sequence[Strip]) -> tuple[bytes, bytes]:
    """Plate and comp of the middle strip, as close as it shows them."""
    if not strips:
        return b"", b""
    tiles = strips[len(strips) // 2].tiles
    band = "detail" if any(tile.band == "detail" for tile in tiles) else "frame"
    images: Mapping[str, bytes] = {tile.caption: tile.image for tile in tiles if tile.band == band}
    return images.get("plate", b""), images.get("comp", b"")


def _matte(matte: MatteRecord) -> str:
    channel = f", channel {matte.channel}" if matte.channel else ""
    return f"{matte.role}: {matte.label}{channel}"


def _words(name: str) -> str:
    return name.replace("color_", "colour_").replace("_", " ").capitalize()


def _told(value: Any) -> str:  # noqa: ANN401 - whatever a sidecar holds
    if isinstance(value, str):
        return value or "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_told, value)) or "-"
    return msgspec.json.encode(value).decode()
