"""No call into Nuke that nobody has looked up: the panel's code against the ledger of host calls.

The scan reads source text and knows no types, so it keeps to what a text can tell:

- A name behind ``nuke.`` or ``nukescripts.`` must be in the ledger as it stands.
- A method call on anything else must be in the ledger for some class of the host, when the stubs
  give a class of the host a method of that name. Exempt are calls on what is imported from
  elsewhere or made by it, calls on ``self``, and names that the builtin containers have too
  (``append``, ``get``): those the strict fake proves when the code runs.
- Node classes and knobs are looked at where they stand as text: ``createNode("Write")``,
  ``node.Class() == "Write"``, ``nuke.nodes.Write(file=...)``.
"""

from __future__ import annotations

import ast
import builtins
import importlib.metadata
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEDGER = json.loads((ROOT / "tests/fakes/host_api.json").read_text("utf-8"))
PANEL = sorted((ROOT / "host_plugins/nuke_panel").rglob("*.py"))
HOSTS = ("nuke", "nukescripts")
ALLOWED = ("doc", "source", "stub", "human", "unverified")
EVERYDAY = {
    name
    for kind in (str, bytes, list, tuple, dict, set)
    for name in dir(kind)
    if not name.startswith("__")
}
NEVER_HELD = {"Box", "Hash", "LinkableKnobInfo", "Panel"}
"""Classes of the host that no call in the ledger returns, with method names of everyday things."""
LOOKS_FOR_CLASS = ("createNode", "allNodes", "selectedNodes")


class Stub:
    """The published stubs of the host: functions, and classes with their methods and bases."""

    def __init__(self, folder):
        self.functions, self.methods, self.bases = {}, {}, {}
        for file in sorted(folder.glob("*.pyi")):
            for item in ast.parse(file.read_text("utf-8")).body:
                self._take(item, file.stem)

    def _take(self, item, module):
        if isinstance(item, ast.FunctionDef):
            self.functions.setdefault(item.name, []).append(_arguments(item.args))
        elif isinstance(item, ast.ClassDef) and module == "_nuke":  # not curves and geometry
            self.bases[item.name] = [base.id for base in item.bases if isinstance(base, ast.Name)]
            methods = self.methods.setdefault(item.name, {})
            for method in item.body:
                if isinstance(method, ast.FunctionDef):
                    methods.setdefault(method.name, []).append(_arguments(method.args, method=True))

    def signatures(self, name):
        """All that the stub says of ``nuke.name`` or ``nuke.Class.method``, if anything."""
        match name.split(".")[1:]:
            case [function] if function in self.functions:
                return self.functions[function]
            case [kind] if kind in self.methods:
                return self._method(kind, "__init__")
            case [kind, method]:
                return self._method(kind, method)
        return []

    def _method(self, kind, method):
        if method in self.methods.get(kind, {}):
            return self.methods[kind][method]
        found = (self._method(base, method) for base in self.bases.get(kind, []))
        return next((signatures for signatures in found if signatures), [])


@pytest.fixture(scope="module")
def stub():
    return Stub(Path(importlib.metadata.distribution("types-nuke").locate_file("nuke-stubs")))


def _arguments(arguments, *, method=False):
    """Names with whether they may be left out; None where anything goes."""
    if arguments.vararg:
        return None
    names = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    needed = len(names) - len(arguments.defaults)
    found = [(name, at >= needed) for at, name in enumerate(names)]
    found += [(argument.arg, True) for argument in arguments.kwonlyargs]
    return found[1:] if method and names[:1] == ["self"] else found


