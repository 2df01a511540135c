"""Knobs of the fake: what they refuse, and what becomes of what they hold."""

import pytest


def add(nuke, knob):
    node = nuke.nodes.NoOp()
    node.addKnob(knob)
    return node


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda nuke: nuke.String_Knob("k"), 3),
        (lambda nuke: nuke.String_Knob("k"), None),
        (lambda nuke: nuke.File_Knob("k"), b"/x"),
        (lambda nuke: nuke.Text_Knob("k"), 1.0),
        (lambda nuke: nuke.Int_Knob("k"), 1.5),
        (lambda nuke: nuke.Int_Knob("k"), "1"),
        (lambda nuke: nuke.Double_Knob("k"), "1.0"),
        (lambda nuke: nuke.Boolean_Knob("k"), "true"),
        (lambda nuke: nuke.Boolean_Knob("k"), 2),
        (lambda nuke: nuke.Enumeration_Knob("k", "", ["a", "b"]), "c"),
        (lambda nuke: nuke.Enumeration_Knob("k", "", ["a", "b"]), 2),
        (lambda nuke: nuke.Channel_Knob("k"), "no layer"),
        (lambda nuke: nuke.XY_Knob("k"), [1, 2, 3]),
    ],
)
def test_a_knob_refuses_what_its_kind_does_not_take(nuke, make, wrong):
    with pytest.raises((TypeError, ValueError)):
        add(nuke, make(nuke))["k"].setValue(wrong)


def test_a_knob_that_is_not_there_is_none_or_a_name_error(nuke):
    node = nuke.nodes.Read()
    assert node.knob("colour") is None
    with pytest.raises(NameError, match="colour"):
        node["colour"]
    with pytest.raises(NameError):
        nuke.nodes.Read(colour="red")


def test_a_writers_knobs_are_there_once_its_file_type_is(nuke):
    write = nuke.nodes.Write()
    assert write.knob("datatype") is None
    write["file_type"].setValue("exr")
    assert write["datatype"].value() == "16 bit half"


def test_two_knobs_of_one_name_are_refused(nuke):
    node = add(nuke, nuke.Int_Knob("seed"))
    for name in ("seed", "xpos"):
        with pytest.raises(ValueError, match=name):
            node.addKnob(nuke.Int_Knob(name))
    with pytest.raises(ValueError, match="on a node"):
        node.addKnob(node["seed"])


def test_an_enumeration_keeps_its_place_and_not_its_word_when_the_words_change(nuke):
    knob = add(nuke, nuke.Enumeration_Knob("version", "", ["none", "v001"]))["version"]
    knob.setValue("v001")
    knob.setValues(["none", "preview", "v001"])
    assert knob.value() == "preview"
    knob.setValues(["none"])
    assert (knob.value(), knob.getValue()) == ("none", 0.0)


def test_an_expression_reads_knobs_of_the_group_around(nuke):
    with nuke.nodes.Group() as group:
        switch = nuke.nodes.Switch()
    group.addKnob(nuke.Enumeration_Knob("version", "", ["none", "v001"]))
    group.addKnob(nuke.Enumeration_Knob("output", "", ["comp", "patch", "matte"]))
    switch["which"].setExpression("parent.version ? parent.output+1 : 0")
    assert switch["which"].value() == 0
    group["version"].setValue("v001")
    group["output"].setValue("matte")
    assert switch["which"].value() == 3


@pytest.mark.parametrize("wrong", ["1 +", "a ? b", "(1", "import os", "1; 2", "nuke()"])
def test_an_expression_that_cannot_be_read_is_refused(nuke, wrong):
    with pytest.raises(RuntimeError, match="syntax"):
        nuke.nodes.Switch()["which"].setExpression(wrong)


def test_tcl_in_a_file_name_is_evaluated_and_not_kept(nuke, session, tmp_path):
    node = add(nuke, nuke.File_Knob("results_dir"))
    text = "[file dirname [value root.name]]/void/[value name].%04d.exr"
    node["results_dir"].setValue(text)
    assert node["results_dir"].evaluate(7) == "./void/NoOp1.0007.exr"
    session.save(tmp_path / "sh010.nk")
    assert node["results_dir"].evaluate(7) == f"{tmp_path}/void/NoOp1.0007.exr"
    assert node["results_dir"].value() == text


def test_knobs_move_with_their_keys(nuke, session):
    knob = nuke.nodes.Grade()["mix"]
    knob.setAnimated()
    knob.setValueAt(0.0, 1001)
    knob.setValueAt(1.0, 1005)
    session.frame = 1002
    assert knob.value() == 0.25
    assert knob.getValueAt(1009) == 1.0


def test_pressing_what_is_greyed_out_or_hidden_is_impossible(nuke, session):
    node = add(nuke, nuke.PyScript_Knob("run", "Run", "pass"))
    node["run"].setEnabled(False)
    with pytest.raises(AssertionError, match="greyed out"):
        session.press(node, "run")


def test_colour_knobs_are_greyed_out_when_the_environment_names_a_config(start):
    import nuke

    start(environ={"OCIO": "/studio/config.ocio"})
    assert not nuke.root()["OCIO_config"].enabled()
    start()
    assert nuke.root()["OCIO_config"].enabled()
