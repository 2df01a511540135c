import colorsys

import pytest

from bridge.messages import EngineInfo
from void_server.engines.deferred import Deferred


class Engine:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked = []

    def describe(self):
        return EngineInfo("late", "Late", "", "cpu", reason="itself")

    def fill(self, footage, **rest):
        self.asked.append(("fill", footage, rest))
        return iter(("a fill",))

    def rest(self):
        self.asked.append("rest")


@pytest.fixture
def loads():
    return []


@pytest.fixture
def late(loads):
    def make(module):
        assert module is colorsys
        loads.append(Engine())
        return loads[-1]

    return Deferred(
        describe=lambda: EngineInfo("late", "Late", "", "cpu"), module="colorsys", make=make
    )


def test_nothing_is_loaded_to_describe_or_to_rest(late, loads):
    assert late.describe().name == "late"
    late.rest()
    late.import_code()
    assert loads == []


def test_the_first_fill_loads_it_once_and_passes_everything_on(late, loads):
    arguments = dict.fromkeys(("frames", "prompt", "seed", "parameters", "progress", "record"), 1)
    assert list(late.fill("shot", **arguments)) == ["a fill"]
    assert list(late.fill("shot", **arguments)) == ["a fill"]
    (engine,) = loads
    assert engine.asked == [("fill", "shot", arguments)] * 2


def test_once_loaded_it_speaks_and_rests_for_itself(late, loads):
    late.load()
    assert late.describe().reason == "itself"
    late.rest()
    assert loads[0].asked == ["rest"]
