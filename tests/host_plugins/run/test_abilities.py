from dataclasses import replace

import pytest

from bridge.color_config import Choice
from bridge.errors import RequestError
from bridge.messages import EngineInfo, JobStatus, ParameterInfo, Welcome
from host_plugins.run import abilities, busy
from host_plugins.run.problems import Problems


def engine(name, available=True, reason="", **parameters):
    infos = tuple(ParameterInfo(one, one, "", default) for one, default in parameters.items())
    return EngineInfo(name, name, "", "cpu", infos, available, reason)


ENGINES = (
    engine("void", steps=30, available=False, reason="no weights"),
    engine("cleanplate", grain="match", reach=0.5),
    engine("standin", level=2),
)


def welcome(*engines, protocol=(1, 2)):
    return Welcome(protocol, "0.1.0", "epoch", 1, 1, False, engines, (), 0)


@pytest.fixture
def order(order_of):
    return order_of("tcp://a:1", parameters={"steps": 3, "grain": "none", "level": 1})


@pytest.mark.parametrize(
    ("chosen", "left"),
    [("auto", {"grain": "none"}), ("standin", {"level": 1}), ("void", {})],
)
def test_an_engine_gets_its_own_parameters_alone(order, chosen, left):
    """Source: the server takes the first available engine for auto, and checks by its names."""
    assert abilities.parameters_of(replace(order, engine=chosen), ENGINES) == left


def test_a_server_that_describes_no_engine_yet_gets_all_of_them(order):
    assert abilities.parameters_of(order, ()) == order.parameters
    abilities.check(replace(order, engine="void"), welcome())


def test_an_engine_that_is_not_available_is_refused_with_the_reason(order):
    abilities.check(order, welcome(*ENGINES))
    with pytest.raises(RequestError, match="no weights; available: cleanplate, standin"):
        abilities.check(replace(order, engine="void"), welcome(*ENGINES))


def test_what_an_older_server_cannot_be_told_is_refused(order):
    older = welcome(*ENGINES, protocol=(1, 1))
    abilities.check(order, older)
    with_config = replace(order, config=Choice("ocio://default", "host"))
    for newer in (with_config, replace(order, kinds=("comp", "matte"))):
        abilities.check(newer, welcome(*ENGINES))
        with pytest.raises(RequestError) as refused:
            abilities.check(newer, older)
        assert refused.value.code == "protocol_version"


DIFFUSION = (engine("void", steps=30), *ENGINES[1:])


@pytest.mark.parametrize("chosen", ["auto", "void"])
def test_an_engine_that_works_by_words_gets_none_of_an_empty_prompt(order, chosen):
    """Source: a server with a GPU takes the engine void for auto."""
    wordless = replace(order, engine=chosen, prompt="  ")
    with pytest.raises(RequestError, match="it is empty, and the engine void") as refused:
        abilities.check(wordless, welcome(*DIFFUSION))
    assert refused.value.code == "prompt"
    abilities.check(replace(wordless, prompt="A wall."), welcome(*DIFFUSION))
    abilities.check(replace(wordless, engine="cleanplate"), welcome(*DIFFUSION))
    abilities.check(replace(wordless, engine="auto"), welcome(*ENGINES))


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"grow": -3.0}, "out_of_range", "grow is out of range (expected 0-4096 pixels, got -3)"),
        ({"feather": 5000.0}, "out_of_range", "feather is out of range"),
        ({"grow": float("nan")}, "out_of_range", "grow is out of range"),
        ({"seed": -1}, "out_of_range", "the seed is out of range"),
        ({"seed": 2**63}, "out_of_range", "the seed is out of range"),
        ({"prompt": "x" * 10_001}, "out_of_range", "the prompt is too long"),
        ({"parameters": {"reach": "far"}}, "parameter", "reach of engine cleanplate: it cannot be"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_value_that_the_server_would_refuse_is_refused_here(order, fields, code, said):
    with pytest.raises(RequestError) as refused:
        abilities.check(replace(order, **fields), welcome(*ENGINES))
    assert refused.value.code == code
    assert said in str(refused.value)


def test_all_that_a_server_could_refuse_comes_in_one_error(order):
    wrong = replace(order, kinds=("comp", "matte"), grow=-3.0, seed=-1)
    with pytest.raises(Problems) as refused:
        abilities.check(wrong, welcome(*DIFFUSION, protocol=(1, 1)))
    codes = [error.code for error in refused.value.errors]
    assert codes == ["protocol_version", "out_of_range", "out_of_range", "prompt"]


def status(name, state="running", **fields):
    return JobStatus("0" * 32, name, state, "void", 1001, 1010, **fields)


@pytest.mark.parametrize(
    ("jobs", "question"),
    [
        ([], ""),
        ([status("a", "done"), status("b", "cancelled"), status("own")], ""),
        (
            [status("b", "queued"), status("a", finished=4, eta=190.0), status("c", "queued")],
            "The server is working on a (4 of 10 frames, about 3 min 10 s left), and 2 more are "
            "waiting. Queue this job?",
        ),
        (
            [status("b", "queued")],
            "The server is working on b (0 of 10 frames). Queue this job?",
        ),
    ],
    ids=["idle", "nothing of others", "several", "only waiting"],
)
def test_an_artist_is_asked_only_about_the_work_of_others(jobs, question):
    assert busy.question(jobs, own={"own"}) == question
