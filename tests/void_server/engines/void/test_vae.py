import pytest
import torch
from diffusers import AutoencoderKLCogVideoX
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.engines.void import conditioning
from void_server.engines.void.padding import source_indices
from void_server.engines.void.stretching import StretchingDecoder, stretching
from void_server.engines.void.vae import Vae

# Threads of one sum wait for each other; beside other work one is faster than two.
torch.set_num_threads(1)

H, W = 16, 24


def build():
    torch.manual_seed(3)
    return AutoencoderKLCogVideoX(
        block_out_channels=(4, 4, 4, 8), layers_per_block=1, norm_num_groups=2,
        latent_channels=16, scaling_factor=0.7,
    ).eval()  # fmt: skip


@pytest.fixture(scope="module")
def vae():
    return Vae(build())


def pixels(frames, seed=0):
    return torch.rand(1, 3, frames, H, W, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def latents(count, seed=0):
    return torch.randn(1, 16, count, H // 8, W // 8, generator=torch.Generator().manual_seed(seed))


def portions(tensor, sizes):
    """Along time, in the given sizes over and over."""
    start, index = 0, 0
    while start < tensor.shape[2]:
        yield tensor[:, :, start : start + sizes[index % len(sizes)]]
        start += sizes[index % len(sizes)]
        index += 1


@pytest.mark.parametrize("frames", [1, 5, 13, 21, 29])
def test_a_shot_is_encoded_as_diffusers_does(vae, frames):
    with torch.no_grad():
        expected = vae.model.encode(pixels(frames)).latent_dist.mode() * 0.7
    assert torch.equal(vae.encode(pixels(frames)), expected)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_frames_may_come_in_any_portions(sizes):
    vae = Vae(build())
    stream = vae.encode_stream(21)
    parts = [stream.push(part) for part in portions(pixels(21), sizes)]
    stream.finish()
    assert torch.equal(torch.cat(parts, dim=2), vae.encode(pixels(21)))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_latents_may_come_in_any_portions(sizes):
    vae = Vae(build())
    stream = vae.decode_stream()
    parts = [stream.push(part) for part in portions(latents(6), sizes)]
    parts.append(stream.finish())
    assert torch.equal(torch.cat(parts, dim=2), vae.decode(latents(6)))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_every_latent_but_the_first_is_four_frames(vae, count):
    frames = vae.decode(latents(count))
    assert frames.shape == (1, 3, 4 * count - 3, H, W)
    assert frames.dtype == torch.float32
    assert frames.min() >= 0
    assert frames.max() <= 1


def test_a_trailing_latent_changes_no_earlier_frame(vae):
    torch.testing.assert_close(vae.decode(latents(6))[:, :, :17], vae.decode(latents(6)[:, :, :5]))


def test_a_trailing_latent_becomes_four_frames_of_a_movement(vae):
    held = vae.decode(latents(2))[0, :, 1:]
    assert all(not torch.equal(held[:, i], held[:, i + 1]) for i in range(3))


def test_a_still_is_a_shots_first_frame_and_touches_no_stream(vae):
    stream = vae.decode_stream()
    first = stream.push(latents(6)[:, :, :3])
    still = vae.decode_still(latents(6)[:, :, 4:5])
    rest = torch.cat([stream.push(latents(6)[:, :, 3:]), stream.finish()], dim=2)
    assert torch.equal(torch.cat([first, rest], dim=2), vae.decode(latents(6)))
    assert torch.equal(still, vae.decode(latents(6)[:, :, 4:5]))


def test_a_shot_of_the_wrong_length_is_refused(vae):
    with pytest.raises(ValueError, match=r"4k \+ 1 frames \(got 12\)"):
        vae.encode_stream(12)
    stream = vae.encode_stream(13)
    stream.push(pixels(5))
    with pytest.raises(ValueError, match="13 not encoded"):
        stream.finish()
    with pytest.raises(ValueError, match="1 frames too many"):
        stream.push(pixels(9))
    with pytest.raises(ValueError, match="no latent"):
        vae.decode_stream().finish()


def test_half_precision_stays_inside(vae):
    rough = Vae(build().to(torch.bfloat16))
    assert rough.encode(pixels(5)).dtype == torch.float32
    frames = rough.decode(latents(2))
    assert frames.dtype == torch.float32
    torch.testing.assert_close(frames, vae.decode(latents(2)), atol=0.05, rtol=0)


def test_a_decoder_is_left_as_it_was_even_when_it_fails():
    model = build()
    before = [type(module) for module in model.decoder.modules()]
    decoder = StretchingDecoder(model.decoder)
    with pytest.raises(RuntimeError):
        decoder(torch.zeros(1, 3, 1, 2, 2), None, True)
    assert [type(module) for module in model.decoder.modules()] == before
    assert torch.equal(Vae(model).decode(latents(4)), Vae(build()).decode(latents(4)))


def test_a_decoder_that_can_stretch_is_taken_as_it_is():
    class Fast(torch.nn.Module):
        def forward(self, sample, conv_cache=None, stretch=False):
            raise NotImplementedError

    fast = Fast()
    assert stretching(fast) is fast
    assert isinstance(stretching(build().decoder), StretchingDecoder)


def test_a_shot_is_encoded_frame_by_frame_as_a_whole(vae):
    shot, indices = (pixels(9)[0].transpose(0, 1) + 1) / 2, source_indices(9, 13)
    noise = conditioning.plate_noise(seed=1, height=H, width=W)
    asked, told = [], []

    def plate(wanted):
        asked.extend(wanted)
        return shot[wanted]

    found = conditioning.encode_plate(
        vae, plate, indices, noise=noise, encoded=lambda *done: told.append(done)
    )
    whole = conditioning.noised_plate(shot[indices], noise(range(13))).transpose(0, 1)[None]
    torch.testing.assert_close(found, vae.encode(whole).transpose(1, 2))
    assert asked == indices
    assert told == [(8, 13), (13, 13)]


def test_a_mask_is_encoded_on_three_equal_channels_from_0_to_1(vae):
    levels = torch.tensor([255, 127, 0, 63], dtype=torch.uint8).repeat(5, H, W // 4)
    found = conditioning.encode_mask(
        vae, lambda wanted: levels[wanted], range(5), pass_number=1, semantics="reference"
    )
    seen = torch.tensor([1, 128 / 255, 0, 0]).repeat(1, 3, 5, H, W // 4)
    torch.testing.assert_close(found, vae.encode(seen).transpose(1, 2))


class Stopped(Exception):
    pass


def test_encoding_can_be_stopped(vae):
    def stop(done, of):
        raise Stopped

    with pytest.raises(Stopped):
        conditioning.encode_plate(
            vae,
            lambda wanted: torch.zeros(len(wanted), 3, H, W),
            range(13),
            noise=lambda wanted: torch.zeros(len(wanted), 3, H, W),
            encoded=stop,
        )
