"""Plate and mattes as EXR frames, and that nothing else of the script is any different after."""

import importlib
from dataclasses import replace

import numpy as np
import OpenEXR
import pytest

from bridge.errors import RequestError
from host_plugins.run.cancelling import Cancelled


@pytest.fixture
def export(nuke):
    from host_plugins.nuke_panel import export

    return export


@pytest.fixture
def node(session, rig, tmp_path):
    from host_plugins.nuke_panel import node

    made = node.create()
    made.setInput(0, rig.plate(3))
    made.setInput(1, rig.matte(3))
    session.save(tmp_path / "sh010.nk")
    return made


@pytest.fixture
def render(export, node, tmp_path):
    """Renders one input into a folder, as a run does it; knobs of the node by name."""
    from host_plugins.nuke_panel import check

    def rendered(name="plate", view="", **knobs):
        for knob, value in knobs.items():
            node[knob].setValue(value)
        order = check.order(node, "remove")
        folder = tmp_path / "out"
        export.render(node, order, name, view, folder)
        export.check(order, name, folder)
        return {path.name: pixels(path) for path in sorted(folder.glob("*"))}

    return rendered


def pixels(path):
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels for name, channel in file.channels().items()}


def is_as_before(session, node):
    """Nothing of an export is left in the script."""
    assert not [one for one in node.nodes() if one.Class() == "Write"]
    assert session.undo.balanced
    assert session.contexts.depth() == 1
    return True


def test_the_plate_is_written_raw_with_every_bit(render, rig, node, session):
    found = render()
    assert list(found) == [f"plate.{frame}.exr" for frame in (1001, 1002, 1003)]
    for name, channels in found.items():
        frame = int(name.split(".")[1])
        assert sorted(channels) == ["B", "G", "R"]
        for channel, plane in channels.items():
            assert plane.dtype == np.float16
            wanted = rig.pixels["plate"][frame][channel]
            assert (plane.view(np.uint16) == wanted.view(np.uint16)).all()
    assert is_as_before(session, node)


def test_a_matte_is_its_alpha_alone(render, rig):
    found = render("remove")
    assert list(found) == [f"remove.{frame}.exr" for frame in (1001, 1002, 1003)]
    assert list(found["remove.1002.exr"]) == ["A"]
    assert (found["remove.1002.exr"]["A"] == rig.pixels["roto"][1002]["A"]).all()


def test_float_frames_stay_float(render):
    found = render(datatype="32 bit float")
    assert {plane.dtype for plane in found["plate.1001.exr"].values()} == {np.dtype(np.float32)}


def test_only_the_view_that_is_asked_for_is_rendered(render, rig, node, nuke):
    nuke.addView("right")
    node.setInput(0, rig.plate(3, name="stereo", views=("main", "right")))
    found = render(view="right")
    assert len(found) == 3
    assert (found["plate.1002.exr"]["R"] == rig.pixels["stereo.right"][1002]["R"]).all()


def test_proxy_mode_is_left_for_the_time_and_is_on_again(render, nuke, node, session):
    nuke.root()["proxy"].setValue(True)
    assert render()["plate.1001.exr"]["R"].shape == (64, 96)
    assert nuke.root()["proxy"].value() is True
    assert is_as_before(session, node)


@pytest.mark.parametrize("modified", [True, False])
def test_the_script_is_no_more_modified_than_it_was(render, nuke, session, modified):
    steps = len(session.undo.steps)
    nuke.root().setModified(modified)
    render()
    assert nuke.root().modified() is modified
    assert len(session.undo.steps) == steps


def test_what_nuke_serves_while_it_renders_is_worth_saving_and_can_be_undone(
    render, nuke, node, session, monkeypatch
):
    execute = nuke.execute

    def served(*args):
        execute(*args)
        nuke.Undo.begin("Another node's frames")
        node["label"].setValue("v001")
        nuke.Undo.end()

    monkeypatch.setattr(nuke, "execute", served)
    nuke.root().setModified(False)
    steps = len(session.undo.steps)
    render()
    assert nuke.root().modified()
    assert [step.name for step in session.undo.steps[steps:]] == ["Another node's frames"]


@pytest.mark.parametrize(
    "form",
    [{}, {"cancel_counts_frames": False}, {"cancel_has_its_own_class": True}],
    ids=["count", "word", "class"],
)
def test_a_cancelled_export_leaves_no_write_behind(render, node, session, form):
    session.traps = replace(session.traps, **form)
    session.cancel_execute_at = 1002
    with pytest.raises(Cancelled):
        render()
    assert is_as_before(session, node)


def test_a_frame_that_cannot_be_rendered_is_told_in_nukes_words(render, rig, node, session):
    node.setInput(0, rig.plate(3, name="holes", missing=(1002,)))
    with pytest.raises(
        RequestError, match=r"plate: Nuke cannot render it: .*holes\.1002"
    ) as caught:
        render()
    assert "set Missing frames on the Remove tab to Hold" in caught.value.hint
    assert is_as_before(session, node)


def test_a_frame_that_is_missing_may_be_held(render, rig, node):
    node.setInput(0, rig.plate(3, name="holes", missing=(1002,)))
    assert list(render(missing="Hold")) == ["plate.1001.exr", "plate.1003.exr"]


def test_a_plate_of_which_no_frame_was_rendered_is_refused_all_the_same(export, node, tmp_path):
    from host_plugins.nuke_panel import check

    node["missing"].setValue("Hold")
    order = check.order(node, "remove")
    with pytest.raises(RequestError, match="frames 1001-1003") as caught:
        export.check(order, "plate", tmp_path / "out")
    assert caught.value.code == "missing_frames"


def test_while_nuke_renders_something_else_the_artist_is_told_to_wait(render, node, session):
    session.executing = True
    with pytest.raises(RequestError, match="busy with another render") as caught:
        render()
    session.executing = False
    assert caught.value.code == "host_busy"
    assert is_as_before(session, node)


@pytest.mark.parametrize(
    ("said", "is_cancel"),
    [
        ("cancelled", True),
        ("Cancelled.", True),
        ("Cancelled 1 of 3 frames", True),
        ("Cancelled by user", True),
        ("VoidRemove1.void_export_plate: Cancelled", True),
        ("Read1: /jobs/cancelled/plate.1001.exr: No such file", False),
        ("CancelPlate1: no such file", False),
        ("", False),
    ],
)
def test_cancel_is_told_from_errors_that_only_name_it(export, said, is_cancel):
    assert export._is_cancel(RuntimeError(said)) is is_cancel


def test_a_nuke_without_a_class_for_it_tells_cancel_by_its_text(nuke, monkeypatch):
    from host_plugins.nuke_panel import export

    monkeypatch.delattr(nuke, "CancelledError")
    old = importlib.reload(export)
    assert old._is_cancel(RuntimeError("Cancelled"))
    assert not old._is_cancel(RuntimeError("no such file"))
