"""A script with a VoidRemove is opened, saved, closed; the node is deleted."""

import functools
import json
import shutil
import threading
from pathlib import Path

import pytest
from nuke_results import Results
from nuke_welcome import CLEANPLATE, VOID, welcome


@pytest.fixture
def node(session, tmp_path, rig):
    from host_plugins.nuke_panel import script
    from host_plugins.nuke_panel.node import create

    script.register()
    session.save(tmp_path / "sh010_comp_v003.nk")
    made = create()
    made.setInput(0, rig.plate(count=2))
    return made


@pytest.fixture
def results(studio, node, tmp_path):
    return Results(studio, tmp_path / "void")


@pytest.fixture
def reopen(session, nuke, tmp_path):
    def reopened():
        session.save(tmp_path / "sh010_comp_v003.nk")
        session.open(tmp_path / "sh010_comp_v003.nk")
        return nuke.toNode("VoidRemove1")

    return reopened


@pytest.fixture
def over(session):
    """Wait until nothing of ours is under way."""

    def wait():
        session.pump(
            until=lambda: not [t for t in threading.enumerate() if t.name == "void-run"], timeout=60
        )
        session.pump()

    return wait


class Endless:
    """A run that is under way until it is told to stop; its own thread waits for that."""

    def __init__(self):
        self.ending = None
        self._told = threading.Event()
        self.calls = []

    def run(self):
        self._told.wait(20)
        self.ending = "over"

    def cancel(self):
        self.calls.append("cancel")
        self._told.set()

    def detach(self):
        self.calls.append("detach")
        self._told.set()


@pytest.fixture
def under_way(node):
    from host_plugins.nuke_panel import runs

    run = Endless()
    runs.start(node, run)
    yield run
    run._told.set()


def test_a_saved_script_says_nothing_of_a_run(node, under_way, reopen):
    node["status"].setValue("denoising 12 of 50")
    again = reopen()
    assert again["status"].value() == "No result yet."


def test_closing_a_script_leaves_the_job_to_the_server(node, under_way, session, tmp_path):
    session.save(tmp_path / "a.nk")
    session.open(tmp_path / "a.nk")
    assert set(under_way.calls) == {"detach"}


def test_deleting_the_node_leaves_the_job_to_the_server(node, under_way, nuke):
    nuke.delete(node)
    assert under_way.calls == ["detach"]


def test_deleting_another_node_leaves_the_run_alone(node, under_way, nuke):
    from host_plugins.nuke_panel.node import create

    nuke.delete(create())
    nuke.delete(nuke.nodes.Group())
    assert under_way.calls == []


def test_a_renamed_node_still_has_its_run(node, under_way, nuke):
    from host_plugins.nuke_panel import runs
    from host_plugins.nuke_panel.node import create

    node.setName("RemoveBoom")
    assert runs.of(node) is under_way
    assert runs.of(create()) is None


def test_an_opened_script_shows_what_it_showed_and_offers_what_is_there(node, results, reopen):
    from host_plugins.nuke_panel import result

    result.attach(node, {"": results.version(1001, 1002)})
    results.version(1001)
    again = reopen()
    assert again["version"].value() == "v001"
    assert again["version"].values() == ["none", "v002", "v001"]
    assert again["status"].value() == "v001: 2 frames."


def test_an_opened_script_is_as_it_was_saved(node, results, reopen, nuke, session):
    results.version(1001)
    reopen()
    assert not nuke.root().modified()
    assert session.undo.balanced


def test_what_the_panel_hides_is_hidden_again(node, reopen):
    from host_plugins.nuke_panel import described

    described.describe(node, welcome(VOID, CLEANPLATE))
    node["engine"].setValue("cleanplate")
    again = reopen()
    assert not again["first_frame"].enabled()
    assert not again["p_void_steps"].visible()
    assert again["p_cleanplate_search"].visible()


def test_results_that_went_are_said_to_be_gone(node, results, reopen):
    from host_plugins.nuke_panel import result

    landing = results.version(1001)
    result.attach(node, {"": landing})
    shutil.rmtree(landing.version.folder)
    again = reopen()
    assert again["version"].value() == "v001"
    assert again["status"].value() == "v001 is not in the results folder."


def test_a_job_that_is_whole_on_disk_is_not_asked_for(node, results, reopen, session):
    from host_plugins.nuke_panel import runs, versions

    landing = results.version(1001, 1002)
    results.version(1001, 1002)
    versions.refresh(node)  # known to the script, and not what the artist wants to see
    node["jobs"].setValue(json.dumps({"": landing.job}))
    again = reopen()
    assert runs.of(again) is None
    assert again["version"].value() == "none"


def test_an_absent_server_is_mentioned_quietly(node, results, reopen, session, monkeypatch):
    from host_plugins.nuke_panel import reopened, runs

    quick = functools.partial(reopened.Collecting, timeout=0.2)
    monkeypatch.setattr(reopened, "Collecting", quick)
    landing = results.begin()
    results.land(landing, 1001)
    landing.leave()
    node["jobs"].setValue(json.dumps({"": landing.job}))
    node["server"].setValue("tcp://127.0.0.1:9")
    again = reopen()
    session.pump(until=lambda: runs.of(again) is None, timeout=15)
    session.pump()
    assert session.messages == []
    assert session.questions == []
    assert again["version"].value() == "none"


def test_a_copy_does_not_ask_for_what_it_shows_already(node, results, reopen, nuke):
    from host_plugins.nuke_panel import result, runs

    landing = results.version(1001, 1002)
    result.attach(node, {"": landing})
    node["jobs"].setValue(json.dumps({"": landing.job}))
    node.setName("VoidRemove7")
    reopen()
    assert runs.of(nuke.toNode("VoidRemove7")) is None


def test_a_job_that_was_left_is_collected(node, reopen, session, rig, server, over):
    node.setInput(1, rig.matte(count=2))
    node["server"].setValue(server.endpoint)
    session.press(node, "run")
    over()
    folder = Path(node.node("result")["file"].value()).parent
    node["version"].setValue("none")
    shutil.rmtree(folder)  # as if the script had been closed before the first frame
    again = reopen()
    over()
    assert again["version"].value() == "v001"
    assert sorted(path.name for path in folder.glob("*.exr")) == [
        f"{folder.name}_patch.{frame}.exr" for frame in (1001, 1002)
    ]
    assert session.messages == []


@pytest.mark.parametrize("jobs", ["", "null", "[1]", "no json", "{}"])
def test_a_job_list_that_says_nothing_starts_nothing(node, reopen, jobs):
    from host_plugins.nuke_panel import runs

    node["jobs"].setValue(jobs)
    assert runs.of(reopen()) is None


def test_a_node_that_cannot_be_read_does_not_keep_the_script_from_opening(
    node, reopen, monkeypatch, caplog, session
):
    from host_plugins.nuke_panel import versions

    monkeypatch.setattr(versions, "labels", lambda node: 1 / 0)
    assert reopen() is not None
    assert "ZeroDivisionError" in caplog.text
    assert session.tracebacks == []


def test_registered_twice_it_is_called_once(node, session):
    from host_plugins.nuke_panel import script

    def callbacks():
        return {event: len(found) for event, found in session.callbacks.registered.items() if found}

    once = callbacks()
    script.register()
    assert callbacks() == once
    script.unregister()
    assert callbacks() == {}
