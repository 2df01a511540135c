"""What the node's buttons do, pressed as an artist presses them."""

import threading

import pytest
from nuke_results import Results


@pytest.fixture
def node(session, tmp_path, rig):
    from host_plugins.nuke_panel import script
    from host_plugins.nuke_panel.node import create

    script.register()
    session.save(tmp_path / "sh010_comp_v003.nk")
    made = create()
    made.setInput(0, rig.plate(count=4))
    return made


@pytest.fixture
def ready(node, rig, server):
    """A node that can be run, with a real server."""
    node.setInput(1, rig.matte(count=4))
    node["server"].setValue(server.endpoint)
    return node


@pytest.fixture
def results(studio, node, tmp_path):
    return Results(studio, tmp_path / "void")


@pytest.fixture
def over(session):
    """Wait until nothing of ours is under way."""

    def wait():
        names = ("void-run", "void-hello")
        session.pump(
            until=lambda: not [t for t in threading.enumerate() if t.name in names], timeout=60
        )
        session.pump()

    return wait


class Held:
    """A run of its own, under way until it is cancelled."""

    def __init__(self):
        from host_plugins.run.progress import Progress

        self.progress = Progress(stage="running", text="denoising 12 of 50")
        self.ending = None
        self._told = threading.Event()

    def run(self):
        self._told.wait(20)
        self.ending = "over"

    def cancel(self):
        self._told.set()

    detach = cancel


@pytest.fixture
def held(node):
    from host_plugins.nuke_panel import runs, usable

    run = Held()
    runs.start(node, run)
    usable.refresh(node)
    yield run
    run.cancel()


def test_remove_brings_a_result(ready, session, over):
    session.press(ready, "run")
    over()
    assert session.messages == []
    assert ready["version"].value() == "v001"
    assert ready["effective"].value().startswith("cleanplate on cpu, frames 1001-1004")
    assert (ready.node("result")["first"].value(), ready.node("result")["last"].value()) == (
        1001,
        1004,
    )


def test_cancel_can_be_pressed_while_a_removal_runs_and_no_longer(ready, session, over, tmp_path):
    session.press(ready, "run")
    assert ready["cancel"].enabled()
    session.save(tmp_path / "mid.nk")
    over()
    assert not ready["cancel"].enabled()
    session.open(tmp_path / "mid.nk")
    assert not session.root.node("VoidRemove1")["cancel"].enabled()


def test_a_run_shows_the_engines_settings_without_being_asked(ready, session, over):
    session.press(ready, "run")
    over()
    assert ready["p_cleanplate_max_sources"].visible()


def test_a_preview_is_a_version_of_its_own(ready, session, over, nuke):
    nuke.root()["frame"].setValue(1002)
    session.press(ready, "preview")
    over()
    assert ready["version"].value() == "preview"
    assert ready["jobs"].value() == ""


def test_what_is_missing_is_said_in_one_message(node, session, over):
    node.setInput(0, None)
    session.press(node, "run")
    over()
    assert len(session.messages) == 1
    assert 'Connect a plate to input "plate".' in session.messages[0]
    assert "matte" in session.messages[0]


def test_a_second_press_shows_the_run_that_is_under_way(node, held, session):
    from host_plugins.nuke_panel import runs

    session.press(node, "preview")
    assert "denoising 12 of 50" in session.messages[0]
    assert runs.of(node) is held


def test_cancel_asks_first(node, held, session):
    session.answers.append(False)
    session.press(node, "cancel")
    assert not held._told.is_set()
    session.answers.append(True)
    session.press(node, "cancel")
    assert held._told.is_set()
    assert session.questions == ["Stop the removal? Finished frames are kept."] * 2


def test_nothing_can_be_cancelled_where_nothing_runs(node, session):
    assert not node["cancel"].enabled()
    node["cancel"].execute()  # as a script of the artist's may
    assert session.messages == ["VoidRemove1 is not running."]
    assert session.questions == []


@pytest.mark.parametrize("button", ["reveal", "bake", "report"])
def test_without_a_result_a_button_says_what_to_do(node, session, button):
    session.press(node, button)
    assert session.messages == [
        "VoidRemove1: it shows no result yet. Press Remove first, or choose a version on the "
        "Result tab. [no_result]"
    ]


@pytest.mark.parametrize("button", ["reveal", "bake", "report"])
def test_a_button_says_that_the_files_are_gone(node, session, results, button):
    from host_plugins.nuke_panel import versions

    versions.offer(node, ["none", "v009"], "v009")
    session.press(node, button)
    assert "its files are not in the results folder" in session.messages[0]


def shown(node, results, *frames, **how):
    from host_plugins.nuke_panel import result

    landing = results.version(*frames, **how)
    result.attach(node, {how.get("view", ""): landing})
    return landing


def test_baking_puts_a_plain_read_beside_the_node(node, results, session, nuke):
    landing = shown(node, results, 1001, 1002)
    node.setXYpos(100, 50)
    session.press(node, "bake")
    read = nuke.toNode("VoidRemove1_v001")
    assert read.Class() == "Read"
    assert read["file"].value() == landing.version.pattern("patch").as_posix()
    assert (read["first"].value(), read["last"].value()) == (1001, 1002)
    assert read["raw"].value()
    assert read.dependent() == []
    assert (read.xpos() > 100, read.ypos()) == (True, 50)
    assert session.undo.steps[-1].name.startswith(("VoidRemove1.bake", "Bake"))


