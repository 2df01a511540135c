"""Which measures of the frames share a chart, and what each means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from void_server.report.curves import Chart

_ALIKE = frozenset({"r", "g", "b", "before", "after", "inside", "around", "low", "high"})
"""Last words by which measures of one kind differ: ``gain_r`` and ``gain_g`` share a chart."""


@dataclass(frozen=True)
class _Meaning:
    title: str
    unit: str = ""
    note: str = ""
    level: float | None = None


_MEANINGS = {
    "gain": _Meaning(
        "Colour gain",
        note="What each channel of this frame was multiplied by to meet the plate around the "
        "hole, on top of the shot's own fit; 1 changes nothing.",
        level=1.0,
    ),
    "ring_residual": _Meaning(
        "Colour residual",
        note="Difference to the plate around the hole that is left after the match, in the "
        "model's code; a rise says that the model changed the background.",
    ),
    "flicker": _Meaning(
        "Flicker",
        "stops",
        "How much brighter than in the frames around it the model's picture is against the "
        "plate, before and after the match; 0 is steady.",
        level=0.0,
    ),
    "seam_step": _Meaning(
        "Step at the edge",
        "stops",
        "Difference across the edge of the hole after the match.",
        level=0.0,
    ),
    "real": _Meaning("Real pixels", note="Share of the hole whose detail was filmed elsewhere."),
    "grain_sigma": _Meaning("Grain", note="Deviation of the grain that was put on, scene-linear."),
    "grain_sigma_ratio": _Meaning(
        "Grain ratio", note="Strength of that grain over the plate's; 1 is a match.", level=1.0
    ),
    "seen": _Meaning(
        "Seen elsewhere",
        note="Share of the hole whose background was seen in other frames; the rest was invented.",
    ),
    "hole": _Meaning("Hole", "pixels", "Size of what was filled."),
    "seconds": _Meaning(
        "Time",
        "s",
        "Time since the frame before; the first that is filled carries the work on the whole shot.",
    ),
}


def charts(
    measures: Mapping[int, Mapping[str, float]], frames: tuple[int, int] | None = None
) -> list[Chart]:
    """The measures of a shot, sorted into charts; those that are alike share one.

    Args:
        measures: Numbers by name, by frame.
        frames: First and last frame of the shot; None takes those that have a number.
    """
    series: dict[str, dict[int, float]] = {}
    for frame in sorted(measures):
        for name, number in measures[frame].items():
            series.setdefault(name, {})[frame] = number
    groups = _grouped(series)
    return [
        _chart(stem, {last or stem: series[name] for name, last in groups[stem]}, frames)
        for stem in sorted(groups, key=_rank)
    ]


def _rank(stem: str) -> int:
    """Measures that are known come in the order of the table, then the others as they came."""
    known = list(_MEANINGS)
    plain = stem.replace(" ", "_")
    return known.index(plain) if plain in known else len(known)


def _grouped(names: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """(name, last word) by what comes before the last word, where that sets kin apart."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        stem, _, last = name.replace(" ", "_").rpartition("_")
        if stem and last in _ALIKE:
            groups.setdefault(stem, []).append((name, last))
        else:
            groups.setdefault(name, []).append((name, ""))
    return groups


def _chart(
    stem: str, series: Mapping[str, Mapping[int, float]], frames: tuple[int, int] | None
) -> Chart:
    plain = stem.replace(" ", "_")
    meaning = _MEANINGS.get(plain) or _Meaning(plain.replace("_", " ").capitalize())
    return Chart(
        title=meaning.title,
        unit=meaning.unit,
        note=meaning.note,
        level=meaning.level,
        series=series,
        frames=frames,
    )
