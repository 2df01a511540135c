"""The report: one HTML page that needs no other file and no network.

Its content security policy allows pictures that are part of the page and one script, known by its
digest, that moves the wipe; so whatever text comes in, nothing is loaded and nothing else runs.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from string import Template

from void_server.report import curves
from void_server.report.curves import Chart
from void_server.report.strip import Strip

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>$title</title>
<style>$style</style></head><body>
<h1>$title</h1>
<p>$summary</p>
$body
<script>$script</script>
</body></html>
""")

_BANDS = {
    "frame": "",
    "detail": "Around the hole",
    "origin": "How the fill came about",
}

_CONFIDENCE = (
    '<p class="note">Confidence: <span class="swatch" style="background:#e67e22">orange</span> was '
    'invented, <span class="swatch" style="background:#409cff">blue</span> was seen in other '
    "frames, brighter the more often. Differences are of display values; black means that "
    "plate and comp are the same.</p>"
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the page shows; what is empty has no section. Pictures are PNG or JPEG bytes.

    Attributes:
        title: Heading, e.g. the version's name.
        summary: One sentence on what was done.
        figures: Measured numbers, by what they measure.
        facts: What ran, tables by heading: engine, parameters, versions.
        warnings: What the artist should know.
        before: The plate of one frame.
        after: The clean plate of it, same size.
        wipe_width: Width at which the two are shown at most, pixels.
        sheet: A contact sheet.
        strips: The pictures of some frames.
        charts: Curves over the frames.
    """

    title: str
    summary: str
    figures: Mapping[str, str]
    facts: Mapping[str, Mapping[str, str]]
    warnings: Sequence[str] = ()
    before: bytes = field(default=b"", repr=False)
    after: bytes = field(default=b"", repr=False)
    wipe_width: int = 1280
    sheet: bytes = field(default=b"", repr=False)
    strips: Sequence[Strip] = ()
    charts: Sequence[Chart] = ()


def to_html(report: Report) -> str:
    """The report as one self-contained page; every text in it is escaped."""
    script, style = _file("page.js"), _file("page.css")
    body = (
        _warnings(report.warnings),
        _wipe(report),
        _section("Measured", f"<table>{_rows(report.figures)}</table>" if report.figures else ""),
        _section("Frames", _strips(report.strips)),
        _section("Contact sheet", _sheet(report.sheet)),
        _section("Over the shot", _charts(report.charts)),
        _section("What ran", _tables(report.facts)),
    )
    return _PAGE.substitute(
        policy=_policy(script),
        title=html.escape(report.title),
        summary=html.escape(report.summary),
        style=style,
        script=script,
        body="\n".join(part for part in body if part),
    )


@functools.cache
def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _section(heading: str, content: str) -> str:
    return f"<section><h2>{html.escape(heading)}</h2>\n{content}</section>" if content else ""


def _warnings(warnings: Sequence[str]) -> str:
    items = "".join(f"<li>{html.escape(warning)}</li>" for warning in warnings)
    return f'<ul class="warnings">{items}</ul>' if items else ""


def _wipe(report: Report) -> str:
    if not report.before or not report.after:
        return ""
    return _section(
        "Before and after",
        f'<div style="max-width:{report.wipe_width}px"><div class="wipe">'
        f'<img alt="plate" src="{_data_url(report.before)}">'
        f'<img alt="clean plate" src="{_data_url(report.after)}"></div>'
        '<input type="range" min="0" max="100" value="50" '
        'aria-label="wipe between plate and clean plate"></div>'
        '<p class="note">Left of the slider: plate. Right of it: clean plate.</p>',
    )


def _strips(strips: Sequence[Strip]) -> str:
    made = [strip for strip in strips if not strip.problem]
    return "".join(map(_strip, made)) + (_CONFIDENCE if made else "") + _problems(strips)


def _problems(strips: Sequence[Strip]) -> str:
    """One line for each reason why there are no pictures, with the frames it holds for."""
    frames: dict[str, list[str]] = {}
    for strip in strips:
        if strip.problem:
            frames.setdefault(strip.problem, []).append(str(strip.frame))
    lines = [f"No pictures of {', '.join(which)}: {why}" for why, which in frames.items()]
    return "".join(f'<p class="note">{html.escape(line)}</p>' for line in lines)


def _strip(strip: Strip) -> str:
    parts = [f"<h3>Frame {strip.frame}</h3>"]
    for band, heading in _BANDS.items():
        figures = "".join(
            f'<figure><img alt="{html.escape(tile.caption)}" src="{_data_url(tile.image)}">'
            f"<figcaption>{html.escape(tile.caption)}</figcaption></figure>"
            for tile in strip.tiles
            if tile.band == band
        )
        if figures and heading:
            parts.append(f'<p class="note">{heading}</p>')
        if figures:
            parts.append(f'<div class="band">{figures}</div>')
    return f"<section>{''.join(parts)}</section>"


def _sheet(sheet: bytes) -> str:
    if not sheet:
        return ""
    alt = "plate, matte, clean plate and difference of several frames"
    return f'<img class="sheet" alt="{alt}" src="{_data_url(sheet)}">'


def _charts(charts: Sequence[Chart]) -> str:
    drawn = [
        f"<div><h3>{html.escape(_titled(chart))}</h3>{svg}{curves.legend(chart)}"
        f'<p class="note">{html.escape(chart.note)}</p></div>'
        for chart in charts
        if (svg := curves.to_svg(chart))
    ]
    return f'<div class="charts">{"".join(drawn)}</div>' if drawn else ""


def _titled(chart: Chart) -> str:
    return f"{chart.title}, {chart.unit}" if chart.unit else chart.title


def _tables(facts: Mapping[str, Mapping[str, str]]) -> str:
    tables = "".join(
        f"<div><h3>{html.escape(heading)}</h3><table>{_rows(values)}</table></div>"
        for heading, values in facts.items()
        if values
    )
    return f'<div class="tables">{tables}</div>' if tables else ""


def _rows(values: Mapping[str, str]) -> str:
    return "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in values.items()
    )


def _data_url(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"
