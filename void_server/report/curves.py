"""Curves over the frames of a shot, as SVG that stands inside a page.

Numbers outlive scaling here: of a shot longer than the chart is wide, each column shows the
lowest and the highest number of its frames, so that a spike of one frame is never lost.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 10, 24
_COLUMNS = _WIDTH - _LEFT - _RIGHT
_HOVERS = 240
_TICKS = 5
_LEAST, _MOST = 1e-200, 1e200  # beyond these the arithmetic of axes overflows; NaN is in neither
_PALETTE = ("#5aa9ff", "#ff9f43", "#58d68d", "#c39bd3", "#f7dc6f", "#76d7c4")
_OWN_COLOR = {"r": "#ff6b6b", "g": "#4cd07d", "b": "#5aa9ff", "before": "#8a8a8a"}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Some measures over the frames, on one scale.

    Attributes:
        title: What is measured.
        unit: Its unit, or "".
        series: Numbers by frame, by the name of the measure; a frame without a number is a gap.
        note: What it means for the artist, or "".
        level: The number that would be right, drawn as a dashed line, or None.
        frames: First and last frame of the axis, so that charts of one shot can be compared; None
            for those that have a number.
    """

    title: str
    series: Mapping[str, Mapping[int, float]]
    unit: str = ""
    note: str = ""
    level: float | None = None
    frames: tuple[int, int] | None = None


def to_svg(chart: Chart) -> str:
    """The chart as one ``<svg>`` element; "" when there is no number in it."""
    series = {name: _finite(values) for name, values in chart.series.items()}
    frames = sorted({frame for values in series.values() for frame in values})
    if not frames:
        return ""
    plot = _Plot.around(series, chart.frames or (frames[0], frames[-1]), chart.level)
    label = html.escape(f"{chart.title}, frames {plot.first} to {plot.last}")
    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">',
        *_axes(plot),
        *([] if chart.level is None else [_level(plot, chart.level)]),
        *(_curve(plot, values, color) for (_, values), color in _colored(series)),
        *_hovers(plot, series, frames, chart.unit),
        "</svg>",
    ]
    return "".join(parts)


def legend(chart: Chart) -> str:
    """The names of a chart's curves in their colours; "" for a single one."""
    if len(chart.series) < 2:
        return ""
    names = (
        f'<span><i style="background:{color}"></i>{html.escape(name)}</span>'
        for (name, _), color in _colored(chart.series)
    )
    return f'<p class="legend">{"".join(names)}</p>'


def ticks(low: float, high: float, count: int = _TICKS) -> list[float]:
    """About ``count`` round numbers from ``low`` to ``high``; multiples of 1, 2 or 5."""
    span = high - low
    if span < _LEAST:
        return [low]
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


@dataclass(frozen=True)
class _Plot:
    """Where frames and numbers lie in the picture."""

    first: int
    last: int
    low: float
    high: float

    @classmethod
    def around(
        cls,
        series: Mapping[str, Mapping[int, float]],
        frames: tuple[int, int],
        level: float | None,
    ) -> _Plot:
        numbers = [number for values in series.values() for number in values.values()]
        numbers += [] if level is None else [level]
        low, high = min(numbers), max(numbers)
        room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
        return cls(*frames, low - room, high + room)

    def x(self, frame: float) -> float:
        span = self.last - self.first
        return _LEFT + _COLUMNS * ((frame - self.first) / span if span else 0.5)

    def y(self, number: float) -> float:
        share = (number - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def _finite(values: Mapping[int, float]) -> dict[int, float]:
    return {frame: values[frame] for frame in sorted(values) if abs(values[frame]) < _MOST}


def _colored(
    series: Mapping[str, Mapping[int, float]],
) -> Iterator[tuple[tuple[str, Mapping[int, float]], str]]:
    free = iter(_PALETTE * (len(series) // len(_PALETTE) + 1))
    for item in series.items():
        yield item, _OWN_COLOR.get(item[0]) or next(free)


def _axes(plot: _Plot) -> Iterator[str]:
    right, floor = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for number in ticks(plot.low, plot.high):
        y = plot.y(number)
        yield f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number:.6g}</text>'
    for frame in _frame_ticks(plot):
        x = plot.x(frame)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{floor}"/>'
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{frame}</text>'


def _frame_ticks(plot: _Plot) -> list[int]:
    if plot.last - plot.first < _TICKS:
        return list(range(plot.first, plot.last + 1))
    inner = [round(number) for number in ticks(plot.first, plot.last)]
    apart = (plot.last - plot.first) / 10
    away = [n for n in inner if n - plot.first > apart and plot.last - n > apart]
    return [plot.first, *dict.fromkeys(away), plot.last]


def _level(plot: _Plot, level: float) -> str:
    y = plot.y(level)
    return f'<line class="level" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _curve(plot: _Plot, values: Mapping[int, float], color: str) -> str:
    runs = list(_runs(values))
    dots = "".join(
        f'<circle cx="{plot.x(run[0]):.1f}" cy="{plot.y(values[run[0]]):.1f}" r="2.5" '
        f'fill="{color}"/>'
        for run in runs
        if len(run) == 1
    )
    lines = "".join(
        f'<polyline stroke="{color}" points="{" ".join(_points(plot, values, run))}"/>'
        for run in runs
        if len(run) > 1
    )
    return lines + dots


def _runs(values: Mapping[int, float]) -> Iterator[list[int]]:
    """Frames with numbers, cut where the frames between have none."""
    run: list[int] = []
    for frame in values:
        if run and frame != run[-1] + 1:
            yield run
            run = []
        run.append(frame)
    if run:
        yield run


def _points(plot: _Plot, values: Mapping[int, float], run: Sequence[int]) -> Iterator[str]:
    if plot.last - plot.first < _COLUMNS:
        yield from (f"{plot.x(frame):.1f},{plot.y(values[frame]):.1f}" for frame in run)
        return
    columns: dict[int, list[float]] = {}
    for frame in run:
        columns.setdefault(round(plot.x(frame)), []).append(plot.y(values[frame]))
    for x, heights in columns.items():
        yield f"{x},{min(heights):.1f} {x},{max(heights):.1f}"


def _hovers(
    plot: _Plot, series: Mapping[str, Mapping[int, float]], frames: Sequence[int], unit: str
) -> Iterator[str]:
    """Invisible columns that tell frame and numbers to a pointer that rests on them."""
    count = min(len(frames), _HOVERS)
    width = max(2.0, _COLUMNS / count)
    for index in range(count):
        some = frames[index * len(frames) // count : (index + 1) * len(frames) // count]
        middle = (plot.x(some[0]) + plot.x(some[-1])) / 2
        left = max(_LEFT, middle - width / 2)
        right = min(_WIDTH - _RIGHT, middle + width / 2)
        text = html.escape(_told(series, some, unit))
        yield (
            f'<rect class="hover" x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" '
            f'height="{_HEIGHT - _TOP - _BOTTOM}"><title>{text}</title></rect>'
        )


def _told(series: Mapping[str, Mapping[int, float]], frames: Sequence[int], unit: str) -> str:
    where = f"{frames[0]}" if len(frames) == 1 else f"{frames[0]}-{frames[-1]}"
    lines = [where]
    for name, values in series.items():
        found = [values[frame] for frame in frames if frame in values]
        if found:
            low, high = min(found), max(found)
            told = f"{high:.5g}" if low == high else f"{low:.5g} to {high:.5g}"
            lines.append(f"{name} {told} {unit}".rstrip())
    return "\n".join(lines)
