"""A segment is blended as the chunk is."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from void_server.engines.void.spread.blending import SegmentBlend
from void_server.engines.void.spread.segments import segments
from void_server.engines.void.windows import Blend, windows


@given(st.integers(3, 20), st.integers(3, 8), st.integers(2, 8), st.integers(0, 99))
def test_segments_have_the_bits_of_the_whole(pairs, half_window, join, seed):
    parts = windows(2 * pairs, size=2 * half_window)
    generator = torch.Generator().manual_seed(seed)
    predictions = [torch.randn((1, len(p), 2, 3, 4), generator=generator) for p in parts]
    whole = Blend(parts)(predictions)
    for segment in segments(parts, join=join):
        blend = SegmentBlend(segment, parts, overlap=4, device=torch.device("cpu"))
        found = blend([predictions[w][:, blend.rows(n)] for n, w in enumerate(segment.windows)])
        assert torch.equal(found, whole[:, segment.start : segment.stop])
