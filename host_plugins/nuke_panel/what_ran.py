"""A result's record in the artist's words, and as the facts that go down the pipeline with it.

The record may come from a server newer than this package: what cannot be read is left out.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from bridge.wording import duration

_SERVER = "void-bridge"
"""Under ``versions`` of a record: the package that the server is part of."""

_DECISIVE = (
    "quality", "steps", "refine", "refine_steps", "guidance", "refine_guidance", "width", "height",
    "fit", "region", "scale", "curve", "exposure", "peak", "primaries", "model", "gpu", "memory",
    "flow", "upscaler", "grain",
)  # fmt: skip
"""What decides how a result looks: the engine's parameters, or what it found for one on auto."""


class _Ran(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a record that is told, whoever wrote it."""

    engine: str = ""
    device: str = ""
    first_frame: int | None = None
    last_frame: int | None = None
    seed: int | None = None
    seen: float | None = None
    seconds: float | None = None
    parameters: dict[str, Any] = {}
    engine_facts: dict[str, Any] = {}
    versions: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()


def line(record: Mapping[str, Any]) -> str:
    """What really ran in one line, and its warnings below; "" while the job runs.

    E.g. ``void on cuda:0, frames 1001-1040, quality standard, 12 steps, second pass on, model
    672x384, region 1480x846, seed 42, 7 min 12 s``.
    """
    if "engine" not in record:
        return ""
    ran = _read(record)
    parts = [*_engine(ran), *_quality(ran), *_size(ran), *_rest(ran)]
    warnings = [f"Note: {warning}" for warning in ran.warnings]
    return "<br>".join(html.escape(text, quote=False) for text in (", ".join(parts), *warnings))


def facts(*, job: str, version: str, record: Mapping[str, Any]) -> dict[str, str]:
    """What the comp says of itself as metadata, under ``void/``; the same keys as in our files.

    Args:
        job: The job's id.
        version: The version's label, e.g. ``v001``.
        record: What the server recorded; empty while the job runs.
    """
    ran = _read(record)
    found = ran.parameters | ran.engine_facts
    known = {
        "job": job,
        "result": version,
        "engine": ran.engine or None,
        "device": ran.device or None,
        "seed": ran.seed,
        "version": ran.versions.get(_SERVER),
        **{name: found.get(name) for name in _DECISIVE},
    }
    told = {name: value for name, value in known.items() if isinstance(value, (str, int, float))}
    return {f"void/{name}": str(value) for name, value in told.items()}


def _read(record: Mapping[str, Any]) -> _Ran:
    """Field by field: one that has become something else does not take the others with it."""
    values = {}
    for field in msgspec.structs.fields(_Ran):
        with suppress(msgspec.ValidationError):
            if field.name in record:
                values[field.name] = msgspec.convert(record[field.name], field.type)
    return _Ran(**values)


def _engine(ran: _Ran) -> list[str]:
    device = ran.engine_facts.get("gpu") or ran.device
    said = [f"{ran.engine or 'unknown engine'}{f' on {device}' if device else ''}"]
    if ran.first_frame is not None and ran.last_frame is not None:
        said.append(f"frames {ran.first_frame}-{ran.last_frame}")
    return said


def _quality(ran: _Ran) -> list[str]:
    """How much work it was told to take; a number that is 0 leaves it to the quality."""
    asked = ran.parameters
    said = [f"quality {asked['quality']}"] if "quality" in asked else []
    said += [f"{asked['steps']} steps"] if asked.get("steps") else []
    second = asked.get("refine", "auto")
    said += [f"second pass {second}"] if second != "auto" else []
    if second != "off" and asked.get("refine_steps"):
        said.append(f"{asked['refine_steps']} steps in the second pass")
    return said


def _size(ran: _Ran) -> list[str]:
    """How large the model saw it; an engine without a model works at the plate's own size."""
    said = []
    if "width" in ran.parameters and "height" in ran.parameters:
        said.append(f"model {ran.parameters['width']}x{ran.parameters['height']}")
    region = str(ran.engine_facts.get("region", "")).split(",")
    if len(region) == 4:
        said.append(f"region {region[2]}x{region[3]}")
    return said


def _rest(ran: _Ran) -> list[str]:
    said = []
    if ran.engine == "cleanplate" and ran.seen is not None:
        said.append(f"{round(100 * ran.seen)} % seen in other frames")
    if ran.seed is not None:
        said.append(f"seed {ran.seed}")
    if ran.seconds is not None:
        said.append(duration(ran.seconds))
    return said
