from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.engines.cleanplate.choose import choose
from void_server.engines.cleanplate.gather import Sample

SHAPE = (24, 30)
ALL = np.ones(SHAPE, bool)


def sample(value, valid=ALL):
    return Sample(np.full((*SHAPE, 3), value, np.float32), valid)


def test_the_odd_one_out_is_never_taken():
    samples = [sample(0.9), sample(0.2), sample(0.201), sample(0.199)]
    for turn in range(6):
        choice = choose(samples, ALL, turn=turn)
        assert choice.rgb.max() < 0.25
        assert (choice.seen == 3).all()


def test_the_sources_take_turns_so_that_grain_lives():
    samples = [sample(0.200), sample(0.201), sample(0.202)]
    taken = [float(choose(samples, ALL, turn=t).rgb[0, 0, 0]) for t in range(4)]
    assert taken[0] == taken[3]
    assert len(set(taken)) == 3


def test_of_two_that_differ_the_nearer_in_time_is_taken():
    choice = choose([sample(0.2), sample(0.8)], ALL, turn=1)
    assert np.allclose(choice.rgb, 0.2)
    assert (choice.seen == 1).all()


def test_what_no_source_shows_is_not_seen():
    half = ALL.copy()
    half[:, 15:] = False
    choice = choose([sample(0.2, half)], ALL, turn=0)
    assert (choice.seen[:, :15] == 1).all()
    assert (choice.seen[:, 15:] == 0).all()
    assert (choice.rgb[:, 15:] == 0).all()


def test_without_sources_nothing_is_seen():
    assert not choose([], ALL, turn=0).seen.any()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=5), st.integers(0, 100))
def test_every_chosen_pixel_is_a_valid_pixel_of_one_source(seeds, turn):
    samples = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        rgb = rng.uniform(0, 2, (*SHAPE, 3)).astype(np.float32)
        samples.append(Sample(rgb, rng.uniform(size=SHAPE) < 0.6))
    choice = choose(samples, ALL, turn=turn)
    shown = np.any([s.valid for s in samples], axis=0)
    np.testing.assert_array_equal(choice.seen > 0, shown)
    origin = [(choice.rgb == s.rgb).all(axis=2) & s.valid for s in samples]
    assert np.any(origin, axis=0)[shown].all()
