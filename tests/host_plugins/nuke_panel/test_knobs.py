"""The knobs of the node, and how they get onto it."""

import msgspec
import pytest

from bridge.cli.place import DEFAULT_ENDPOINT
from bridge.shot import Request
from host_plugins.run.order import Order

TABS = {
    "remove_tab": (
        "prompt engine parameters parameters_note parameters_end matte grow feather seed matte_end "
        "range range_mode first_frame last_frame handles missing range_end remove_line preview run "
        "cancel"
    ),
    "result_tab": "version output status effective result_line reveal bake report",
    "server_tab": "server test_server server_text transport",
    "advanced_tab": (
        "datatype files colorspace results_dir views keep_exports export_again jobs described "
        "void_schema"
    ),
}


@pytest.fixture
def made(session):
    from host_plugins.nuke_panel import node

    return node.create()


def test_they_stand_in_their_tabs_in_order(made):
    names = [knob.name() for knob in made.allKnobs()]
    ours = names[names.index("remove_tab") :]
    assert ours == [name for tab, knobs in TABS.items() for name in (tab, *knobs.split())]


def test_the_values_of_a_new_node_are_those_of_a_request(made):
    asked = {field.name: field.default for field in msgspec.structs.fields(Request)}
    for name in ("seed", "grow", "feather", "engine", "prompt"):
        assert made[name].value() == asked[name]


def test_the_address_is_the_one_a_server_listens_on(made):
    assert made["server"].value() == DEFAULT_ENDPOINT


def test_every_knob_that_is_set_says_what_it_is_for():
    from host_plugins.nuke_panel import knobs

    silent = {"tab", "group", "end_group", "line"}
    for knob in knobs.layout():
        if knob.kind not in silent and not knob.hidden and knob.name != "parameters_note":
            assert knob.tooltip.endswith((".", "</i>.")), knob.name


def test_every_button_is_there_to_be_pressed(made):
    from host_plugins.nuke_panel import buttons, knobs

    for knob in knobs.layout():
        if knob.kind == "button":
            assert callable(getattr(buttons, knob.name))
            compile(made[knob.name].value(), knob.name, "exec")


def test_a_button_says_where_there_is_no_plug_in(made, session, tmp_path):
    session.save(tmp_path / "a.nk")
    session.open(tmp_path / "a.nk", plugin=False)
    session.press("VoidRemove1", "run")
    assert "plug-in" in session.messages[0]
    assert "Traceback" not in session.messages[0]


def test_what_nobody_should_see_is_hidden_and_stays_so(made, session, nuke, tmp_path):
    session.save(tmp_path / "a.nk")
    session.open(tmp_path / "a.nk", plugin=False)
    for name in ("jobs", "described", "void_schema"):
        assert nuke.toNode("VoidRemove1")[name].getFlag(nuke.INVISIBLE), name


def test_a_status_does_not_go_into_the_script(made, session, nuke, tmp_path):
    made["status"].setValue("denoising 12 of 50")
    session.save(tmp_path / "a.nk")
    assert "denoising" not in (tmp_path / "a.nk").read_text("utf-8")


def test_what_an_artist_has_added_stays_where_it_is(made, nuke):
    from host_plugins.nuke_panel.knobs import layout
    from host_plugins.nuke_panel.laying_out import lay_out

    made.addKnob(nuke.Tab_Knob("mine", "Mine"))
    own = nuke.Double_Knob("strength", "Strength")
    made.addKnob(own)
    own.setValue(3.5)
    made.removeKnob(made["handles"])
    lay_out(made, layout())
    names = [knob.name() for knob in made.allKnobs()]
    assert names.index("strength") == names.index("mine") + 1
    assert names.index("remove_tab") < names.index("handles") < names.index("result_tab")
    assert made["strength"].value() == 3.5


def test_an_expression_survives_a_new_layout(made, nuke):
    from host_plugins.nuke_panel.knobs import layout
    from host_plugins.nuke_panel.laying_out import lay_out

    made["handles"].setExpression("root.first_frame")
    made.removeKnob(made["missing"])
    lay_out(made, layout())
    assert made["handles"].hasExpression()


@pytest.mark.parametrize("at", ["addKnob", "removeKnob"])
@pytest.mark.parametrize("call", [1, 5, 20])
def test_a_layout_that_nuke_refuses_costs_no_knob_and_no_value(made, nuke, monkeypatch, at, call):
    from host_plugins.nuke_panel.knobs import layout
    from host_plugins.nuke_panel.laying_out import lay_out

    made["prompt"].setValue("a wall")
    made["version"].setValues(["none", "v001", "v002"])
    made["version"].setValue("v002")
    made["handles"].setExpression("root.first_frame")
    made.removeKnob(made["missing"])
    refuse_the(call, at, nuke, monkeypatch)
    with pytest.raises(ValueError, match="not again"):
        lay_out(made, layout())
    assert {knob.name for knob in layout()} <= {knob.name() for knob in made.allKnobs()}
    assert made["prompt"].value() == "a wall"
    assert made["version"].values() == ["none", "v001", "v002"]
    assert made["version"].value() == "v002"
    assert made["handles"].hasExpression()
    lay_out(made, layout())


def test_knobs_that_can_never_be_added_again_are_made_anew(made, nuke, monkeypatch):
    from host_plugins.nuke_panel.knobs import layout
    from host_plugins.nuke_panel.laying_out import lay_out

    made["seed"].setValue(7)
    made.removeKnob(made["missing"])
    add, before = nuke.Node.addKnob, made.allKnobs()

    def added(self, knob):
        if knob in before:
            raise ValueError("not again")
        add(self, knob)

    monkeypatch.setattr(nuke.Node, "addKnob", added)
    with pytest.raises(ValueError, match="not again"):
        lay_out(made, layout())
    names = [knob.name() for knob in made.allKnobs()]
    assert names[names.index("remove_tab") :] == [knob.name for knob in layout()]
    assert made["seed"].value() == 7
    assert not made["jobs"].visible()


def refuse_the(number, at, nuke, monkeypatch):
    """Nuke raises at the so many-th call of a method of nodes."""
    real, calls = getattr(nuke.Node, at), []

    def called(self, knob):
        calls.append(knob)
        if len(calls) == number:
            raise ValueError("not again")
        real(self, knob)

    monkeypatch.setattr(nuke.Node, at, called)


def test_nothing_is_done_to_a_node_that_has_it_all(made, session):
    from host_plugins.nuke_panel.knobs import layout
    from host_plugins.nuke_panel.laying_out import lay_out

    before, knobs = len(session.undo.steps), made.allKnobs()
    lay_out(made, layout())
    assert made.allKnobs() == knobs
    assert len(session.undo.steps) == before


def test_every_choice_is_one_that_a_run_understands(made, tmp_path):
    from host_plugins.nuke_panel import check

    assert set(made["files"].values()) == set(check._KINDS)
    assert set(made["transport"].values()) == set(check._TRANSPORTS)
    assert set(made["datatype"].values()) == set(check._DATATYPES)
    fields = Order.__dataclass_fields__
    assert {value.lower() for value in made["missing"].values()} == {"refuse", "hold"}
    assert fields["missing"].default == made["missing"].value().lower()
