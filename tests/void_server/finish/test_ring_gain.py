from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.pairs import Pairs
from void_server.finish.ring_gain import LEAST_PAIRS, frame_gains


def pairs(gain, *, count: int = 200, ring: int = 80, seed: int = 0) -> Pairs:
    """A frame that came out 1 / gain too bright."""
    sent = np.random.default_rng(seed).uniform(0.2, 0.8, (count, 3)).astype(np.float32)
    near = np.arange(count) < ring
    return Pairs(sent, (sent / np.float32(gain)), np.ones(count, np.float32), near)


def gains_of(frames: list[Pairs]) -> np.ndarray:
    return frame_gains(frames, [frame.got for frame in frames])


def test_every_frame_gets_its_own_gain():
    wanted = [0.98, 1.0, 1.03, 1.01]
    found = gains_of([pairs(gain, seed=i) for i, gain in enumerate(wanted)])
    np.testing.assert_allclose(found, np.repeat(np.float32(wanted)[:, None], 3, axis=1), atol=1e-4)


def test_channels_are_told_apart():
    np.testing.assert_allclose(
        gains_of([pairs((0.97, 1.0, 1.04))])[0], (0.97, 1.0, 1.04), atol=1e-4
    )


def test_the_ring_outweighs_the_rest_of_the_frame():
    ring, rest = pairs(1.04, count=300, ring=300), pairs(1.0, count=300, ring=0, seed=1)
    both = Pairs(
        *(
            np.concatenate([a, b])
            for a, b in zip(vars(ring).values(), vars(rest).values(), strict=True)
        )
    )
    assert gains_of([both])[0].mean() > 1.03


@pytest.mark.parametrize("bright", [0.0, 0.05, 0.99])
def test_a_few_cells_that_show_something_else_do_not_count(bright):
    frame = pairs(1.01)
    frame.got[:25] = bright
    np.testing.assert_allclose(gains_of([frame])[0], 1.01, atol=2e-3)


def test_a_frame_that_tells_nothing_takes_its_neighbours():
    empty = pairs(1.0, count=LEAST_PAIRS - 1)
    frames = [pairs(0.97), pairs(0.97), empty, pairs(0.97), pairs(0.97)]
    np.testing.assert_allclose(gains_of(frames)[2], 0.97, atol=1e-4)


def test_a_frame_without_a_ring_takes_its_own_whole():
    np.testing.assert_allclose(gains_of([pairs(1.02, ring=0)])[0], 1.02, atol=1e-4)


def test_a_frame_that_cannot_be_flicker_takes_the_shots():
    frames = [pairs(1.01), pairs(1.01), pairs(2.0), pairs(1.01)]
    np.testing.assert_allclose(gains_of(frames)[2], 1.01, atol=1e-3)


def test_a_shot_that_tells_nothing_is_left_alone():
    assert (gains_of([pairs(1.3, count=3), pairs(1.3, count=0)]) == 1).all()


def test_black_pairs_make_no_gain_of_their_own():
    black = Pairs(*(np.zeros((50, 3), np.float32),) * 2, np.ones(50, np.float32), np.ones(50, bool))
    assert np.isfinite(gains_of([black])).all()
