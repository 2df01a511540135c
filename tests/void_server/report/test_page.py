import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from void_server.report.curves import Chart
from void_server.report.page import Report, to_html
from void_server.report.strip import Strip, Tile

PNG = b"\x89PNG picture"
STRIP = Strip(
    1001,
    (
        Tile("frame", "plate", b"\xff\xd8 plate"),
        Tile("detail", "plate", b"\xff\xd8 closer"),
        Tile("origin", "what the model saw", PNG),
    ),
)
CHART = Chart(title="Flicker", series={"before": {1: 0.1, 2: 0.2}, "after": {1: 0.0, 2: 0.0}})
NASTY = """<script>alert(1)</script>"><img src=x onerror='y'>&"""


def page(**changes) -> str:
    values = {
        "title": "sh010_void_v001",
        "summary": "Boom removed.",
        "figures": {"PSNR in the hole": "41.2 dB"},
        "facts": {"Job": {"engine": "cleanplate"}},
        "before": b"\x89PNG before",
        "after": b"\xff\xd8 after",
        "sheet": b"\x89PNG sheet",
        "strips": (STRIP,),
        "charts": (CHART,),
    }
    return to_html(Report(**(values | changes)))


def test_frames_without_pictures_are_told_of_in_one_line_for_each_reason():
    without = [Strip(frame, (), "OCIO config <b>") for frame in (1002, 1003)]
    text = page(strips=(STRIP, *without, Strip(1004, (), "no space")))
    assert text.count("<h3>Frame ") == 1
    assert text.count("No pictures of") == 2
    assert "No pictures of 1002, 1003: OCIO config &lt;b&gt;" in text
    assert "No pictures of 1004: no space" in text
    assert "was invented" in text
    assert "was invented" not in page(strips=without)


class Tags(HTMLParser):
    """Every tag with its attributes; a tag that is closed wrongly is an error."""

    VOID = ("meta", "img", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID and tag not in ("line", "rect", "polyline", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag == "rect":
            return  # it may hold a title
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def test_the_page_needs_no_other_file():
    tags = Tags(page())
    sources = [a[n] for _, a in tags.found for n in ("src", "href", "data", "action") if n in a]
    assert len(sources) == 6
    assert all(source.startswith("data:image/") for source in sources)
    assert sources[1].startswith("data:image/jpeg")
    assert not re.search(r"https?:|url\(|@import", page())


def test_the_policy_forbids_the_network_and_knows_the_one_script_by_its_digest():
    html = page()
    (policy,) = [
        meta["content"]
        for meta in Tags(html).named("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["img-src"] == "data:"
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert directives["script-src"] == f"'sha256-{digest}'"
    assert not re.search(r"\son\w+=", html)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": NASTY},
        {"summary": NASTY},
        {"figures": {NASTY: NASTY}},
        {"facts": {NASTY: {NASTY: NASTY}}},
        {"warnings": (NASTY,)},
        {"strips": (Strip(1, (Tile("origin", NASTY, PNG),)),)},
        {"charts": (Chart(title=NASTY, unit=NASTY, note=NASTY, series={NASTY: {1: 1.0}}),)},
        {"charts": (Chart(title="a", series={NASTY: {1: 1.0}, "b": {1: 2.0}}),)},
    ],
    ids=["title", "summary", "figure", "fact", "warning", "caption", "chart", "curve"],
)
def test_text_from_outside_cannot_become_markup(changes):
    tags = Tags(page(**changes))
    assert len(tags.named("script")) == 1
    assert not [a for _, a in tags.found if "onerror" in a]
    assert all((image["src"] or "").startswith("data:") for image in tags.named("img"))


def test_warnings_come_first_and_are_left_out_when_there_are_none():
    html = page(warnings=("the model changed the background",))
    assert html.index("the model changed the background") < html.index("Before and after")
    assert 'class="warnings"' not in page()


def test_every_strip_is_there_with_its_captions_and_frame():
    text = Tags(page()).text
    for said in ("Frame 1001", "Around the hole", "what the model saw", "PSNR in the hole"):
        assert said in text
    assert "41.2 dB" in text


def test_what_is_empty_has_no_section():
    html = page(before=b"", sheet=b"", strips=(), charts=(), figures={}, facts={"Job": {}})
    assert "<h2>" not in html
    assert Tags(html).named("img") == []


def test_a_phone_and_a_printer_get_a_layout_of_their_own():
    html = page()
    assert any(meta.get("name") == "viewport" for meta in Tags(html).named("meta"))
    assert "@media print" in html
