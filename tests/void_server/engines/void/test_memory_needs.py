import pytest
import torch
from diffusers import CogVideoXTransformer3DModel
from hypothesis import given
from hypothesis import strategies as st

from void_server.engines.void.header import Entry
from void_server.engines.void.memory_needs import (
    MODES,
    Needs,
    block_parameters,
    large_matrices,
    parameters,
    parameters_around_blocks,
)
from void_server.engines.void.model_config import TransformerConfig

GIB = 2**30

VAE_PARAMETERS = 215_583_907
TEXT_PARAMETERS = 4_762_310_656
"""Of the released VAE and T5 v1.1 XXL encoder."""


def config(**changes):
    real = {
        "num_attention_heads": 48, "attention_head_dim": 64, "in_channels": 48, "out_channels": 16,
        "num_layers": 42, "time_embed_dim": 512, "text_embed_dim": 4096, "patch_size": 2,
        "patch_size_t": 2, "patch_bias": False, "use_rotary_positional_embeddings": True,
        "sample_width": 680, "sample_height": 384, "sample_frames": 85,
    }  # fmt: skip
    return TransformerConfig(**(real | changes))


def needs(*, batch=1, height=384, width=672, **changes):
    return Needs.of(
        config(**changes),
        vae_parameters=VAE_PARAMETERS,
        text_parameters=TEXT_PARAMETERS,
        height=height,
        width=width,
        batch=batch,
    )


TINY = {"num_attention_heads": 3, "num_layers": 2, "time_embed_dim": 24, "text_embed_dim": 40}


def parameter_count(of):
    return parameters_around_blocks(of) + of.num_layers * block_parameters(of)


@pytest.mark.parametrize(
    "changes",
    [{}, TINY, TINY | {"attention_bias": False}, TINY | {"norm_elementwise_affine": False}],
    ids=["released", "tiny", "no bias", "plain norms"],
)
def test_parameters_are_counted_as_diffusers_builds_them(changes):
    wanted = config(**changes)
    arguments = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    with torch.device("meta"):
        model = CogVideoXTransformer3DModel(**arguments)
    assert parameter_count(wanted) == sum(each.numel() for each in model.parameters())
    block = model.transformer_blocks[0]
    assert block_parameters(wanted) == sum(each.numel() for each in block.parameters())
    attention, forward = block.attn1, block.ff.net
    products = [attention.to_q, attention.to_k, attention.to_v, attention.to_out[0]]
    products += [forward[0].proj, forward[2]]
    assert large_matrices(wanted) == sum(each.weight.numel() for each in products)


def test_the_released_transformer_has_5_57_billion_parameters():
    assert parameter_count(config()) == 5_571_462_784


def test_parameters_of_stored_tensors_are_counted_by_shape():
    entries = [Entry("BF16", (3, 4), 0, 24), Entry("F32", (), 24, 28), Entry("F32", (5,), 28, 48)]
    assert parameters(entries) == 18


def test_full_and_fp8_are_not_less_than_what_was_measured():
    """At 384 x 672 on an H200, as torch held it: 21.2 GiB, and 9.5 GiB."""
    assert needs(batch=2).peak("full") / GIB == pytest.approx(21.2, abs=0.3)
    assert 9.5 <= needs(batch=2).peak("fp8") / GIB <= 11.5


def test_peaks_stay_within_what_the_engine_promises():
    guided = needs(batch=2)
    assert guided.peak("full") <= 24 * GIB
    assert guided.peak("offload") <= 15 * GIB
    for mode in ("fp8", "sequential"):
        assert guided.stages(mode)["denoising"] <= 11 * GIB


def test_the_text_encoder_never_needs_more_than_the_job_in_mode_full():
    assert needs().with_text("full") <= needs().peak("full")


@given(
    st.integers(2, 80).map(lambda n: 16 * n),
    st.integers(2, 80).map(lambda n: 16 * n),
    st.sampled_from([1, 2]),
    st.integers(1, 60),
)
def test_each_mode_needs_no_more_than_the_one_before_it(height, width, batch, layers):
    found = needs(height=height, width=width, batch=batch, num_layers=layers)
    peaks = [found.peak(mode) for mode in MODES]
    transformers = [found.transformer(mode) for mode in MODES]
    assert peaks[:3] == sorted(peaks[:3], reverse=True)
    assert transformers[:3] == sorted(transformers[:3], reverse=True)
    # Three blocks in flight are as much as five in fp8.
    if layers > 5:
        assert transformers[3] < transformers[2]
        assert peaks[3] <= peaks[2]


@given(st.integers(2, 40), st.integers(2, 40))
def test_a_larger_picture_never_needs_less(high, wide):
    small, large = needs(height=16 * high, width=16 * wide), needs(height=640, width=640)
    for mode in MODES:
        assert small.peak(mode) <= large.peak(mode)
