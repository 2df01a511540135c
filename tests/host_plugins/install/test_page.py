"""Markdown as a page for a browser."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from host_plugins.install.page import anchor, links, page, pictures

DOCUMENTS = sorted(Path(__file__).parents[3].glob("docs/*.md"))


def body(markdown, link=lambda target: target):
    return page(markdown, link).split("<body>\n")[1].split("\n</body>")[0]


class Tags(HTMLParser):
    """What is open, and every text."""

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"pre", "code", "style"} & set(self.open):
            self.texts.append(data)


@pytest.mark.parametrize(
    ("markdown", "made"),
    [
        ("# One *two*", '<h1 id="one-two">One <em>two</em></h1>'),
        ("a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>"),
        ("**a `**b**` c**", "<p><strong>a <code>**b**</code> c</strong></p>"),
        ("2 * 3 * 4 < 5 & <b>", "<p>2 * 3 * 4 &lt; 5 &amp; &lt;b&gt;</p>"),
        ("```\n<a> | *b*\n\n```\nc", "<pre>&lt;a&gt; | *b*\n</pre>\n<p>c</p>"),
        ("- a\n  b\n- c\n\nd", "<ul>\n<li>a\nb</li>\n<li>c</li>\n</ul>\n<p>d</p>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("> a\n> b", "<blockquote>\n<p>a\nb</p>\n</blockquote>"),
        (
            "| a | b |\n|---|---|\n| `c \\| d` | |",
            "<table>\n<tr><th>a</th><th>b</th></tr>\n"
            "<tr><td><code>c | d</code></td><td></td></tr>\n</table>",
        ),
        ("![a](b.png)", '<p><img alt="a" src="b.png"></p>'),
        ("[a](b.md#c)", '<p><a href="b.md#c">a</a></p>'),
    ],
)
def test_each_form_becomes_what_a_browser_shows_so(markdown, made):
    assert body(markdown) == made


def test_a_link_that_leads_nowhere_is_its_text():
    assert body("see [the server](server.md).", lambda target: "") == "<p>see the server.</p>"


def test_links_and_pictures_of_a_document_are_told_but_not_those_in_its_code():
    text = "![p](p.png) [a](a.md)\n```\n[b](b.md)\n```\n`[c](c.md)` [d](d.md)"
    assert (links(text), pictures(text)) == (["a.md", "d.md"], ["p.png"])


def test_a_heading_is_found_by_the_name_that_links_have_for_it():
    assert anchor("What it *never* does: `rm`") == "what-it-never-does-rm"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_mark_of_our_documents_is_left_over(document):
    read = Tags()
    read.feed(page(document.read_text("utf-8"), lambda target: target))
    assert not read.open
    left = [text for text in read.texts if "`" in text or "**" in text or "](" in text]
    assert not left