def test_baking_views_joins_them(node, results, session, nuke):
    nuke.addView("right")
    shown(node, results, 1001, view="main")
    shown(node, results, 1001, view="right")
    session.press(node, "bake")
    joined = nuke.toNode("VoidRemove1_v001")
    assert joined.Class() == "JoinViews"
    assert [joined.input(index).Class() for index in (0, 1)] == ["Read", "Read"]


def test_a_node_in_a_group_bakes_beside_itself(node, results, session, nuke):
    from host_plugins.nuke_panel.node import create

    outer = nuke.nodes.Group(name="Outer")
    with outer:
        inner = create()
    own = Results(results._studio, results.out, "sh010_comp_Outer_VoidRemove1")
    shown(inner, own, 1001)
    session.press(inner, "bake")
    assert "VoidRemove1_v001" in [one.name() for one in outer.nodes()]


def test_reveal_opens_the_folder(node, results, session, monkeypatch, tmp_path):
    landing = shown(node, results, 1001)
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened.part\n'
                      f"mv {tmp_path}/opened.part {tmp_path}/opened\n")  # fmt: skip
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{opener.parent}:/usr/bin:/bin")
    monkeypatch.setattr("sys.platform", "linux")
    session.press(node, "reveal")
    session.pump(until=(tmp_path / "opened").exists, timeout=10)
    assert (tmp_path / "opened").read_text() == str(landing.version.folder)


def test_reveal_names_the_folder_where_no_browser_is(node, results, session, monkeypatch, tmp_path):
    landing = shown(node, results, 1001)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr("sys.platform", "linux")
    session.press(node, "reveal")
    assert str(landing.version.folder) in session.messages[0]


def test_the_report_is_opened(node, results, session, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    landing = shown(node, results, 1001)
    session.press(node, "report")
    assert opened == [landing.version.page.as_uri()]


def test_a_result_without_a_report_says_so(node, results, session):
    shown(node, results, 1001, page=False)
    session.press(node, "report")
    assert "has no report yet" in session.messages[0]


def test_test_connection_tells_of_the_server_and_makes_its_knobs(ready, session, over, server):
    session.press(ready, "test_server")
    assert "Asking tcp://" in ready["server_text"].value()
    over()
    assert ready["server_text"].value().startswith(f"{server.endpoint}<br>void-server")
    assert "cleanplate" in ready["server_text"].value()
    assert ready["engine"].values()[:1] == ["auto"]
    assert "cleanplate" in ready["engine"].values()
    assert ready["p_cleanplate_max_sources"].visible()


def test_a_server_that_is_not_there_is_said_on_the_node(node, session, over, monkeypatch):
    from host_plugins.nuke_panel import buttons

    monkeypatch.setattr(buttons, "_HELLO_SECONDS", 0.2)
    node["server"].setValue("tcp://127.0.0.1:9")
    session.press(node, "test_server")
    over()
    assert "Can't reach the VOID server at tcp://127.0.0.1:9" in node["server_text"].value()


def test_an_address_that_the_environment_names_is_told_and_cannot_be_typed(
    node, session, over, server, monkeypatch
):
    from host_plugins.nuke_panel.node import create

    monkeypatch.setenv("VOID_SERVER", server.endpoint)
    made = create()
    assert not made["server"].enabled()
    session.press(made, "test_server")
    over()
    text = made["server_text"].value()
    assert text.startswith(f"{server.endpoint} (VOID_SERVER)<br>void-server")
    assert node["server"].enabled()


def test_another_address_is_asked_at_once_and_a_late_answer_of_the_first_is_not_shown(
    ready, session, over, server, monkeypatch
):
    from host_plugins.nuke_panel import buttons

    monkeypatch.setattr(buttons, "_HELLO_SECONDS", 0.5)
    ready["server"].setValue("tcp://127.0.0.1:9")
    session.pump()
    session.change(ready, "server", server.endpoint)
    over()
    assert ready["server_text"].value().startswith(f"{server.endpoint}<br>void-server")
    assert ready["p_cleanplate_max_sources"].visible()


def test_an_address_that_is_none_is_said_on_the_node(node, session, over):
    node["server"].setValue("render01")
    session.press(node, "test_server")
    over()
    assert "render01" in node["server_text"].value()


def test_a_surprise_is_one_sentence_and_no_traceback(node, session, monkeypatch, caplog):
    from host_plugins.nuke_panel import baking

    monkeypatch.setattr(baking, "bake", lambda node: 1 / 0)
    session.press(node, "bake")
    assert "something unexpected happened (ZeroDivisionError" in session.messages[0]
    assert "Traceback" not in session.messages[0]
    assert "ZeroDivisionError" in caplog.text


def test_in_a_terminal_a_button_does_it_at_once(start, studio, tmp_path, server):
    session = start(gui=False)
    import nuke
    from nuke_rig import Rig

    from host_plugins.nuke_panel.node import create

    rig = Rig(studio, nuke)
    session.save(tmp_path / "sh010_comp_v003.nk")
    node = create()
    node.setInput(0, rig.plate(count=2))
    node.setInput(1, rig.matte(count=2))
    node["server"].setValue(server.endpoint)
    node["run"].execute()
    assert node["version"].value() == "v001"
    node["test_server"].execute()
    assert node.knob("p_cleanplate_search") is not None
