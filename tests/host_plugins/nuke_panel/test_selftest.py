import json
import math
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

LEDGER = json.loads((Path(__file__).parents[2] / "fakes" / "host_api.json").read_text("utf-8"))

FILMED = "Nuke writes a shot and reads it back"
PROGRESS = "A progress bar works from a thread"
REOPENED = "The node comes back from a saved script as it was"
EXPORTED = "Plate and matte are exported raw"
PROXY = "Proxy mode neither shrinks an export nor is switched off by it"
UNTOUCHED = "An export leaves script and undo as they were"
SWALLOWED = "executeInMainThreadWithResult turns an exception into None"
REMOVED = "A removal runs to its end"
SHOWN = "Its result is shown"
OUTSIDE = "Outside the alpha not one value is changed"
ACES = "In a project with an ACES config values stay as they are"
PUT_BACK = "Knobs that were taken off and put back are as they were, in a saved script too"
NOT_HERE = "Under Non-commercial and Indie the node is refused, with the way out"


def kit():
    """The kit as this test's Nuke imports it."""
    from host_plugins.nuke_panel.selftest import kit

    return kit


def needed_for(name):
    """The checks that a check builds on, and itself."""
    by_name = {check.name: check for check in kit().CHECKS}

    def names(of):
        return {of}.union(*(names(other) for other in by_name[of].after))

    return [check for check in kit().CHECKS if check.name in names(name)]


def gone_through(session, out, checks, **how):
    """Lines by name of a run in a window, which a thread does while the artist's Nuke serves it."""
    reports = []
    run = kit().run

    def work():
        reports.append(run(out, checks, say_line=lambda line: None, **how))

    thread = threading.Thread(target=work, name="void-selftest", daemon=True)
    thread.start()
    session.pump(until=lambda: not thread.is_alive(), timeout=60)
    return {line.name: line for line in reports[0].lines}


def outcomes(lines):
    return {name: line.outcome for name, line in lines.items()}


@pytest.fixture
def aces(tmp_path):
    """Choosing a named config says where it is, as Nuke does."""
    import nuke

    config = tmp_path / "config.ocio"
    config.write_text("ocio_profile_version: 2\n")

    def chosen():
        if nuke.thisKnob().name() == "OCIO_config":
            nuke.root()["OCIOConfigPath"].setValue(config.as_posix())

    nuke.addKnobChanged(chosen, nodeClass="Root")


def test_all_of_it_passes_in_a_window_with_a_server(session, server, aces, tmp_path):
    lines = gone_through(session, tmp_path / "kit", kit().CHECKS, server=server.endpoint)
    expected = dict.fromkeys(lines, "PASS") | {NOT_HERE: "NOT RUN"}
    assert outcomes(lines) == expected, [str(line) for line in lines.values()]
    report = json.loads((tmp_path / "kit" / "report.json").read_text())
    assert [line["name"] for line in report["lines"]] == [check.name for check in kit().CHECKS]
    assert report["mode"] == "window"
    assert [path.name for path in (tmp_path / "kit").iterdir()] == ["report.json"]
    # It is a fact about Nuke that what is raised there is printed, and the kit looks at it.
    session.tracebacks.clear()


def test_a_terminal_says_what_it_could_not_look_at(start, server, tmp_path, monkeypatch, capsys):
    start(gui=False)
    chosen = [*needed_for(PROGRESS), *needed_for(OUTSIDE)]
    monkeypatch.setattr(kit(), "CHECKS", tuple(chosen))
    out = tmp_path / "kit"
    given = ["selftest.py", "--server", server.endpoint, "--out", str(out), "--who", "Ada"]
    assert kit().main(given) == 0
    said = capsys.readouterr().out
    assert f"PASS     {REMOVED}: 6 frames in " in said
    assert f"NOT RUN  {PROGRESS}: needs " in said
    row = said.splitlines()[-1]
    assert row.startswith("| Nuke 16.0v1 (terminal) | ")
    assert " | Ada | " in row
    assert row == json.loads((out / "report.json").read_text())["row"]


