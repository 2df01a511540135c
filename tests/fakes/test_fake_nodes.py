"""Nodes, groups and callbacks of the fake."""

import numpy as np
import pytest


def test_a_class_that_nobody_has_written_down_is_an_unknown_command(nuke):
    for make in (nuke.nodes.Denoise, lambda: nuke.createNode("Denoise")):
        with pytest.raises(RuntimeError, match="Unknown command"):
            make()


def test_names_count_up_without_the_classs_own_number(nuke):
    made = [nuke.nodes.Merge2().name() for _ in range(2)]
    assert made == ["Merge1", "Merge2"]
    assert nuke.nodes.NoOp(name="Merge1").name() == "Merge3"


def test_created_nodes_take_the_selection_and_are_selected(nuke, session):
    plate = nuke.nodes.Read()
    plate.setSelected(True)
    shown = []
    nuke.addKnobChanged(lambda: shown.append(nuke.thisKnob().name()))
    node = nuke.createNode("Grade")
    assert node.input(0) is plate
    assert nuke.selectedNodes() == [node]
    assert shown[-1] == "showPanel"
    assert nuke.nodes.Grade().input(0) is None


def test_inputs_join_nodes_of_one_group_and_never_in_a_circle(nuke):
    first, second = nuke.nodes.Grade(), nuke.nodes.Grade()
    assert second.setInput(0, first)
    assert not first.setInput(0, second)
    assert not first.setInput(7, nuke.nodes.Read())
    with nuke.nodes.Group():
        inside = nuke.nodes.Grade()
    assert not inside.setInput(0, first)


def test_a_group_has_as_many_inputs_as_input_nodes(nuke):
    with nuke.nodes.Group() as group:
        for name in ("plate", "remove"):
            nuke.nodes.Input(name=name)
    assert group.maxInputs() == 2
    assert group.node("remove")["number"].value() == 1


def test_a_context_left_open_is_caught_and_put_right(nuke, session):
    group = nuke.nodes.Group()
    group.addKnob(nuke.PyScript_Knob("open", "Open", "nuke.thisNode().begin()"))
    with pytest.raises(RuntimeError, match="left a group's context open"):
        session.press(group, "open")
    assert nuke.thisGroup() is nuke.root()
    session.faults.clear()


def test_ending_a_group_that_is_not_the_open_one_is_caught(nuke, session):
    with pytest.raises(RuntimeError, match="end"):
        nuke.nodes.Group().end()
    session.faults.clear()


def test_a_groups_button_makes_its_nodes_inside_the_group(nuke, session):
    group = nuke.nodes.Group()
    group.addKnob(nuke.PyScript_Knob("bake", "Bake", "nuke.createNode('Read')"))
    session.press(group, "bake")
    assert [node.Class() for node in group.nodes()] == ["Read"]


def test_a_deleted_node_and_its_knobs_are_dead(nuke):
    node = nuke.nodes.Read()
    knob = node["file"]
    nuke.delete(node)
    for use in (lambda: node.name(), lambda: knob.value(), lambda: node["file"]):
        with pytest.raises(ValueError, match="not attached to a node"):
            use()
    assert nuke.toNode("Read1") is None


def test_an_edit_from_python_calls_knob_changed_but_not_from_within_it(nuke, session):
    node = nuke.nodes.NoOp()
    node.addKnob(nuke.Int_Knob("seed"))
    seen = []

    def changed():
        seen.append((nuke.thisNode().name(), nuke.thisKnob().name()))
        nuke.thisNode()["seed"].setValue(9)

    nuke.addKnobChanged(changed, nodeClass="NoOp")
    nuke.addKnobChanged(changed, nodeClass="NoOp")
    node["seed"].setValue(1)
    assert seen == [("NoOp1", "seed")]
    assert node["seed"].value() == 9
    nuke.removeKnobChanged(changed, nodeClass="NoOp")
    node["seed"].setValue(2)
    assert len(seen) == 1


def test_connecting_tells_of_an_input_change(nuke, session):
    seen = []
    nuke.addKnobChanged(lambda: seen.append(nuke.thisKnob().name()))
    nuke.nodes.Grade().setInput(0, nuke.nodes.Read())
    assert seen == ["inputChange"]


def test_what_a_callback_raises_is_printed_and_found(nuke, session):
    nuke.addOnCreate(lambda: 1 / 0)
    nuke.nodes.NoOp()
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        session.check()
    session.tracebacks.clear()


@pytest.mark.parametrize("licence", ["nc", "indie"])
def test_python_reaches_ten_nodes_without_a_full_licence(start, licence):
    import nuke

    start(licence=licence)
    assert nuke.env[licence]
    nodes = [nuke.nodes.NoOp() for _ in range(10)]
    nuke.delete(nodes.pop())
    assert nuke.toNode("NoOp1") is nodes[0]
    with pytest.raises(RuntimeError, match="10 node limit"):
        nuke.nodes.NoOp()


def test_undo_that_stays_disabled_is_found(nuke, session):
    nuke.Undo.disable()
    nuke.nodes.Write()
    with pytest.raises(AssertionError, match="undo"):
        session.check()
    nuke.Undo.enable()
    assert session.undo.steps == []
    with nuke.Undo("Two reads"):
        nuke.nodes.Read()
        nuke.nodes.Read()
    assert [step.name for step in session.undo.steps] == ["Two reads"]


def test_a_hash_changes_with_a_knob_above_a_frame_and_a_file(nuke, session, tmp_path):
    file = tmp_path / "plate.0001.exr"
    file.write_bytes(b"one")
    read = nuke.nodes.Read(file=f"{tmp_path}/plate.%04d.exr")
    end = nuke.nodes.Grade(inputs=[read])

    def told(frame=1):
        session.frame = frame
        return end.opHashes()[0]

    seen = [told(), told(2)]
    end["xpos"].setValue(50)
    assert told() == seen[0]
    read["on_error"].setValue("black")
    seen.append(told())
    file.write_bytes(b"three")
    seen.append(told())
    assert len(set(seen)) == 4


def test_size_pixel_aspect_and_channels_are_those_of_the_file(nuke, studio):
    path = studio.exr(
        "plate.0001.exr", {"R": np.zeros((12, 20), np.float16), "A": np.ones((12, 20), np.float16)},
        data=(-2, -2, 17, 9), display=(0, 0, 15, 7), pixelAspectRatio=2.0,
    )  # fmt: skip
    node = nuke.nodes.Grade(inputs=[nuke.nodes.Read(file=str(path))])
    assert (node.width(), node.height(), node.pixelAspect()) == (16, 8, 2.0)
    assert node.channels() == ["rgba.red", "rgba.alpha"]
    assert node.metadata()["exr/dataWindow"] == [-2, -2, 17, 9]
