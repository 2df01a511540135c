"""The report: one HTML page that needs no other file and no network."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>$title</title>
<style>
 body { background:#181818; color:#ddd; font:15px/1.5 system-ui,sans-serif;
        margin:2rem auto; max-width:1280px; padding:0 1rem }
 h1 { font-weight:500 } h2 { font-weight:500; margin-top:2.5rem }
 table { border-collapse:collapse } td,th { padding:.25rem 1.2rem .25rem 0; text-align:left;
        border-bottom:1px solid #333; vertical-align:top }
 td.n { font-variant-numeric:tabular-nums }
 .wipe { position:relative } .wipe img { display:block; width:100% }
 .wipe img + img { position:absolute; inset:0; clip-path:inset(0 0 0 var(--x,50%)) }
 input[type=range] { width:100%; margin:.5rem 0 0 } img.sheet { width:100% }
 li.warn { color:#fc6 }
</style></head><body>
<h1>$title</h1>
<p>$summary</p>
<h2>Before and after</h2>
<div class="wipe" id="wipe">
<img alt="plate" src="$before"><img alt="clean plate" src="$after"></div>
<input type="range" min="0" max="100" value="50" aria-label="wipe between plate and clean plate"
 oninput="document.getElementById('wipe').style.setProperty('--x', this.value + '%')">
<p>Left of the slider: plate. Right of it: clean plate.</p>
<h2>Measured</h2>
<table>$figures</table>
$warnings
<h2>Contact sheet</h2>
<img class="sheet" alt="plate, matte, clean plate and difference of several frames" src="$sheet">
<h2>What ran</h2>
<table>$facts</table>
</body></html>
""")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the page shows; pictures are PNG or JPEG bytes.

    Attributes:
        title: Heading, e.g. the version's name.
        summary: One sentence on what was done.
        figures: Measured numbers, by what they measure.
        facts: What ran: engine, device, seed, versions, by name.
        warnings: What the artist should know.
        before: The plate.
        after: The clean plate, same size.
        sheet: The contact sheet.
    """

    title: str
    summary: str
    figures: Mapping[str, str]
    facts: Mapping[str, str]
    warnings: Sequence[str]
    before: bytes
    after: bytes
    sheet: bytes


def to_html(report: Report) -> str:
    """The report as one self-contained page; every text in it is escaped."""
    return _PAGE.substitute(
        title=html.escape(report.title),
        summary=html.escape(report.summary),
        figures=_rows(report.figures),
        facts=_rows(report.facts),
        warnings=_list(report.warnings),
        before=_data_url(report.before),
        after=_data_url(report.after),
        sheet=_data_url(report.sheet),
    )


def _rows(values: Mapping[str, str]) -> str:
    return "".join(
        f'<tr><th>{html.escape(name)}</th><td class="n">{html.escape(value)}</td></tr>'
        for name, value in values.items()
    )


def _list(warnings: Sequence[str]) -> str:
    items = "".join(f'<li class="warn">{html.escape(warning)}</li>' for warning in warnings)
    return f"<ul>{items}</ul>" if items else ""


def _data_url(picture: bytes) -> str:
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"
