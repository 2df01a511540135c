from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.grain import measured
from void_server.finish.grain.transplant import transplanted

KEEP = np.ones((240, 384), bool)


def patches(grain, plate, keep=KEEP):
    rng = np.random.default_rng(0)
    return transplanted(plate, keep, response=grain.response, roughness=grain.roughness, rng=rng)


@pytest.fixture(scope="module")
def grain(film, ramp):
    return measured((film().on(ramp(), seed), KEEP) for seed in range(2))


def test_an_even_plate_gives_many_patches_of_variance_1(grain, film, ramp):
    found = patches(grain, film().on(ramp(), 5))
    assert len(found) >= 90
    assert (found**2).mean(axis=(0, 2, 3)) == pytest.approx(np.ones(3), abs=1e-4)


def test_texture_gives_none(grain, film, texture):
    assert len(patches(grain, film().on(texture(240, 384), 5))) < 12


@pytest.mark.parametrize("factor", [0.0, 0.3, 3.0])
def test_what_is_not_as_strong_as_the_shots_grain_is_left(grain, film, ramp, factor):
    light = ramp()
    plate = light + np.float32(factor) * (film().on(light, 5) - light)
    assert len(patches(grain, plate)) == 0


def test_nothing_kept_gives_none(grain, film, ramp):
    assert len(patches(grain, film().on(ramp(), 5), np.zeros_like(KEEP))) == 0
