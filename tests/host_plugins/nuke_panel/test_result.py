"""What the node shows of its results."""

import numpy as np
import pytest
from nuke_results import BOX, Results


@pytest.fixture
def result(session):
    from host_plugins.nuke_panel import result

    return result


@pytest.fixture
def node(session, tmp_path, rig):
    from host_plugins.nuke_panel.node import create

    session.save(tmp_path / "sh010_comp_v003.nk")
    made = create()
    made.setInput(0, rig.plate(count=4))
    return made


@pytest.fixture
def results(studio, node, tmp_path):
    return Results(studio, tmp_path / "void")


def hole(picture, name="rgba.red"):
    """The values in the hole, and all others as one array; EXR rows begin at the top."""
    values = picture.channels[name]
    inside = np.zeros(values.shape, bool)
    inside[BOX[1] : BOX[3] + 1, BOX[0] : BOX[2] + 1] = True
    return values[inside], values[~inside]


def test_the_patch_goes_over_the_plate_and_nothing_else_changes(result, node, results, session):
    given = session.picture(node, 1002)
    result.attach(node, {"": results.version(1001, 1002, 1003, 1004, value=0.5)})
    shown = session.picture(node, 1002)
    assert shown.data == given.data
    for name in given.channels:
        inside, outside = hole(shown, name)
        np.testing.assert_array_equal(outside, hole(given, name)[1])
        if name != "rgba.alpha":
            assert (inside == 0.5).all()


def test_it_is_chosen_and_says_what_ran(result, node, results):
    result.attach(node, {"": results.version(1001)})
    assert node["version"].value() == "v001"
    assert node["effective"].value() == (
        "cleanplate on cpu, frames 1001-1001, 94 % seen in other frames, seed 7, 1 min 12 s"
    )


def test_frames_show_as_they_land_and_the_others_are_the_plate(result, node, results, session):
    given = session.picture(node, 1003)
    landing = results.begin()
    result.attach(node, {"": landing})
    assert node["version"].value() == "none"
    results.land(landing, 1001, 1004)
    result.attach(node, {"": landing})
    np.testing.assert_array_equal(
        session.picture(node, 1003).channels["rgba.red"], given.channels["rgba.red"]
    )
    results.land(landing, 1003)
    result.attach(node, {"": landing})
    assert (hole(session.picture(node, 1003))[0] == 0.5).all()
    assert session.executed.count("VoidRemove1.result.reload") >= 2


def test_the_reads_are_raw_and_cover_the_frames(result, node, results):
    landing = results.version(1001, 1002, 1003)
    result.attach(node, {"": landing})
    read = node.node("result")
    assert read["file"].value() == landing.version.pattern("patch").as_posix()
    names = ("first", "last", "origfirst", "origlast")
    assert [read[name].value() for name in names] == [1001, 1003, 1001, 1003]
    names = ("raw", "before", "after", "on_error", "localizationPolicy")
    assert [read[name].value() for name in names] == [True, "black", "black", "black", "off"]


@pytest.mark.parametrize(
    ("output", "inside", "outside"),
    [
        ("Patch (premultiplied)", 0.5, 0.0),
        ("Patch (unpremultiplied)", 0.5, 0.0),
        ("Matte used", 1.0, 0.0),
    ],
)
def test_each_output_shows_what_it_is_called(
    result, node, results, session, output, inside, outside
):
    result.attach(node, {"": results.version(1001)})
    session.change(node, "output", output)
    picture = session.picture(node, 1001)
    assert set(np.unique(picture.channels["rgba.red"])) <= {inside, outside}
    assert (picture.channels["rgba.alpha"] == 1).any()


def test_the_difference_is_black_outside_the_hole(result, node, results, session):
    result.attach(node, {"": results.version(1001)})
    session.change(node, "output", "Difference")
    inside, outside = hole(session.picture(node, 1001))
    assert (outside == 0).all()
    assert (inside > 0).any()


def test_none_passes_the_plate_and_the_version_can_be_had_again(result, node, results, session):
    given = session.picture(node, 1001).channels["rgba.red"]
    landing = results.version(1001)
    result.attach(node, {"": landing})
    node["version"].setValue("none")
    assert result.show_version(node, "none")
    np.testing.assert_array_equal(session.picture(node, 1001).channels["rgba.red"], given)
    assert landing.version.picture("patch", 1001).exists()
    node["version"].setValue("v001")
    assert result.show_version(node, "v001")
    assert (hole(session.picture(node, 1001))[0] == 0.5).all()


def test_an_older_version_comes_back_with_its_own_frames(result, node, results, session):
    results.version(1001, 1002, value=0.25)
    result.attach(node, {"": results.version(1001, value=0.5, seed=9)})
    assert node["version"].values() == ["none", "v002", "v001"]
    node["version"].setValue("v001")
    assert result.show_version(node, "v001")
    assert (hole(session.picture(node, 1002))[0] == 0.25).all()
    assert "seed 7" in node["effective"].value()


