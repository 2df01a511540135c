from dataclasses import replace

import pytest

from bridge.color_config import Choice
from bridge.errors import RequestError
from bridge.messages import EngineInfo, JobStatus, ParameterInfo, Welcome
from host_plugins.run import abilities, busy


def engine(name, *parameters, available=True, reason=""):
    infos = tuple(ParameterInfo(one, one, "", 0.5) for one in parameters)
    return EngineInfo(name, name, "", "cpu", infos, available, reason)


ENGINES = (
    engine("void", "steps", available=False, reason="no weights"),
    engine("cleanplate", "grain", "reach"),
    engine("standin", "level"),
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
