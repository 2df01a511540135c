from __future__ import annotations

import pytest

from void_server.engines.standin.models import MODELS
from void_server.engines.standin.settings import description


def test_it_is_always_available_on_a_cpu():
    info = description()
    assert (info.name, info.device, info.available, info.reason) == ("standin", "cpu", True, "")


def test_the_artist_is_told_that_it_is_no_model():
    info = description()
    assert "No model" in info.help
    assert "Never chosen by auto" in info.help


def test_each_stand_in_can_be_chosen():
    (model,) = [p for p in description().parameters if p.name == "model"]
    assert model.choices == tuple(MODELS)
    assert model.default in MODELS
    assert all(f"{name}: " in model.help for name in MODELS)


@pytest.mark.parametrize("info", description().parameters, ids=lambda info: info.name)
def test_each_parameter_is_worded_and_its_default_allowed(info):
    assert info.label
    assert info.help.endswith(".")
    assert not info.choices or info.default in info.choices
    if info.minimum is not None:
        assert info.minimum <= info.default <= info.maximum
