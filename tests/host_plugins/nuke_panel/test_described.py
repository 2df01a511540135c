"""Knobs for what a server describes."""

import msgspec
import pytest
from nuke_welcome import CLEANPLATE, QUALITY, STEPS, VOID, welcome

from bridge.errors import RequestError
from bridge.messages import ParameterInfo


def without(info):
    return msgspec.structs.replace(info, available=False, reason="no GPU")


@pytest.fixture
def described(session):
    from host_plugins.nuke_panel import described

    return described


@pytest.fixture
def node(session):
    from host_plugins.nuke_panel.node import create

    return create()


@pytest.fixture
def told(node, described):
    described.describe(node, welcome(VOID, CLEANPLATE))
    return node


def seen(node):
    return {k.name() for k in node.allKnobs() if k.name().startswith("p_") and k.visible()}


def test_each_parameter_gets_the_knob_of_its_kind(told):
    kinds = {knob.name(): knob.Class() for knob in told.allKnobs() if knob.name().startswith("p_")}
    assert kinds == {
        "p_void_steps": "Int_Knob",
        "p_void_quality": "Enumeration_Knob",
        "p_void_guidance": "Double_Knob",
        "p_void_region": "String_Knob",
        "p_cleanplate_flow": "Boolean_Knob",
        "p_cleanplate_search": "Int_Knob",
    }
    assert told["p_void_quality"].values() == ["draft", "standard"]
    assert (told["p_void_guidance"].min(), told["p_void_guidance"].max()) == (1.0, 20.0)
    assert told["p_void_steps"].tooltip() == "How many. 0 to 200."


def test_they_stand_in_their_group_on_the_first_tab(told):
    names = [knob.name() for knob in told.allKnobs()]
    inside = names[names.index("parameters") + 1 : names.index("parameters_end")]
    assert [name for name in inside if name.startswith("p_")] == inside[:-1]
    assert len(inside) == 7


def test_only_the_chosen_engine_shows_its_knobs(told, described):
    told["engine"].setValue("cleanplate")
    described.show_chosen(told)
    assert seen(told) == {"p_cleanplate_flow", "p_cleanplate_search"}


def test_auto_shows_those_of_the_engine_that_the_server_would_take(node, described):
    described.describe(node, welcome(without(VOID), CLEANPLATE))
    assert seen(node) == {"p_cleanplate_flow", "p_cleanplate_search"}


def test_an_engine_that_cannot_run_says_why(node, described):
    described.describe(node, welcome(without(VOID), CLEANPLATE))
    assert node["engine"].values() == ["auto", "void", "cleanplate"]
    assert "<b>void</b>: not available: no GPU" in node["engine"].tooltip()


def test_only_what_differs_from_the_default_is_sent(told, described):
    assert described.parameters(told, "void") == {}
    told["p_void_quality"].setValue("draft")
    told["p_void_steps"].setValue(30)
    assert described.parameters(told, "void") == {"quality": "draft", "steps": 30}
    assert described.parameters(told, "cleanplate") == {}


def test_the_values_for_auto_are_those_of_the_engine_it_stands_for(told, described):
    told["p_cleanplate_flow"].setValue(False)
    told["p_void_steps"].setValue(4)
    assert described.parameters(told, "auto") == {"steps": 4}


def test_the_types_are_those_of_the_parameters(told, described):
    told["p_void_guidance"].setValue(3)
    found = described.parameters(told, "void")
    assert found == {"guidance": 3.0}
    assert isinstance(found["guidance"], float)


def test_a_value_that_the_engine_does_not_take_is_refused_before_it_is_sent(told, described):
    told["p_void_steps"].setValue(1000)
    with pytest.raises(RequestError) as refused:
        described.parameters(told, "void")
    assert "a whole number from 0 to 200, got 1000" in str(refused.value)


def test_values_that_still_fit_are_kept_and_others_are_the_new_default(told, described):
    told["p_void_steps"].setValue(150)
    told["p_void_quality"].setValue("draft")
    told["seed"].setValue(5)
    fewer = msgspec.structs.replace(STEPS, maximum=100)
    more = msgspec.structs.replace(QUALITY, choices=("best", "draft", "standard"))
    described.describe(told, welcome(msgspec.structs.replace(VOID, parameters=(fewer, more))))
    assert told["p_void_steps"].value() == 0
    assert told["p_void_quality"].value() == "draft"
    assert told["seed"].value() == 5
    assert told.knob("p_void_guidance") is None