def test_a_version_that_is_gone_lets_the_plate_through(result, node, results, session):
    given = session.picture(node, 1001).channels["rgba.red"]
    result.attach(node, {"": results.version(1001)})
    from host_plugins.nuke_panel import versions

    versions.offer(node, ["none", "v001", "v000"], "v000")
    assert not result.show_version(node, "v000")
    np.testing.assert_array_equal(session.picture(node, 1001).channels["rgba.red"], given)


def test_the_comp_says_what_made_it_and_keeps_the_plates_own(result, node, results):
    landing = results.version(1001, device='cuda:0 "[big]"')
    result.attach(node, {"": landing})
    said = node.metadata()
    assert said["void/job"] == landing.job
    assert said["void/result"] == "v001"
    assert said["void/seed"] == "7"
    assert said["void/version"] == "0.9.0"
    assert said["void/device"] == "cuda:0 __big__"


def test_a_preview_is_shown_by_that_name(result, node, results):
    result.attach(node, {"": results.version(1001, out=results.out / "previews")})
    assert node["version"].value() == "preview"
    result.attach(node, {"": results.version(1001)})
    assert node["version"].values() == ["none", "v001", "preview"]
    assert node["version"].value() == "v001"


def test_views_get_a_read_each(result, node, results, session, nuke):
    nuke.addView("right")
    eyes = {
        "main": results.version(1001, view="main", value=0.25),
        "right": results.version(1001, view="right", value=0.75),
    }
    result.attach(node, eyes)
    names = {one.name() for one in node.nodes()}
    assert names >= {"result_main", "result_right", "views"}
    assert "result" not in names
    assert (hole(session.picture(node, 1001))[0] == 0.25).all()
    assert (hole(session.picture(node, 1001, "right"))[0] == 0.75).all()


def test_one_eye_alone_leaves_the_other_the_plate(result, node, results, session, nuke):
    nuke.addView("right")
    given = session.picture(node, 1001, "main").channels["rgba.red"]
    result.attach(node, {"right": results.version(1001, view="right")})
    np.testing.assert_array_equal(session.picture(node, 1001).channels["rgba.red"], given)
    assert (hole(session.picture(node, 1001, "right"))[0] == 0.5).all()


def test_an_eye_that_is_done_again_joins_the_other_ones_result(
    result, node, results, session, nuke
):
    nuke.addView("right")
    both = {view: results.version(1001, view=view, value=0.25) for view in ("main", "right")}
    result.attach(node, both)
    result.attach(node, {"right": results.version(1001, view="right", value=0.75)})
    assert node["version"].value() == "v002"
    assert (hole(session.picture(node, 1001))[0] == 0.25).all()
    assert (hole(session.picture(node, 1001, "right"))[0] == 0.75).all()


def test_going_back_to_one_view_takes_the_others_reads_away(result, node, results, nuke):
    nuke.addView("right")
    result.attach(node, {"right": results.version(1001, view="right")})
    nuke.deleteView("right")
    result.attach(node, {"": results.version(1001)})
    reads = [one.name() for one in node.nodes() if one.Class() in ("Read", "JoinViews")]
    assert reads == ["result"]


def test_a_result_is_one_step_to_undo_however_often_frames_land(result, node, results, session):
    landing = results.begin()
    before = len(session.undo.steps)
    for frame in (1001, 1002, 1003):
        results.land(landing, frame)
        result.attach(node, {"": landing})
    results.finish(landing)
    result.attach(node, {"": landing})
    assert [step.name for step in session.undo.steps[before:]] == ["VoidRemove1 v001"]


@pytest.fixture
def compared(result, node, results):
    """v001 is whole; v002 runs, and the artist looks at v001 again to compare."""
    result.attach(node, {"": results.version(1001, 1002, value=0.25)})
    landing = results.begin()
    results.land(landing, 1001)
    result.attach(node, {"": landing})
    node["version"].setValue("v001")
    result.show_version(node, "v001")
    return landing


def test_what_the_artist_chooses_while_frames_land_stays_chosen(
    result, node, results, session, compared
):
    before = len(session.undo.steps)
    for frame in (1002, 1003):
        results.land(compared, frame)
        result.attach(node, {"": compared}, switch=False)
    assert node["version"].value() == "v001"
    assert (hole(session.picture(node, 1002))[0] == 0.25).all()
    assert "frames 1001-1002" in node["effective"].value()
    assert len(session.undo.steps) == before


def test_none_stays_chosen_too_and_the_new_version_is_offered(result, node, results, session):
    given = session.picture(node, 1001).channels["rgba.red"]
    result.attach(node, {"": results.version(1001)}, switch=False)
    assert node["version"].value() == "none"
    assert node["version"].values() == ["none", "v001"]
    np.testing.assert_array_equal(session.picture(node, 1001).channels["rgba.red"], given)