def _written(signature):
    function = ast.parse(f"def function{signature}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    return _arguments(function.args)


def unknown(source, stub):
    """What a source text asks of the host that the ledger does not have, each as a text."""
    tree = ast.parse(source)
    names = _imported(tree)
    found = [chain for chain in _chains(tree, names) if not _known_chain(chain)]
    found += [f".{name}()" for name in _methods(tree, names, stub) if not _known_method(name)]
    return found + list(_unknown_classes(tree, names))


def _imported(tree):
    """What each imported name stands for, in dotted words."""
    names = {}
    for item in ast.walk(tree):
        if isinstance(item, ast.Import):
            for alias in item.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                names[alias.asname or whole] = whole
        elif isinstance(item, ast.ImportFrom):
            for alias in item.names:
                names[alias.asname or alias.name] = f"{item.module}.{alias.name}"
    return names


def _chains(tree, names):
    """The longest dotted words that begin at the host's modules, imported names among them."""
    inner = {item.value for item in ast.walk(tree) if isinstance(item, ast.Attribute)}
    for item in ast.walk(tree):
        if isinstance(item, ast.Attribute) and item not in inner:
            chain = _dotted(item, names)
            if chain and chain.partition(".")[0] in HOSTS:
                yield chain
    for whole in names.values():
        if whole.startswith(tuple(f"{host}." for host in HOSTS)):
            yield whole


def _dotted(item, names):
    if isinstance(item, ast.Attribute):
        before = _dotted(item.value, names)
        return f"{before}.{item.attr}" if before else None
    return names.get(item.id) if isinstance(item, ast.Name) else None


def _known_chain(chain):
    calls, host, *rest = LEDGER["calls"], *chain.split(".")
    if chain in calls or chain in LEDGER["classes"]:
        return True
    if host == "nukescripts":
        return any(call.startswith(f"{chain}.") for call in calls)
    if rest[0] == "nodes":
        return len(rest) == 1 or rest[1] in LEDGER["nodes"]
    return rest[0] in LEDGER["constants"]


def _methods(tree, names, stub):
    """Names of method calls that may be calls on an object of the host."""
    held = {
        name
        for kind, methods in stub.methods.items()
        if kind not in NEVER_HELD
        for name in methods
        if name not in EVERYDAY
    }
    for item in ast.walk(tree):
        if not (isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute)):
            continue
        by_name = _dotted(item.func, names)  # of the host's modules or of others: not a method
        if item.func.attr in held and not by_name and not _elsewhere(item.func.value, names):
            yield item.func.attr


def _elsewhere(receiver, names):
    """Whether a receiver is ``self``, or what an imported or builtin name gives when called."""
    if isinstance(receiver, ast.Call):
        made = _dotted(receiver.func, names) or ""
        builtin = isinstance(receiver.func, ast.Name) and hasattr(builtins, receiver.func.id)
        return builtin or (bool(made) and made.partition(".")[0] not in HOSTS)
    return isinstance(receiver, ast.Name) and receiver.id in ("self", "cls")


def _known_method(name):
    return any(call.count(".") == 2 and call.endswith(f".{name}") for call in LEDGER["calls"])


def _unknown_classes(tree, names):
    for item in ast.walk(tree):
        if isinstance(item, ast.Call):
            yield from _unknown_knobs(item, names)
            called = _dotted(item.func, names) or ""
            if called.startswith("nuke.") and called.endswith(LOOKS_FOR_CLASS):
                yield from _not_classes(item.args[:1])
        elif isinstance(item, ast.Compare) and _asks_for_class(item.left):
            yield from _not_classes(item.comparators)


def _asks_for_class(item):
    return (
        isinstance(item, ast.Call)
        and isinstance(item.func, ast.Attribute)
        and item.func.attr == "Class"
    )


def _not_classes(items):
    for item in items:
        if isinstance(item, (ast.Tuple, ast.List, ast.Set)):
            yield from _not_classes(item.elts)
        elif isinstance(item, ast.Constant) and item.value not in {*LEDGER["nodes"], "Root"}:
            yield f"node class {item.value!r}"


def _unknown_knobs(call, names):
    chain = (_dotted(call.func, names) or "").split(".")
    if chain[:2] != ["nuke", "nodes"] or chain[-1] not in LEDGER["nodes"]:
        return
    known = {"inputs", *LEDGER["nodes"][chain[2]]["knobs"], *LEDGER["every_node"]["knobs"]}
    for keyword in call.keywords:
        if keyword.arg and keyword.arg not in known:
            yield f"knob {keyword.arg!r} of {chain[2]}"


def _entries():
    """Every entry of the ledger with a name; knobs stand on their node's source unless they say."""
    for section in ("calls", "classes", "constants", "facts"):
        for name, entry in LEDGER[section].items():
            yield name, entry
    owners = {"every_node": LEDGER["every_node"], "root": LEDGER["root"], **LEDGER["nodes"]}
    for name, owner in owners.items():
        yield name, owner
        for knob, entry in owner["knobs"].items():
            inherited = {key: owner[key] for key in ("source", "verified_by")}
            yield f"{name}.{knob}", {**inherited, **entry}


