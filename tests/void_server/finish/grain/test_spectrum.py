from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.grain.blocks import SIDE, apart, taken
from void_server.finish.grain.spectrum import averaged, fine_power, transformed


def lattice(side):
    return np.array([(y, x) for y in range(0, side, SIDE) for x in range(0, side, SIDE)])


def measured(film, softness):
    field = film(softness).field((512, 512), 1)
    transform = transformed(apart(taken(field, lattice(512))).rest)
    return averaged(transform, np.ones((256, 3), np.float32)), fine_power(transform)


def test_the_power_of_white_numbers_adds_up_to_their_variance():
    white = np.random.default_rng(0).standard_normal((64, 3, SIDE, SIDE), dtype=np.float32)
    spectrum, share = averaged(transformed(white), np.ones((64, 3), np.float32))
    assert fine_power(transformed(white)).mean() / share.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(np.diag(spectrum.channels), 1, rtol=1e-5)


@pytest.mark.parametrize("softness", [0.3, 0.7, 1.5])
def test_variance_is_known_although_shading_took_the_coarsest_of_it(film, softness):
    (_, share), fine = measured(film, softness)
    assert (fine.mean(axis=0) / share) == pytest.approx(np.ones(3), abs=0.06)


def test_what_the_channels_share_is_found(film):
    (spectrum, _), _ = measured(film, 0.7)
    np.testing.assert_allclose(spectrum.channels, film().channels, atol=0.03)


@pytest.mark.parametrize("softness", [0.3, 0.7, 1.5])
def test_the_correlation_of_neighbours_is_found(film, softness):
    (spectrum, _), _ = measured(film, softness)
    field = film(softness).field((512, 512), 2)
    truth = np.mean([np.corrcoef(f[:, 1:].ravel(), f[:, :-1].ravel())[0, 1] for f in field.T])
    assert spectrum.neighbour == pytest.approx(truth, abs=0.03)
