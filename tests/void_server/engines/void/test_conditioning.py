import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server import quadmask
from void_server.engines.void import conditioning as told
from void_server.engines.void.windows import Window

LEVELS = torch.tensor([0, 63, 127, 255], dtype=torch.uint8)


def row(*values):
    return torch.tensor(values, dtype=torch.uint8)[None, None]


@pytest.mark.parametrize(
    ("value", "level"),
    [
        *((0, 0), (31, 0), (32, 63), (95, 63), (96, 127), (191, 127), (192, 255), (255, 255)),
        *((31.01, 63), (63.5, 63), (95.01, 127), (191.01, 255)),
    ],
)
def test_values_fall_into_the_references_bins(value, level):
    assert told.bin_levels(torch.tensor([float(value)])).tolist() == [level]


@pytest.mark.parametrize(
    ("pass_number", "semantics", "expected"),
    [
        (1, "reference", [0, 0, 0.50196078, 1]),
        (2, "reference", [0, 0, 0, 1]),
        (1, "trimask-both", [0, 0, 0.50196078, 1]),
        (2, "trimask-both", [0, 0, 0.50196078, 1]),
    ],
)
def test_each_pass_sees_the_references_values(pass_number, semantics, expected):
    seen = told.vae_mask(LEVELS, pass_number=pass_number, semantics=semantics)
    assert seen.dtype == torch.float32
    torch.testing.assert_close(seen, torch.tensor(expected, dtype=torch.float32), atol=1e-8, rtol=0)


def test_levels_are_binned_before_they_are_inverted():
    # Inverted first, 63 would be 192 and count as 255: kept, where it is to be removed.
    assert told.vae_mask(row(63), pass_number=1, semantics="reference").item() == 0


def test_both_ways_to_model_size_by_hand():
    levels = row(0, 0, 0, 0, 0, 255, 255, 255)
    assert told.levels_reference(levels, height=1, width=4).tolist() == [[[0, 0, 127, 255]]]
    clean = told.levels_clean(levels == 0, torch.zeros_like(levels, dtype=bool), height=1, width=4)
    assert clean.tolist() == [[[0, 0, 0, 255]]]


@pytest.mark.parametrize(
    ("pair", "level"), [((63, 255), 127), ((127, 255), 127), ((0, 127), 63), ((63, 127), 63)]
)
def test_an_edge_becomes_what_the_reference_makes_of_it(pair, level):
    assert told.levels_reference(row(*pair), height=1, width=1).item() == level


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 2**31))
def test_a_resized_value_is_the_plain_mean_of_what_it_overlaps(given_width, width, seed):
    values = torch.randint(0, 256, (given_width,), generator=torch.Generator().manual_seed(seed))
    resized = told.resize_area(values[None, None, None], 1, width).flatten()
    expected = [
        values[i * given_width // width : math.ceil((i + 1) * given_width / width)].double().mean()
        for i in range(width)
    ]
    torch.testing.assert_close(resized.double(), torch.stack(expected))


@settings(deadline=None)
@given(st.integers(0, 2**31))
def test_planes_at_model_size_stay_as_they_are(seed):
    planes = np.random.default_rng(seed).random((2, 3, 8, 12)) < 0.4
    remove, affected = torch.from_numpy(planes)
    levels = told.levels_clean(remove, affected, height=8, width=12)
    np.testing.assert_array_equal(levels.numpy(), quadmask.levels_of(planes[0], planes[1]))


def test_the_noise_leaves_what_is_quite_black():
    plate = torch.tensor([0.0, 0.5, 1.0]).reshape(1, 3, 1, 1)
    noised = told.noised_plate(plate, torch.ones(1, 3, 1, 1))
    torch.testing.assert_close(noised.flatten(), torch.tensor([-1, 0.0563, 1.0563]))


def test_a_frames_noise_depends_on_its_index_alone():
    noise = told.plate_noise(seed=5, height=4, width=6)
    together = noise(range(3, 9))
    assert together.shape == (6, 3, 4, 6)
    assert torch.equal(together[2:4], noise([5, 6]))


def test_conditioning_is_taken_apart_as_the_transformer_wants_it():
    mask, plate = torch.zeros(1, 8, 16, 2, 2), torch.ones(1, 8, 16, 2, 2)
    part = told.Conditioning(mask=mask, plate=plate).part(Window(2, 8))
    assert part.shape == (1, 6, 32, 2, 2)
    assert (part[:, :, :16] == 0).all()
    assert (part[:, :, 16:] == 1).all()
