"""Which results of a node there are on disk."""

import shutil

import pytest
from nuke_results import Results


@pytest.fixture
def versions(session):
    from host_plugins.nuke_panel import versions

    return versions


@pytest.fixture
def node(session, tmp_path):
    from host_plugins.nuke_panel.node import create

    session.save(tmp_path / "sh010_comp_v003.nk")
    return create()


@pytest.fixture
def results(studio, node, tmp_path):
    return Results(studio, tmp_path / "void")


def test_there_are_none_at_first(versions, node):
    assert versions.labels(node) == []
    versions.refresh(node)
    assert node["version"].values() == ["none"]


def test_the_newest_comes_first_and_a_preview_last(versions, node, results):
    for frame in (1001, 1002):
        results.version(frame)
    results.version(1001, out=results.out / "previews")
    assert versions.labels(node) == ["v002", "v001", "preview"]


def test_a_label_is_the_result_of_that_number(versions, node, results):
    results.version(1001, 1002)
    results.version(1001)
    found = versions.published(node, "v001")[""]
    assert found.frames == (1001, 1002)
    assert found.complete
    assert found.record["engine"] == "cleanplate"
    assert versions.published(node, "v001")[""].version.label == "v001"


def test_a_preview_is_the_newest_one(versions, node, results):
    for value in (0.25, 0.5):
        last = results.version(1001, out=results.out / "previews", value=value)
    found = versions.published(node, "preview")[""]
    assert found.version == last.version
    assert versions.label_of(found.version) == "preview"


def test_what_is_shown_is_what_the_read_says_and_not_the_newest_of_that_name(
    versions, node, results
):
    from host_plugins.nuke_panel import baking, result

    older = results.version(1001, out=results.out / "previews", value=0.25)
    results.version(1001, out=results.out / "previews")
    result.attach(node, {"": older})
    assert versions.shown(node)[""].job == older.job
    assert baking.shown(node)[""].version == older.version


def test_a_label_whose_folder_is_gone_is_not_an_earlier_result(versions, node, results):
    from host_plugins.nuke_panel import result

    results.version(1001, 1002)
    gone = results.version(1001)
    result.attach(node, {"": gone})
    shutil.rmtree(gone.version.folder)
    assert versions.published(node, "v002") == {}
    assert versions.shown(node) == {}
    assert not result.show_version(node, "v002")
    assert "v002" in node.node("result")["file"].value()


def test_the_frames_are_those_that_lie_there(versions, node, results):
    landing = results.begin()
    results.land(landing, 1001, 1003)
    found = versions.published(node, "v001")[""]
    assert found.frames == (1001, 1003)
    assert not found.complete


def test_a_version_without_its_sidecar_is_still_shown(versions, node, results):
    results.version(1001).version.sidecar.unlink()
    assert versions.published(node, "v001")[""].frames == (1001,)


def test_eyes_are_numbered_each_for_itself(versions, node, results, nuke):
    nuke.addView("right")
    results.version(1001, view="main")
    results.version(1001, view="right")
    results.version(1001, view="right")
    assert versions.labels(node) == ["v002", "v001"]
    found = versions.published(node, "v002")
    assert {view: one.version.label for view, one in found.items()} == {
        "main": "v001",
        "right": "v002",
    }


def test_what_is_chosen_stays_chosen_even_if_it_is_gone(versions, node, results):
    results.version(1001)
    versions.offer(node, ["none", "v004"], "v004")
    versions.refresh(node)
    assert node["version"].values() == ["none", "v001", "v004"]
    assert node["version"].value() == "v004"


def test_a_choice_does_not_slip_when_a_version_comes_in_front(versions, node, results):
    results.version(1001)
    versions.refresh(node)
    node["version"].setValue("v001")
    results.version(1001)
    versions.refresh(node)
    assert node["version"].values() == ["none", "v002", "v001"]
    assert node["version"].value() == "v001"


def test_another_nodes_results_are_not_offered(versions, node, studio, tmp_path):
    Results(studio, tmp_path / "void", "sh010_comp_VoidRemove2").version(1001)
    Results(studio, tmp_path / "void", "sh010_comp_VoidRemove11").version(1001)
    assert versions.labels(node) == []


def test_a_renamed_node_still_finds_what_it_shows(versions, node, results):
    from host_plugins.nuke_panel import result

    results.version(1001)
    landing = results.version(1001)
    result.attach(node, {"": landing})
    node.setName("RemoveBoom")
    assert versions.labels(node) == ["v002", "v001"]


def test_a_script_that_is_not_saved_has_none(start):
    start()
    from host_plugins.nuke_panel import node, versions

    assert versions.labels(node.create()) == []