def test_frames_go_on_to_show_where_the_artist_goes_back_to_the_new_version(
    result, node, results, session, compared
):
    node["version"].setValue("v002")
    result.show_version(node, "v002")
    results.land(compared, 1004)
    result.attach(node, {"": compared}, switch=False)
    assert (hole(session.picture(node, 1004))[0] == 0.5).all()


def test_another_folders_version_of_that_number_is_not_shown_in_its_place(
    result, node, results, studio, tmp_path
):
    mine = results.version(1001)
    result.attach(node, {"": mine})
    elsewhere = Results(studio, tmp_path / "archive").version(1001, value=0.75)
    result.attach(node, {"": elsewhere}, switch=False)
    assert node.node("result")["file"].value() == mine.version.pattern("patch").as_posix()


@pytest.mark.parametrize("others", [0, 1], ids=["same-numbers", "other-numbers"])
def test_the_second_eye_of_a_run_joins_the_first_without_being_asked_for(
    result, node, results, session, nuke, others
):
    nuke.addView("right")
    for _ in range(others):
        results.version(1001, view="right", value=0.125)
    eyes = {"main": results.version(1001, view="main", value=0.25)}
    result.attach(node, eyes)
    eyes["right"] = results.version(1001, view="right", value=0.75)
    result.attach(node, eyes, switch=False)
    assert node["version"].value() == f"v00{1 + others}"
    assert (hole(session.picture(node, 1001))[0] == 0.25).all()
    assert (hole(session.picture(node, 1001, "right"))[0] == 0.75).all()


def test_an_unfinished_version_gives_way_to_the_whole_one_before_it(
    result, node, results, session, compared
):
    node["version"].setValue("v002")
    result.show_version(node, "v002")
    assert result.go_back(node, "v001")
    assert node["version"].value() == "v001"
    assert node["version"].values() == ["none", "v002", "v001"]
    assert (hole(session.picture(node, 1002))[0] == 0.25).all()
    assert session.undo.steps[-1].name == "VoidRemove1 v001"


def test_it_does_not_give_way_to_one_that_is_not_whole_or_not_there(result, node, results):
    for _ in range(2):
        landing = results.begin()
        results.land(landing, 1001)
        result.attach(node, {"": landing})
    for label in ("v001", "v007", "v002", "none"):
        assert not result.go_back(node, label)
    assert node["version"].value() == "v002"


def test_what_the_artist_has_chosen_does_not_give_way(result, node, results, compared):
    from host_plugins.nuke_panel import versions

    results.version(1001)
    versions.refresh(node)
    node["version"].setValue("v003")
    result.show_version(node, "v003")
    assert not result.go_back(node, "v001")
    node["version"].setValue("none")
    assert not result.go_back(node, "v001")
    assert node["version"].value() == "none"


def test_an_eye_that_was_finished_goes_back_with_the_one_that_was_not_begun(
    result, node, results, session, nuke
):
    from host_plugins.nuke_panel import jobs

    nuke.addView("right")
    old = {view: results.version(1001, view=view, value=0.25) for view in ("main", "right")}
    result.attach(node, old)
    new = results.version(1001, view="main", value=0.75)
    jobs.keep(node, {"main": new.job, "right": ""})
    result.attach(node, {"main": new})
    assert result.go_back(node, "v001")
    assert (hole(session.picture(node, 1001))[0] == 0.25).all()


def test_what_lands_later_is_still_worth_saving(result, node, results, nuke, session, tmp_path):
    landing = results.begin()
    results.land(landing, 1001)
    result.attach(node, {"": landing})
    session.save(tmp_path / "sh010_comp_v003.nk")
    result.attach(node, {"": landing})
    assert not nuke.root().modified()
    results.land(landing, 1002)
    result.attach(node, {"": landing})
    assert nuke.root().modified()


def test_it_still_shows_where_there_is_no_plug_in(result, node, results, session, nuke, tmp_path):
    result.attach(node, {"": results.version(1001)})
    session.save(tmp_path / "b.nk")
    session.open(tmp_path / "b.nk", plugin=False)
    again = nuke.toNode("VoidRemove1")
    assert (hole(session.picture(again, 1001))[0] == 0.5).all()
    again["disable"].setValue(True)
    assert (hole(session.picture(again, 1001))[0] != 0.5).any()


def test_attaching_holds_the_main_thread_for_a_blink(result, node, results):
    import time

    landing = results.begin()
    results.land(landing, *range(1001, 1041))
    result.attach(node, {"": landing})
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        result.attach(node, {"": landing})
        spent.append(time.perf_counter() - begun)
    assert min(spent) < 0.05
