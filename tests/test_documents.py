"""What the documents say is there: links, pictures, knobs, menu entries, error codes."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from host_plugins.install.page import anchor, links, pictures
from host_plugins.nuke_panel import knobs
from host_plugins.panel import error_text
from host_plugins.run import texts

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
HOSTS = sorted(ROOT.glob("host_plugins/**/*.py"))
NUKE = ROOT / "docs" / "nuke.md"
CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@cache
def anchors(document):
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def leads_somewhere(document, target):
    if "://" in target:
        return True
    name, _, part = target.partition("#")
    place = (document.parent / name) if name else document
    return place.exists() and (not part or part in anchors(place))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_and_picture_leads_somewhere(document):
    text = document.read_text("utf-8")
    dead = [to for to in (*links(text), *pictures(text)) if not leads_somewhere(document, to)]
    assert not dead


def test_every_picture_is_in_a_document():
    shown = {
        (document.parent / picture).resolve()
        for document in DOCUMENTS
        for picture in pictures(document.read_text("utf-8"))
    }
    assert not set(ROOT.glob("docs/images/*")) - shown


def test_every_knob_is_explained_by_its_label():
    first_cells = {cell for row in rows() for cell in re.split(", ", row[0])}
    labels = {knob.label for knob in knobs.layout() if knob.label and told(knob)}
    assert not labels - first_cells


def told(knob):
    """Whether a knob is one that an artist can do something with, and no heading."""
    return not knob.hidden and knob.kind not in ("tab", "group")


def test_every_tab_has_a_heading():
    tabs = {knob.label for knob in knobs.layout() if knob.kind == "tab"}
    assert not {f"### {tab}" for tab in tabs} - set(NUKE.read_text("utf-8").splitlines())


def test_every_entry_of_a_menu_is_named():
    tree = ast.parse((ROOT / "host_plugins/nuke_panel/menu.py").read_text("utf-8"))
    entries = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "addCommand"
    }
    assert len(entries) > 4
    text = NUKE.read_text("utf-8")
    assert not {entry for entry in entries if f"VOID > {entry}" not in text}


def test_every_error_that_an_artist_can_see_is_explained_by_its_code():
    explained = {code for row in rows() for code in re.findall(r"`(\w+)`", row[0])}
    phrased = {*texts._SENTENCES, *texts._HINTS, *texts._PHRASED, *error_text._HINTS}
    assert not (raised() | phrased) - explained


def test_no_code_is_explained_twice():
    codes = [code for row in rows() for code in re.findall(r"^`[\w`, ]+", row[0])]
    single = [code for cell in codes for code in re.findall(r"`(\w+)`", cell)]
    assert sorted(single) == sorted(set(single))


def raised():
    """Every text that is given as a code anywhere in what runs inside a host or installs it."""
    given = (node for path in HOSTS for node in codes(ast.parse(path.read_text("utf-8"))))
    constants = (
        node.value for one in given for node in ast.walk(one) if isinstance(node, ast.Constant)
    )
    return {value for value in constants if isinstance(value, str) and CODE.fullmatch(value)}


def codes(module):
    """What is passed as ``code`` in a module, by name or to a function of its own by place."""
    places = {
        node.name: [argument.arg for argument in node.args.args].index("code")
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and any(a.arg == "code" for a in node.args.args)
    }
    for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "code")
        yield from call.args[places.get(getattr(call.func, "id", ""), len(call.args)) :][:1]


def rows():
    """The cells of every row of every table of the node's page."""
    lines = [line for line in NUKE.read_text("utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
