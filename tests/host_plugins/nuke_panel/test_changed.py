"""What follows when an artist changes a knob."""

import numpy as np
import pytest
from nuke_results import Results


@pytest.fixture(params=[True, False], ids=["any-change", "users-changes"])
def session(start, request):
    """Nuke 17.1 calls back for changes by Python too, Nuke 15 for those of the artist."""
    return start(python_edits_call_knob_changed=request.param)


@pytest.fixture
def node(session, tmp_path, rig):
    from host_plugins.nuke_panel import script
    from host_plugins.nuke_panel.node import create

    script.register()
    session.save(tmp_path / "sh010_comp_v003.nk")
    made = create()
    made.setInput(0, rig.plate(count=4))
    made.showControlPanel()
    return made


def test_the_frames_can_be_typed_when_they_are_the_artists_own(node, session):
    assert not node["first_frame"].enabled()
    session.change(node, "range_mode", "Custom")
    session.change(node, "first_frame", 1002)
    assert node["first_frame"].value() == 1002
    session.change(node, "range_mode", "Input")
    assert not node["last_frame"].enabled()
    assert node["first_frame"].value() == 1001


def test_the_frames_shown_are_those_of_the_plate_or_the_script(node, session, nuke):
    assert (node["first_frame"].value(), node["last_frame"].value()) == (1001, 1004)
    nuke.root()["first_frame"].setValue(990)
    nuke.root()["last_frame"].setValue(1100)
    session.change(node, "range_mode", "Root")
    assert (node["first_frame"].value(), node["last_frame"].value()) == (990, 1100)


def test_another_plate_is_another_range(node, session, rig):
    session.change(node, "range_mode", "Input")
    node.setInput(0, rig.plate(count=2, name="other", first=11))
    node.showControlPanel()
    assert (node["first_frame"].value(), node["last_frame"].value()) == (11, 12)


def test_without_a_plate_the_numbers_stay(node, session):
    node.setInput(0, None)
    node.showControlPanel()
    assert node["first_frame"].value() == 1001


def test_a_version_that_is_chosen_is_shown(node, session, studio, tmp_path):
    results = Results(studio, tmp_path / "void")
    for value in (0.25, 0.5):
        results.version(1001, value=value)
    node.showControlPanel()
    for label, value in (("v001", 0.25), ("v002", 0.5)):
        session.change(node, "version", label)
        assert value in session.picture(node, 1001).channels["rgba.red"][4:12, 8:16]
    assert node["effective"].value().startswith("cleanplate")


def test_a_version_that_was_set_unseen_is_followed_at_the_next_look(
    node, session, studio, tmp_path
):
    results = Results(studio, tmp_path / "void")
    for value in (0.25, 0.5):
        results.version(1001, value=value)
    node.showControlPanel()
    session.change(node, "version", "v001")
    node.hideControlPanel()
    node["version"].setValue("v002")
    node.showControlPanel()
    assert 0.5 in session.picture(node, 1001).channels["rgba.red"][4:12, 8:16]


def test_none_says_that_the_plate_is_shown(node, session, studio, tmp_path):
    Results(studio, tmp_path / "void").version(1001)
    node.showControlPanel()
    given = session.picture(node, 1001).channels["rgba.red"]
    session.change(node, "version", "v001")
    session.change(node, "version", "none")
    assert node["status"].value() == "The plate is shown."
    np.testing.assert_array_equal(session.picture(node, 1001).channels["rgba.red"], given)


def test_a_version_that_went_meanwhile_is_said_to_be_gone(node, session, studio, tmp_path):
    landing = Results(studio, tmp_path / "void").version(1001)
    node.showControlPanel()
    for file in landing.version.folder.iterdir():
        file.unlink()
    landing.version.folder.rmdir()
    session.change(node, "version", "v001")
    assert node["status"].value() == "v001 is not in the results folder."


def test_the_status_is_that_of_the_version_that_is_chosen(node, session, studio, tmp_path):
    results = Results(studio, tmp_path / "void")
    results.version(1001, 1002)
    landing = results.begin()
    results.land(landing, 1001)
    node.showControlPanel()
    session.change(node, "version", "v001")
    assert node["status"].value() == "v001: 2 frames."
    session.change(node, "version", "v002")
    assert node["status"].value() == "v002: 1 frames, not finished."


def test_a_run_under_way_goes_on_saying_how_far_it_is(node, session, studio, tmp_path, monkeypatch):
    from host_plugins.nuke_panel import runs

    Results(studio, tmp_path / "void").version(1001)
    node.showControlPanel()
    node["status"].setValue("denoising 12 of 50")
    monkeypatch.setattr(runs, "of", lambda node: object())
    session.change(node, "version", "v001")
    assert node["status"].value() == "denoising 12 of 50"


def test_a_preview_that_is_found_again_is_the_one_that_is_shown(node, session, studio, tmp_path):
    from host_plugins.nuke_panel import result

    results = Results(studio, tmp_path / "void" / "previews")
    older = results.version(1001, value=0.25)
    results.version(1001, value=0.75)
    result.attach(node, {"": older})
    assert node["version"].value() == "preview"
    assert node.node("result")["file"].value() == older.version.pattern("patch").as_posix()
    node.showControlPanel()
    assert 0.25 in session.picture(node, 1001).channels["rgba.red"][4:12, 8:16]


def test_looking_at_a_node_is_no_change_of_the_script(node, session, nuke, studio, tmp_path):
    Results(studio, tmp_path / "void").version(1001)
    session.save(tmp_path / "sh010_comp_v003.nk")
    steps = len(session.undo.steps)
    node.showControlPanel()
    assert node["version"].values() == ["none", "v001"]
    assert not nuke.root().modified()
    assert len(session.undo.steps) == steps


def test_a_pasted_node_gets_back_what_a_script_leaves_out(node, session, nuke, tmp_path):
    session.save(tmp_path / "sh010_comp_v003.nk")
    session.open(tmp_path / "sh010_comp_v003.nk", plugin=False)
    from host_plugins.nuke_panel import script

    script.register()
    session.plugin = True
    again = nuke.toNode("VoidRemove1")
    assert not again["status"].getFlag(nuke.DO_NOT_WRITE)
    again.showControlPanel()
    assert again["status"].getFlag(nuke.DO_NOT_WRITE)
    assert again["seed"].getFlag(nuke.NO_ANIMATION)
    assert not nuke.root().modified()


def test_other_groups_are_left_alone(node, session, nuke):
    group = nuke.nodes.Group()
    group.addKnob(nuke.Enumeration_Knob("version", "Version", ["a", "b"]))
    session.change(group, "version", "b")
    assert session.tracebacks == []


def test_an_error_does_not_get_into_nuke(node, session, monkeypatch, caplog):
    from host_plugins.nuke_panel import changed

    monkeypatch.setitem(changed._REACTIONS, "engine", lambda node: 1 / 0)
    session.change(node, "engine", "auto")
    monkeypatch.setitem(changed._REACTIONS, "seed", lambda node: 1 / 0)
    session.change(node, "seed", 4)
    assert "ZeroDivisionError" in caplog.text
    assert session.messages == []
