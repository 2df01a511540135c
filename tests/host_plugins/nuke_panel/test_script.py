"""A script with a VoidRemove is opened, saved, closed; the node is deleted."""

import functools
import json
import shutil
import threading
from pathlib import Path

import pytest
from nuke_results import Results
from nuke_welcome import CLEANPLATE, VOID, welcome

NAME = "sh010_comp_VoidRemove1"


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
def left(node):
    """Have the node remember jobs as a run does that is left in the middle."""

    def remember(**jobs):
        known = {"name": NAME, "jobs": {"": ""}, "over": False} | jobs
        node["jobs"].setValue(json.dumps(known))

    return remember


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


def test_a_job_that_is_whole_on_disk_is_not_asked_for(node, results, reopen, left):
    from host_plugins.nuke_panel import runs, versions

    landing = results.version(1001, 1002)
    results.version(1001, 1002)
    versions.refresh(node)  # known to the script, and not what the artist wants to see
    left(jobs={"": landing.job})
    again = reopen()
    assert runs.of(again) is None
    assert again["version"].value() == "none"


def test_a_result_that_came_after_the_script_was_saved_is_shown_and_said(
    node, results, reopen, left
):
    landing = results.version(1001, 1002)
    left(jobs={"": landing.job})
    again = reopen()
    assert again["version"].value() == "v001"
    assert again["status"].value() == "v001: 2 frames."


def test_it_does_not_take_the_place_of_the_version_that_was_chosen(
    node, results, reopen, left, session
):
    from host_plugins.nuke_panel import result

    result.attach(node, {"": results.version(1001, value=0.25)})
    left(jobs={"": results.version(1001, value=0.75).job})
    again = reopen()
    assert again["version"].value() == "v001"
    assert again["version"].values() == ["none", "v002", "v001"]
    assert 0.25 in session.picture(again, 1001).channels["rgba.red"]
    assert again["status"].value().startswith("v001: 1 frames.")
    assert "v002 came after the script was saved." in again["status"].value()


@pytest.fixture
def job_at_the_server(node, session, rig, server, over):
    """A job that is done at the server and gone from the disk."""
    from host_plugins.nuke_panel import versions

    node.setInput(1, rig.matte(count=2))
    node["server"].setValue(server.endpoint)
    session.press(node, "run")
    over()
    folder = Path(node.node("result")["file"].value()).parent
    job = versions.read(folder).job
    shutil.rmtree(folder)
    node["version"].setValue("none")
    return job


def test_a_script_saved_elsewhere_brings_nothing_once_its_run_is_over(
    node, job_at_the_server, results, left, over, session, nuke, tmp_path
):
    from host_plugins.nuke_panel import result

    result.attach(node, {"": results.version(1001)})
    left(jobs={"": job_at_the_server}, over=True)
    elsewhere = tmp_path / "archive"
    elsewhere.mkdir()
    session.save(elsewhere / "sh010_comp_v003.nk")
    session.open(elsewhere / "sh010_comp_v003.nk")
    over()
    again = nuke.toNode("VoidRemove1")
    assert again["version"].value() == "v001"
    assert Path(again.node("result")["file"].value()).is_relative_to(results.out)
    assert not (elsewhere / "void").exists()


def test_a_collected_job_is_offered_where_another_version_is_shown(
    node, job_at_the_server, results, left, over, reopen
):
    from host_plugins.nuke_panel import result

    shown = results.version(1001)
    result.attach(node, {"": shown})
    left(jobs={"": job_at_the_server})
    again = reopen()
    over()
    assert again["version"].value() == "v001"
    assert again["version"].values() == ["none", "v002", "v001"]
    assert again.node("result")["file"].value() == shown.version.pattern("patch").as_posix()


def test_a_copy_does_not_collect_what_the_original_began(
    node, job_at_the_server, left, over, reopen, tmp_path
):
    left(jobs={"": job_at_the_server})
    node.setName("VoidRemove2")
    reopen()
    over()
    assert not list((tmp_path / "void").glob("*_void_v*"))


def test_an_eye_that_was_not_begun_is_mentioned(node, results, reopen, left, over, nuke):
    from host_plugins.nuke_panel import result

    nuke.addView("right")
    done = results.version(1001, view="main")
    result.attach(node, {"main": done})
    left(jobs={"main": done.job, "right": ""})
    again = reopen()
    over()
    assert "right" in again["status"].value()
    assert "not begun" in again["status"].value()


def test_an_absent_server_is_mentioned_quietly(node, results, reopen, session, left, monkeypatch):
    from host_plugins.nuke_panel import reopened, runs

    quick = functools.partial(reopened.Collecting, timeout=0.2)
    monkeypatch.setattr(reopened, "Collecting", quick)
    landing = results.begin()
    results.land(landing, 1001)
    landing.leave()
    left(jobs={"": landing.job})
    node["server"].setValue("tcp://127.0.0.1:9")
    again = reopen()
    session.pump(until=lambda: runs.of(again) is None, timeout=15)
    session.pump()
    assert session.messages == []
    assert session.questions == []
    assert again["version"].value() == "none"


def test_what_is_shown_from_another_folder_is_not_asked_for(node, results, reopen, nuke, left):
    from host_plugins.nuke_panel import result, runs

    landing = results.version(1001, 1002)
    result.attach(node, {"": landing})
    node["results_dir"].setValue("/elsewhere")
    left(jobs={"": landing.job})
    assert runs.of(reopen()) is None


def test_a_job_that_was_left_is_collected(
    node, job_at_the_server, left, reopen, session, over, tmp_path
):
    left(jobs={"": job_at_the_server})  # as if the script had been closed before the first frame
    again = reopen()
    over()
    assert again["version"].value() == "v001"
    folder = tmp_path / "void" / f"{NAME}_void_v001"
    assert sorted(path.name for path in folder.glob("*.exr")) == [
        f"{folder.name}_patch.{frame}.exr" for frame in (1001, 1002)
    ]
    assert session.messages == []


@pytest.mark.parametrize(
    "jobs",
    [
        "", "null", "[1]", "no json", "{}", '{"": "1f"}', '{"name": "x", "jobs": {"": "1f"}}',
        f'{{"name": "{NAME}", "jobs": {{}}, "over": false}}',
        f'{{"name": "{NAME}", "jobs": {{"": 5}}, "over": false}}',
        f'{{"name": "{NAME}", "jobs": {{"": "1f"}}, "over": true}}',
    ],
)  # fmt: skip
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


def test_one_node_that_cannot_be_read_does_not_keep_the_others_from_being_looked_at(
    node, results, nuke, caplog
):
    from host_plugins.nuke_panel import script
    from host_plugins.nuke_panel.node import all_void_removes, create

    create()
    odd, sound = all_void_removes()
    odd.removeKnob(odd["void_schema"])
    odd.addKnob(nuke.String_Knob("void_schema", "", "one"))
    for one in (odd, sound):
        one["status"].setValue("stale")
    script.on_script_load()
    assert sound["status"].value() == "No result yet."
    assert "ValueError" in caplog.text


def test_registered_twice_it_is_called_once(node, session):
    from host_plugins.nuke_panel import script

    def callbacks():
        return {event: len(found) for event, found in session.callbacks.registered.items() if found}

    once = callbacks()
    script.register()
    assert callbacks() == once
    script.unregister()
    assert callbacks() == {}
