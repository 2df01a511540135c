import numpy as np
import pytest

from void_server.engines.graining import Graining

WHOLE = slice(0, 128), slice(0, 160)


class Grey:
    """As much of a `Footage` as grain is measured on: an even grey under white grain."""

    frames = (0, 1, 2, 3)

    def __init__(self, sigma):
        rng = np.random.default_rng(0)
        grey = np.full((128, 160, 3), 0.2, np.float32)
        self._plates = [grey + rng.normal(0, sigma, grey.shape).astype(np.float32) for _ in "1234"]

    def plate(self, frame):
        return self._plates[frame]

    def foreign(self, frame):
        hole = np.zeros((128, 160), bool)
        hole[44:84, 60:100] = True
        return hole


class Notes(dict):
    """A `Record` that keeps what it is told."""

    def note(self, key, value):
        self[key] = value


LIGHT = np.full((40, 40, 3), 0.2, np.float32)


def test_only_what_is_lacking_gets_grain():
    lacking = np.zeros((40, 40), np.float32)
    lacking[:, :20] = 1
    grained, measures = Graining(Grey(0.005), seed=1, record=Notes()).onto(1, LIGHT, lacking, WHOLE)
    assert measures["grain_sigma_ratio"] == pytest.approx(1, abs=0.1)
    assert grained[:, 20:].tobytes() == LIGHT[:, 20:].tobytes()
    assert (grained[:, :20] != LIGHT[:, :20]).mean() > 0.99


def test_nothing_is_measured_before_grain_is_wanted():
    notes = Notes()
    graining = Graining(Grey(0.005), seed=1, record=notes)
    assert notes == {}
    graining.onto(1, LIGHT, np.ones((40, 40), np.float32), WHOLE)
    assert notes["grain"] == "match"


def test_a_plate_without_grain_gets_none_and_it_is_said():
    notes = Notes()
    found = Graining(Grey(0.0), seed=1, record=notes).onto(
        1, LIGHT, np.ones((40, 40), np.float32), WHOLE
    )
    assert found is None
    assert notes["grain"].startswith("none")