@pytest.mark.parametrize("file", PANEL, ids=lambda file: file.stem)
def test_the_panel_calls_nothing_that_is_not_in_the_ledger(file, stub):
    assert unknown(file.read_text("utf-8"), stub) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("nuke.renderEverything()", ["nuke.renderEverything"]),
        ("nuke.nodes.Inpaint9()", ["nuke.nodes.Inpaint9"]),
        ("nuke.Undo.forget()", ["nuke.Undo.forget"]),
        ("nukescripts.panels.dock()", ["nukescripts.panels.dock"]),
        ("node.deepSampleCount(1, 1)", [".deepSampleCount()"]),
        ("node['file'].splitView('left')", [".splitView()"]),
        ("nuke.createNode('Inpaint9')", ["node class 'Inpaint9'"]),
        ("node.Class() in ('Roto', 'Rotten')", ["node class 'Rotten'"]),
        ("nuke.nodes.Write(filename='a.exr')", ["knob 'filename' of Write"]),
        ("from nuke import forget", ["nuke.forget"]),
    ],
)
def test_the_scan_finds_a_call_that_nobody_has_looked_up(line, found, stub):
    assert unknown(f"import nuke\nimport nukescripts\n{line}\n", stub) == found


@pytest.mark.parametrize(
    "line",
    [
        "nuke.execute(node, 1, 2, 1, ['main'])",
        "nuke.env.get('nc')",
        "nuke.root()['proxy'].setValue(False)",
        "nuke.nodes.Write(file='a.exr', inputs=[node])",
        "nuke.Undo.disable()",
        "nukescripts.panels.registerWidgetAsPanel('a.B', 'c', 'd')",
        "names.append(node.Class() == 'Roto')",
        "shutil.sample()",
        "def f(node: nuke.Node) -> nuke.Group: ...",
    ],
)
def test_the_scan_leaves_known_calls_and_other_things_alone(line, stub):
    assert unknown(f"import nuke\nimport nukescripts\nimport shutil\n{line}\n", stub) == []


def _disagreement(name, entry, stub):
    """Why a call and the published stubs do not go together; "" when they do."""
    signatures, written = stub.signatures(name), _written(entry["signature"])
    kind, _, reason = entry.get("stub", "").partition(": ")
    if kind and not reason:
        return "gives no reason"
    if kind == "absent":
        return "the stubs have it after all" if signatures else ""
    agrees = _agree(written, signatures)
    if kind == "differs":
        return "it does not differ" if agrees else ""
    return "" if agrees else f"the stubs have {signatures}"


def _agree(written, signatures):
    """The longest form has these names, and all forms together may be as short."""
    if None in signatures or written is None:
        return bool(signatures)
    lengths = {
        length
        for known in signatures
        for length in range(sum(not optional for _, optional in known), len(known) + 1)
    }
    names = [name for name, _ in written]
    needed = sum(not optional for _, optional in written)
    same = names in [[name for name, _ in known] for known in signatures]
    return same and lengths >= set(range(needed, len(names) + 1))


def test_the_calls_are_in_the_published_stubs_with_the_same_arguments(stub):
    found = {name: _disagreement(name, entry, stub) for name, entry in LEDGER["calls"].items()}
    assert {name: why for name, why in found.items() if why} == {}


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        ("(nameOrNode, first, last)", "the stubs have"),
        ("(nameOrNode, start)", "the stubs have"),
        ("(nameOrNode, start, end, incr=1, views=None, continueOnError=False)", ""),
    ],
)
def test_a_signature_that_is_not_that_of_the_stubs_is_found(signature, why, stub):
    found = _disagreement("nuke.execute", {"signature": signature}, stub)
    assert found.startswith(why)
    assert bool(found) == bool(why)


def test_every_entry_says_where_it_is_known_from():
    for name, entry in _entries():
        assert entry.get("source", "").strip(), name
        assert entry.get("verified_by") in ALLOWED, name


def test_what_nobody_has_confirmed_says_what_to_look_at_and_is_counted():
    open_questions = [name for name, entry in _entries() if entry["verified_by"] == "unverified"]
    unexplained = [
        name
        for name, entry in _entries()
        if entry["verified_by"] == "unverified" and not entry.get("note", entry.get("fact"))
    ]
    assert unexplained == []
    assert LEDGER["unverified"] == len(open_questions), open_questions


def test_a_choice_of_words_has_its_default_among_them():
    for owner in (LEDGER["every_node"], LEDGER["root"], *LEDGER["nodes"].values()):
        for name, knob in owner["knobs"].items():
            if knob["type"] == "Enumeration_Knob":
                assert knob["default"] in knob["values"], name
