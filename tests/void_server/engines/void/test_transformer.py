from copy import deepcopy

import pytest
import torch
from diffusers import CogVideoXTransformer3DModel
from diffusers.models.embeddings import get_3d_rotary_pos_embed

from void_server.engines.void.transformer import EagerForward, rotary_embedding


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return CogVideoXTransformer3DModel(
        num_attention_heads=1, attention_head_dim=64, in_channels=48, out_channels=16,
        time_embed_dim=8, text_embed_dim=8, num_layers=1, sample_width=680, sample_height=384,
        sample_frames=85, patch_size=2, patch_size_t=2, patch_bias=False,
        use_rotary_positional_embeddings=True,
    ).eval()  # fmt: skip


def inputs(batch=1, latents=4):
    generator = torch.Generator().manual_seed(latents)
    return (
        torch.randn(batch, latents, 48, 4, 6, generator=generator),
        torch.randn(batch, 226, 8, generator=generator),
    )


def test_it_predicts_what_the_model_does_with_the_references_grid(model):
    latents, text = inputs()
    rotary = get_3d_rotary_pos_embed(64, None, (2, 3), 2, grid_type="slice", max_size=(192, 340))
    with torch.no_grad():
        expected = model(latents, text, torch.tensor([500]), image_rotary_emb=rotary).sample
    assert torch.equal(EagerForward(model)(latents, text, 500), expected)


def test_a_batch_of_two_is_two_predictions(model):
    latents, text = inputs(batch=2)
    forward = EagerForward(model)
    both = forward(latents, text, 7)
    apart = torch.cat([forward(latents[i : i + 1], text[i : i + 1], 7) for i in range(2)])
    torch.testing.assert_close(both, apart)


def test_every_window_counts_from_its_own_beginning(model):
    short = rotary_embedding(model.config, latents=4, height=4, width=6)
    long = rotary_embedding(model.config, latents=22, height=4, width=6)
    for one, other in zip(short, long, strict=True):
        assert one.shape == (2 * 2 * 3, 64)
        assert torch.equal(one, other[: len(one)])


def test_a_picture_larger_than_the_trained_grid_has_positions_too(model):
    cosines, _ = rotary_embedding(model.config, latents=2, height=400, width=800)
    assert cosines.shape == (200 * 400, 64)


def test_half_precision_stays_inside(model):
    latents, text = inputs()
    exact = EagerForward(model)(latents, text, 30)
    rough = EagerForward(deepcopy(model).to(torch.bfloat16))(latents, text, 30)
    model.float()
    assert rough.dtype == exact.dtype == torch.float32
    torch.testing.assert_close(rough, exact, atol=0.05, rtol=0.05)