def test_a_value_that_was_left_at_the_default_follows_a_new_default(told, described):
    other = msgspec.structs.replace(QUALITY, default="draft")
    described.describe(told, welcome(msgspec.structs.replace(VOID, parameters=(other,))))
    assert told["p_void_quality"].value() == "draft"
    assert described.parameters(told, "void") == {}


def test_a_parameter_may_become_one_of_another_kind(told, described):
    text = ParameterInfo("steps", "Steps", "How many.", "auto")
    told["p_void_steps"].setValue(9)
    described.describe(told, welcome(msgspec.structs.replace(VOID, parameters=(text,))))
    assert told["p_void_steps"].Class() == "String_Knob"
    assert told["p_void_steps"].value() == "9"


def test_another_server_hides_an_engine_but_keeps_its_values(told, described):
    told["p_void_steps"].setValue(30)
    described.describe(told, welcome(CLEANPLATE))
    assert told["engine"].values() == ["auto", "cleanplate"]
    assert seen(told) == {"p_cleanplate_flow", "p_cleanplate_search"}
    described.describe(told, welcome(VOID, CLEANPLATE))
    assert told["p_void_steps"].value() == 30


def test_the_artists_choice_of_an_engine_is_not_changed_behind_their_back(told, described):
    told["engine"].setValue("void")
    described.describe(told, welcome(CLEANPLATE))
    assert told["engine"].value() == "void"
    assert "the server does not offer it" in told["engine"].tooltip()


def test_an_engine_that_runs_no_model_comes_last_and_is_marked(node, described):
    standin = msgspec.structs.replace(CLEANPLATE, name="standin", help="For diagnosis.")
    described.describe(node, welcome(VOID, standin, CLEANPLATE))
    assert node["engine"].values() == ["auto", "void", "cleanplate", "standin"]
    tooltip = node["engine"].tooltip()
    assert "<b>standin</b>: This engine runs no model" in tooltip
    assert tooltip.index("cleanplate") < tooltip.index("standin")
    assert not node["parameters_note"].visible()
    node["engine"].setValue("standin")
    described.show_chosen(node)
    assert node["parameters_note"].visible()
    assert "runs no model" in node["parameters_note"].value()


def test_a_server_without_a_worker_changes_nothing(told, described):
    before = [knob.name() for knob in told.allKnobs()]
    described.describe(told, welcome())
    assert [knob.name() for knob in told.allKnobs()] == before


def test_the_same_again_touches_no_knob(told, described, session):
    before = len(session.undo.steps)
    described.describe(told, welcome(VOID, CLEANPLATE))
    assert len(session.undo.steps) == before


def test_it_is_worth_saving_and_no_step_to_undo(node, described, session, nuke):
    before = len(session.undo.steps)
    nuke.root().setModified(False)
    described.describe(node, welcome(VOID, CLEANPLATE))
    assert len(session.undo.steps) == before
    assert nuke.root().modified()


def test_names_and_words_of_a_server_do_no_harm(node, described):
    odd = ParameterInfo("a-b.c", "<A>", "x < y", 1)
    twin = ParameterInfo("a_b-c", "A", "x", 1)
    engine = msgspec.structs.replace(VOID, name="my engine", help="<b>", parameters=(odd, twin))
    described.describe(node, welcome(engine))
    node["p_my_engine_a_b_c"].setValue(3)
    assert described.parameters(node, "my engine") == {"a-b.c": 3, "a_b-c": 3}
    assert "&lt;b&gt;" in node["engine"].tooltip()


def test_a_script_without_a_server_still_knows_the_engines(
    told, described, session, nuke, tmp_path
):
    told["engine"].setValue("void")
    told["p_void_steps"].setValue(30)
    session.save(tmp_path / "a.nk")
    session.open(tmp_path / "a.nk")
    again = nuke.toNode("VoidRemove1")
    described.show_chosen(again)
    assert described.parameters(again, "void") == {"steps": 30}
    assert seen(again) == {name for name in seen(again) if name.startswith("p_void")}


@pytest.mark.parametrize("text", ["", "not json", '{"a": 1}', '[{"name": "later", "x": 1}]'])
def test_a_description_that_cannot_be_read_describes_nothing(node, described, text):
    node["described"].setValue(text)
    assert described.engines(node) == ()
    assert described.parameters(node, "void") == {}