@pytest.mark.parametrize(
    ("trap", "line", "words"),
    [
        ({"progress_only_on_main": True}, PROGRESS, ""),
        ({"raw_is_ignored": True}, FILMED, "is not as expected"),
        ({"proxy_sticks": True}, PROXY, ""),
        ({"enumerations_lose_values": True}, REOPENED, ""),
        ({"expressions_are_lost": True}, REOPENED, "shown.which"),
        ({"undo_is_never_enabled": True}, UNTOUCHED, "undo is off after an export"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_host_that_is_otherwise_fails_the_line_about_it(start, tmp_path, trap, line, words):
    session = start(**trap)
    lines = gone_through(session, tmp_path / "kit", needed_for(line))
    assert lines[line].outcome == "FAIL", str(lines[line])
    assert words in lines[line].text
    others = {name: found.outcome for name, found in lines.items() if name != line}
    assert set(others.values()) == {"PASS"}, others
    session.faults.clear()
    session.tracebacks.clear()
    session.undo.disabled = 0


def _old_time(nuke):
    tell = nuke.Node.metadata
    facts = {"input/mtime": "2026-11-23 10:00:00"}
    return nuke.Node, "metadata", lambda self, key, *of: facts.get(key, tell(self, key, *of))


def _pastes_a_bare_group(nuke):
    return nuke, "nodePaste", lambda file: nuke.nodes.Group(selected=True)


def _puts_knobs_back_where_they_were_not(nuke):
    add, seen = nuke.Node.addKnob, set()

    def added(self, knob):
        add(self, knob)
        if knob in seen:
            self._knobs = {knob.name(): knob, **self._knobs}
        seen.add(knob)

    return nuke.Node, "addKnob", added


def _joins_views_backwards(nuke):
    from nuke.evaluate import graph

    join = graph._SHOWN["JoinViews"]
    other = {"main": "right", "right": "main"}
    backwards = lambda node, frame, view: join(node, frame, other[view])  # noqa: E731
    return graph, "_SHOWN", {**graph._SHOWN, "JoinViews": backwards}


def _divides_by_zero(nuke):
    from nuke.evaluate import graph

    def shown(node, frame, view):
        picture = graph.picture(node.input(0), frame, view)
        return picture.with_channels({"rgba.red": picture.plane("rgba.red") + math.inf})

    return graph, "_SHOWN", {**graph._SHOWN, "Unpremult": shown}


@pytest.mark.parametrize(
    ("otherwise", "line"),
    [
        (_old_time, "A frame of the plate that is written again is noticed"),
        (_pastes_a_bare_group, "A copy has the knobs of the node and their values"),
        (_puts_knobs_back_where_they_were_not, PUT_BACK),
        (_joins_views_backwards, "JoinViews takes its inputs in the order of the views"),
        (_divides_by_zero, "Unpremult makes no infinite light where alpha is 0"),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_a_node_that_does_otherwise_fails_the_line_about_it(
    session, nuke, tmp_path, monkeypatch, otherwise, line
):
    monkeypatch.setattr(*otherwise(nuke))
    lines = gone_through(session, tmp_path / "kit", needed_for(line))
    assert lines[line].outcome == "FAIL", str(lines[line])


def test_what_builds_on_a_failure_is_not_run(start, tmp_path):
    session = start(raw_is_ignored=True)
    lines = gone_through(session, tmp_path / "kit", needed_for(EXPORTED))
    assert lines[FILMED].outcome == "FAIL"
    assert lines[EXPORTED].outcome == "NOT RUN"
    assert list((tmp_path / "kit").glob("work_*/media/plate.*.exr")), "what failed is thrown away"


def test_without_a_server_a_removal_is_not_run_and_nothing_fails(session, tmp_path, monkeypatch):
    from host_plugins.run import server as run_server

    dial = run_server.dial
    monkeypatch.setattr(run_server, "dial", lambda *of, **_: dial(*of, timeout=0.2))
    checks = needed_for(SHOWN)
    lines = gone_through(session, tmp_path / "kit", checks, server="tcp://127.0.0.1:1")
    assert lines[REMOVED].outcome == "NOT RUN"
    assert "FAIL" not in outcomes(lines).values()


def test_limited_licences_are_refused_and_the_rest_is_not_run(start, tmp_path):
    session = start(licence="indie")
    lines = gone_through(session, tmp_path / "kit", [*needed_for(NOT_HERE), *needed_for(FILMED)])
    assert lines[NOT_HERE].outcome == "PASS", str(lines[NOT_HERE])
    assert lines[FILMED].outcome == "NOT RUN"


def test_a_script_with_changes_is_not_lost(session, nuke, tmp_path):
    nuke.nodes.NoOp(name="my_work")
    from bridge.errors import RequestError

    with pytest.raises(RequestError, match="changes that are not saved"):
        kit().start()
    assert nuke.toNode("my_work") is not None


def test_the_open_script_is_there_again_afterwards(session, nuke, tmp_path):
    nuke.nodes.NoOp(name="my_work")
    session.save(tmp_path / "mine.nk")
    gone_through(session, tmp_path / "kit", needed_for(FILMED))
    assert nuke.root()["name"].value() == str(tmp_path / "mine.nk")
    assert nuke.toNode("my_work") is not None
    assert not session.opened_elsewhere


def test_in_a_window_it_is_told_in_a_message(session, nuke, monkeypatch):
    monkeypatch.setattr(kit(), "CHECKS", tuple(needed_for(FILMED)))
    monkeypatch.setattr(kit().threads, "ATTENDED", ())
    kit().start()
    session.pump(until=lambda: bool(session.messages))
    assert session.messages[0].startswith("2 passed, 0 failed, 0 not run. ")
    assert any(line.startswith(f"PASS     {FILMED}") for line in session.printed)


def test_no_exception_of_a_check_stops_the_others(session):
    from host_plugins.nuke_panel.selftest.check import Check, gone_through

    def raises(bench):
        raise LookupError("two\nlines")

    checks = [
        Check(name="one", look=raises, facts=()),
        Check(name="two", look=lambda bench: bench, facts=()),
        Check(name="three", look=raises, facts=(), after=("one",)),
    ]
    assert [str(line) for line in gone_through(checks, "seen")] == [
        "FAIL     one: LookupError: two lines",
        "PASS     two: seen",
        "NOT RUN  three: needs 'one'",
    ]


def test_a_main_thread_that_is_held_too_long_fails(session, tmp_path):
    from host_plugins.nuke_panel.selftest import removing
    from host_plugins.nuke_panel.selftest.bench import Bench
    from host_plugins.nuke_panel.selftest.check import Failed

    with pytest.raises(Failed, match="120 ms at most"):
        removing._blocks(Bench(folder=tmp_path, longest_block=0.12))


def test_the_time_of_a_render_is_no_standstill(session):
    from host_plugins.nuke_panel.selftest.heartbeat import Heartbeat

    def beaten(stage, until):
        heart = Heartbeat()
        heart.listen(SimpleNamespace(stage=stage))
        with heart:
            session.pump(until=lambda: until(heart))
        return heart.longest

    served = len(session.blocked) + 3
    assert beaten("exporting", lambda heart: len(session.blocked) > served) is None
    assert beaten("running", lambda heart: heart.longest is not None) > 0


def test_every_fact_is_in_the_ledger(session):
    there = {*LEDGER["calls"], *(f"nuke.{name}" for name in LEDGER["constants"])}
    there |= {f"nodes.{name}" for name in LEDGER["nodes"]}
    there |= {f"root.{name}" for name in LEDGER["root"]["knobs"]}
    facts = {fact for check in kit().CHECKS for fact in check.facts}
    assert facts - there == set()


def test_every_knob_that_the_node_sets_inside_is_looked_at(session):
    from host_plugins.nuke_panel import node
    from host_plugins.nuke_panel.selftest.classes import USED

    placed = {"name", "xpos", "ypos", "selected"}
    made = node.create()
    unlooked = {
        (inner.Class(), name)
        for inner in made.nodes()
        for name, knob in inner.knobs().items()
        if knob._value != knob._default and name not in placed | set(USED.get(inner.Class(), {}))
    }
    assert not unlooked
    assert {inner.Class() for inner in made.nodes()} <= set(USED)
