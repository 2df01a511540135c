"""Markdown, as far as our own documents go, as a page for a browser.

What it knows: headings, paragraphs, fenced code, tables, quotes and lists of one level; in a line
code, pictures, links, bold and italic. Everything else is shown as it is written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

Link = Callable[[str], str]
"""Where a link of the document leads on the page; "" makes it plain text."""

_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 sans-serif; }
img { max-width: 100%; }
pre, code { background: #8882; border-radius: 3px; }
pre { padding: .6rem; overflow-x: auto; }
td, th { padding: .2rem .6rem; border: 1px solid #8886; text-align: left; vertical-align: top; }
table { border-collapse: collapse; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 4px solid #8886; }
"""

_ITEM = re.compile(r"(?:-|\d+\.) +")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_HELD = re.compile("\0(\\d+)\0")
_PICTURE = re.compile(r"!\[([^]]*)\]\(([^)\s]+)\)")
_LINK = re.compile(r"\[([^]]+)\]\(([^)\s]+)\)")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", re.DOTALL)
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![\w*])", re.DOTALL)


def page(markdown: str, link: Link) -> str:
    """A whole page; its title is the document's first heading."""
    heading = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    title = html.escape(re.sub("[`*]", "", heading[1]) if heading else "")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{_blocks(markdown.splitlines(), link)}\n</body>\n</html>\n"
    )


def pictures(markdown: str) -> list[str]:
    """Where the pictures of a document lie, as it says."""
    return [source for _, source in _PICTURE.findall(markdown)]


def links(markdown: str) -> list[str]:
    """Where the links of a document lead, as it says; pictures are not among them."""
    text = _CODE.sub("", _FENCED.sub("", markdown))
    return [target for _, target in _LINK.findall(_PICTURE.sub("", text))]


def anchor(heading: str) -> str:
    """The name by which a link finds a heading, as the places that show Markdown have it."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def _blocks(lines: list[str], link: Link) -> str:
    made = []
    rest = lines
    while rest:
        kind = _kind(rest[0])
        count = _length(kind, rest)
        made.append(_MAKERS[kind](rest[:count], link))
        rest = rest[count:]
    return _lines(*filter(None, made))


def _kind(line: str) -> str:
    """What begins with a line."""
    if line.startswith("```"):
        return "code"
    if re.match(r"#{1,6} ", line):
        return "heading"
    if line.startswith("|"):
        return "table"
    if line.startswith(">"):
        return "quote"
    if _ITEM.match(line):
        return "list"
    return "text" if line.strip() else "blank"


def _length(kind: str, lines: list[str]) -> int:
    """How many lines belong to what begins with the first one."""
    rest = lines[1:]
    if kind in ("heading", "blank"):
        return 1
    if kind == "code":
        return next((at for at, line in enumerate(rest, 2) if line.startswith("```")), len(lines))
    return next((at for at, line in enumerate(rest, 1) if not _goes_on(kind, line)), len(lines))


def _goes_on(kind: str, line: str) -> bool:
    return _kind(line) == kind or (kind == "list" and line.startswith("  "))


def _code(lines: list[str], link: Link) -> str:
    inside = [line for line in lines[1:] if not line.startswith("```")]
    text = _lines(*inside)
    return f"<pre>{html.escape(text, quote=False)}</pre>"


def _heading(lines: list[str], link: Link) -> str:
    marks, _, text = lines[0].partition(" ")
    level = len(marks)
    return f'<h{level} id="{anchor(text)}">{_inline(text, link)}</h{level}>'


def _table(lines: list[str], link: Link) -> str:
    rows = [lines[0], *lines[2:]]  # the second one only says that it is a table
    made = [_row(row, "td" if at else "th", link) for at, row in enumerate(rows)]
    return _lines("<table>", *made, "</table>")


def _row(line: str, tag: str, link: Link) -> str:
    cells = re.split(r"(?<!\\)\|", line.strip()[1:].removesuffix("|"))
    texts = [_inline(cell.strip().replace("\\|", "|"), link) for cell in cells]
    return f"<tr>{''.join(f'<{tag}>{text}</{tag}>' for text in texts)}</tr>"


def _quote(lines: list[str], link: Link) -> str:
    inside = [line.removeprefix(">").removeprefix(" ") for line in lines]
    return _lines("<blockquote>", _blocks(inside, link), "</blockquote>")


def _list(lines: list[str], link: Link) -> str:
    tag = "ul" if lines[0].startswith("-") else "ol"
    text = "\n".join(line.strip() if line.startswith(" ") else line for line in lines)
    items = re.split(r"^(?:-|\d+\.) +", text, flags=re.MULTILINE)[1:]
    made = [f"<li>{_inline(item.strip(), link)}</li>" for item in items]
    return _lines(f"<{tag}>", *made, f"</{tag}>")


def _text(lines: list[str], link: Link) -> str:
    return f"<p>{_inline(_lines(*lines), link)}</p>"


def _blank(lines: list[str], link: Link) -> str:
    return ""


_MAKERS: dict[str, Callable[[list[str], Link], str]] = {
    "code": _code,
    "heading": _heading,
    "table": _table,
    "quote": _quote,
    "list": _list,
    "text": _text,
    "blank": _blank,
}


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _inline(text: str, link: Link) -> str:
    """What stands in a line; code is held back so that nothing in it means anything."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(f"<code>{html.escape(found[1], quote=False)}</code>")
        return f"\0{len(held) - 1}\0"

    def linked(found: re.Match[str]) -> str:
        target = link(html.unescape(found[2]))
        return f'<a href="{html.escape(target)}">{found[1]}</a>' if target else found[1]

    made = html.escape(_CODE.sub(hold, text))
    made = _PICTURE.sub(r'<img alt="\1" src="\2">', made)
    made = _LINK.sub(linked, made)
    made = _BOLD.sub(r"<strong>\1</strong>", made)
    made = _ITALIC.sub(r"<em>\1</em>", made)
    return _HELD.sub(lambda found: held[int(found[1])], made)
