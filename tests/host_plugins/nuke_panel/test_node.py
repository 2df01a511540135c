"""The node VoidRemove as it stands in the script."""

import numpy as np
import pytest

from bridge.errors import RequestError


@pytest.fixture
def node(session):
    from host_plugins.nuke_panel import node

    return node


def inside(group):
    return {one.name(): one for one in group.nodes()}


def test_it_holds_what_it_says_and_no_write(node):
    made = inside(node.create())
    assert {name: one.Class() for name, one in made.items()} == {
        "plate": "Input",
        "remove": "Input",
        "affected": "Input",
        "keep": "Input",
        "result": "Read",
        "comp": "Merge2",
        "facts": "ModifyMetaData",
        "straight": "Unpremult",
        "matte": "Expression",
        "difference": "Merge2",
        "shown": "Switch",
        "Output1": "Output",
    }
    assert [made[name]["number"].value() for name in node.INPUTS] == [0, 1, 2, 3]


def test_the_switch_shows_what_the_knobs_say(node):
    made = inside(node.create())
    wired = [made["shown"].input(index).name() for index in range(6)]
    assert wired == ["plate", "facts", "result", "straight", "matte", "difference"]
    assert made["facts"].input(0) is made["comp"]
    assert [made["comp"].input(index).name() for index in (0, 1)] == ["plate", "result"]
    assert [made["difference"].input(index).name() for index in (0, 1)] == ["plate", "facts"]


def test_the_comp_keeps_alpha_metadata_range_and_windows_of_the_plate(node):
    comp = inside(node.create())["comp"]
    assert comp["operation"].value() == "over"
    assert comp["output"].value() == "rgb"
    assert [comp[name].value() for name in ("metainput", "rangeinput", "bbox")] == ["B"] * 3


def test_a_frame_that_is_not_there_is_no_error(node):
    read = inside(node.create())["result"]
    names = ("before", "after", "on_error", "raw", "localizationPolicy")
    assert [read[name].value() for name in names] == ["black", "black", "black", True, "off"]


def test_it_takes_the_roto_to_remove_and_the_other_to_plate(node, nuke):
    roto, plate = nuke.nodes.Roto(name="Roto1"), nuke.nodes.Constant(name="Plate1")
    plate.setXYpos(300, 200)
    roto.setXYpos(500, 240)
    for one in (roto, plate, nuke.nodes.StickyNote()):
        one.setSelected(True)
    made = node.create()
    assert made.input(0) is plate
    assert made.input(1) is roto
    assert made.input(2) is None
    assert made.xpos() == 300
    assert made.ypos() > 240 + roto.screenHeight()


def test_it_is_the_selected_node_and_its_panel_is_open(node, nuke):
    nuke.nodes.Constant().setSelected(True)
    made = node.create()
    assert nuke.selectedNodes() == [made]
    assert made.shown()


def test_a_second_one_gets_a_name_of_its_own(node):
    assert [node.create().name(), node.create().name()] == ["VoidRemove1", "VoidRemove2"]


def test_making_it_is_one_step_to_undo(node, session):
    node.create()
    assert [step.name for step in session.undo.steps] == ["Create VoidRemove"]


def test_what_cannot_be_finished_is_not_there_at_all(node, nuke, session, monkeypatch):
    monkeypatch.setattr(node.described, "show_chosen", lambda group: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        node.create()
    assert nuke.allNodes() == []
    assert session.undo.balanced


@pytest.mark.parametrize("licence", ["nc", "indie"])
def test_a_licence_that_cannot_carry_it_makes_nothing(start, licence):
    session = start(licence=licence)
    from host_plugins.nuke_panel import node

    with pytest.raises(RequestError) as refused:
        node.create()
    assert refused.value.code == "nuke_licence"
    assert session.root.nodes() == []


def test_it_can_be_made_in_a_terminal(start):
    session = start(gui=False)
    from host_plugins.nuke_panel import node

    assert node.is_void_remove(node.create())
    assert session.undo.balanced


def test_all_of_them_are_found_in_groups_too(node, nuke):
    outer = nuke.nodes.Group(name="Outer")
    with outer:
        inner = nuke.nodes.Group(name="Inner")
        with inner:
            deep = node.create()
    top = node.create()
    assert set(node.all_void_removes()) == {deep, top}
    assert not node.is_void_remove(outer)


def test_a_new_one_passes_the_plate_bit_for_bit(node, session, rig):
    plate = rig.plate(count=1, overscan=4)
    made = node.create()
    made.setInput(0, plate)
    shown, given = session.picture(made, 1001), session.picture(plate, 1001)
    assert shown.data == given.data
    for name, values in given.channels.items():
        np.testing.assert_array_equal(
            shown.channels[name].view(np.uint32), values.view(np.uint32), err_msg=name
        )


def test_an_older_one_gets_what_it_lacks_and_keeps_its_values(node, session):
    made = node.create()
    made["prompt"].setValue("A wall")
    made["seed"].setValue(12)
    made["range_mode"].setValue("Root")
    made["void_schema"].setValue(0)
    for name in ("handles", "missing", "transport"):
        made.removeKnob(made[name])
    order = [knob.name() for knob in node.create().allKnobs()]
    assert node.brought_up_to_date(made)
    assert [knob.name() for knob in made.allKnobs()] == order
    assert (made["prompt"].value(), made["seed"].value()) == ("A wall", 12)
    assert made["range_mode"].value() == "Root"
    assert made["missing"].value() == "Refuse"
    assert not node.brought_up_to_date(made)


def test_it_comes_back_whole_from_a_script(node, nuke, session, tmp_path):
    made = node.create()
    made["prompt"].setValue('A "wall" {in} [brackets]')
    made["grow"].setValue(2.5)
    session.save(tmp_path / "a.nk")
    session.open(tmp_path / "a.nk")
    again = nuke.toNode("VoidRemove1")
    assert node.is_void_remove(again)
    assert again["prompt"].value() == 'A "wall" {in} [brackets]'
    assert again["grow"].value() == 2.5
    assert inside(again)["shown"]["which"].hasExpression()
