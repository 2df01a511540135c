from __future__ import annotations

import pytest

from bridge.errors import RequestError
from void_server.engines.cleanplate import settings as cleanplate
from void_server.engines.graining import grain_info
from void_server.engines.modelled.settings import Finish, infos
from void_server.engines.standin.settings import description as standin
from void_server.engines.void.settings import description as void


def test_what_a_host_is_told_gives_the_defaults():
    told = {info.name: info.default for info in infos()}
    assert Finish.of(told) == Finish() == Finish.of({})


@pytest.mark.parametrize("info", infos(), ids=lambda info: info.name)
def test_each_parameter_is_worded_and_its_default_is_a_choice(info):
    assert info.label
    assert info.help.endswith(".")
    assert not info.choices or info.default in info.choices


@pytest.mark.parametrize("info", [i for i in infos() if i.choices], ids=lambda info: info.name)
def test_each_choice_can_be_taken(info):
    for choice in info.choices:
        taken = Finish.of({info.name: choice})
        assert getattr(taken, info.name, None) or getattr(taken.color, info.name) == choice


def test_what_is_given_is_taken():
    given = {
        **{"fit": "tiles", "region": " 10, -4,640,384", "curve": "shaper", "primaries": "ap1"},
        **{"exposure": "-1.5", "peak": "16", "match": False, "detail": False},
        **{"upscale": "off", "grain": "none"},
    }
    finish = Finish.of(given)
    assert (finish.fit, finish.region) == ("tiles", (10, -4, 640, 384))
    assert (finish.color.curve, finish.color.primaries) == ("shaper", "ap1")
    assert (finish.color.exposure, finish.color.peak) == (-1.5, 16.0)
    assert (finish.match, finish.detail) == (False, False)
    assert (finish.upscale, finish.grain) == ("off", "none")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("region", text) for text in ("", "1,2,3", "0,0,0,384", "0,0,640,-1", "a,b,c,d", "1.5")],
        *[("exposure", text) for text in ("bright", "17", "-99", "nan", "")],
        *[("peak", text) for text in ("0.5", "1e9", "inf", "high")],
        *[("curve", "rec2020"), ("primaries", "p3")],
    ],
)
def test_a_text_that_means_nothing_is_refused_by_name(name, text):
    with pytest.raises(RequestError) as caught:
        Finish.of({name: text})
    assert caught.value.subject == f"parameter {name}"
    assert caught.value.code == "parameter"
    assert "expected" in caught.value.text
    assert repr(text) in caught.value.text


def test_a_peak_belongs_to_the_shaper():
    with pytest.raises(RequestError, match="peak of its own"):
        Finish.of({"curve": "srgb", "peak": "4"})


def test_grain_is_the_same_parameter_in_all_engines():
    described = [void(device="cpu"), standin(), cleanplate.description()]
    found = [next(p for p in info.parameters if p.name == "grain") for info in described]
    assert found == [grain_info()] * 3


def test_engines_with_a_model_share_all_of_these_parameters():
    for described in (void(device="cpu"), standin()):
        ours = {info.name: info for info in described.parameters}
        assert all(ours[info.name] == info for info in infos())
        assert len(ours) == len(described.parameters)
