import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import RequestError
from void_server.engines.void import padding

TABLE = json.loads((Path(__file__).parents[3] / "golden" / "temporal_padding.json").read_text())[
    "indices"
]


@pytest.mark.parametrize("frames", range(1, 206))
def test_every_padded_frame_is_the_references(frames):
    length = padding.reference_length(frames)
    assert padding.source_indices(frames, length) == TABLE[str(frames)]


@pytest.mark.parametrize(
    ("frames", "length"),
    [
        *((1, 85), (46, 85), (62, 85), (85, 85), (86, 93), (93, 93), (94, 101), (100, 101)),
        *((101, 101), (120, 125), (150, 157), (157, 157), (190, 197), (197, 197)),
    ],
)
def test_a_shot_gets_the_next_length_the_model_takes(frames, length):
    assert padding.padded_length(frames) == padding.reference_length(frames) == length


def test_a_shot_longer_than_the_references_longest_is_kept_whole():
    assert padding.reference_length(198) == 197
    assert padding.padded_length(198) == 205
    assert padding.padded_length(1000) == 1005


def test_the_end_frames_are_repeated_where_time_turns():
    indices = padding.source_indices(46, 85)
    assert indices[44:50] == [44, 45, 45, 44, 43, 42]
    assert indices[-3:] == [9, 8, 7]


@given(st.integers(1, 20_000), st.sampled_from([13, 21, 85]))
def test_a_padded_length_holds_the_shot_and_has_an_even_number_of_latents(frames, window):
    length = padding.padded_length(frames, window=window)
    assert max(frames, window) <= length < max(frames + 8, window + 1)
    assert length % 8 == 5
    assert padding.latent_count(length) % 2 == 0


@given(st.integers(1, 400))
def test_padding_begins_with_the_shot_and_never_jumps(frames):
    indices = padding.source_indices(frames, padding.padded_length(frames))
    assert indices[:frames] == list(range(frames))
    assert all(abs(one - other) <= 1 for one, other in pairwise(indices))
    assert set(indices) == set(range(frames))


@pytest.mark.parametrize("frames", [0, -1])
def test_a_shot_without_a_frame_is_refused(frames):
    with pytest.raises(RequestError, match=rf"expected 1 or more, got {frames}"):
        padding.padded_length(frames)
