from html.parser import HTMLParser

from void_server.report.page import Report, to_html


def page(**changes) -> str:
    values = {
        "title": "sh010_void_v001",
        "summary": "Boom removed.",
        "figures": {"PSNR in the hole": "41.2 dB"},
        "facts": {"engine": "cleanplate"},
        "warnings": (),
        "before": b"\x89PNG before",
        "after": b"\xff\xd8 after",
        "sheet": b"\x89PNG sheet",
    }
    return to_html(Report(**(values | changes)))


class Sources(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("src", "href")]


def test_the_page_needs_no_other_file():
    sources = Sources()
    sources.feed(page())
    assert len(sources.found) == 3
    assert all(source.startswith("data:image/") for source in sources.found)
    assert sources.found[1].startswith("data:image/jpeg")


def test_text_from_outside_cannot_become_markup():
    html = page(title="<script>x</script>", figures={"a<b": "1 & 2"}, warnings=("<img>",))
    assert "<script>" not in html
    assert "a&lt;b" in html
    assert "1 &amp; 2" in html
    assert "&lt;img&gt;" in html


def test_the_figures_are_on_the_page():
    assert "41.2 dB" in page()
