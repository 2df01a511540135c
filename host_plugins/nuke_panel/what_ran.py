"""A result's record in the artist's words, and as the facts that go down the pipeline with it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from bridge.wording import duration

_SERVER = "void-bridge"
"""Under ``versions`` of a record: the package that the server is part of."""


def line(record: Mapping[str, Any]) -> str:
    """What really ran in one line, and its warnings below; "" while the job runs.

    E.g. ``void on cuda:0, frames 1001-1040, quality standard, model 672x384, region 1480x846,
    seed 42, 7 min 12 s``.
    """
    if "engine" not in record:
        return ""
    parts = [*_engine(record), *_size(record), *_rest(record)]
    warnings = [f"Note: {warning}" for warning in record.get("warnings", ())]
    return "<br>".join(html.escape(text, quote=False) for text in (", ".join(parts), *warnings))


def facts(*, job: str, version: str, record: Mapping[str, Any]) -> dict[str, str]:
    """What the comp says of itself as metadata, under ``void/``; the same keys as in our files.

    Args:
        job: The job's id.
        version: The version's label, e.g. ``v001``.
        record: What the server recorded; empty while the job runs.
    """
    known = {
        "void/job": job,
        "void/result": version,
        "void/engine": record.get("engine"),
        "void/device": record.get("device"),
        "void/seed": record.get("seed"),
        "void/version": record.get("versions", {}).get(_SERVER),
    }
    return {key: str(value) for key, value in known.items() if value is not None}


def _engine(record: Mapping[str, Any]) -> list[str]:
    found = record.get("engine_facts", {})
    device = found.get("gpu") or record.get("device", "")
    said = [f"{record.get('engine', 'unknown engine')}{f' on {device}' if device else ''}"]
    if "first_frame" in record:
        said.append(f"frames {record['first_frame']}-{record['last_frame']}")
    return said


def _size(record: Mapping[str, Any]) -> list[str]:
    """How large the model saw it; an engine without a model works at the plate's own size."""
    asked, found = record.get("parameters", {}), record.get("engine_facts", {})
    said = [f"{name} {asked[name]}" for name in ("quality",) if name in asked]
    if "width" in asked and "height" in asked:
        said.append(f"model {asked['width']}x{asked['height']}")
    region = str(found.get("region", "")).split(",")
    if len(region) == 4:
        said.append(f"region {region[2]}x{region[3]}")
    return said


def _rest(record: Mapping[str, Any]) -> list[str]:
    said = []
    if record.get("engine") == "cleanplate" and "seen" in record:
        said.append(f"{round(100 * record['seen'])} % seen in other frames")
    if "seed" in record:
        said.append(f"seed {record['seed']}")
    if "seconds" in record:
        said.append(duration(float(record["seconds"])))
    return said
