"""The join between chunks, on models whose right answer is known."""

import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from void_server.engines.void.chunks import JOIN_LATENTS, chunks
from void_server.engines.void.conditioning import Conditioning
from void_server.engines.void.denoise import denoise, initial_noise
from void_server.engines.void.passes import PASS_1, PASS_2, build_scheduler
from void_server.engines.void.predict import Text
from void_server.engines.void.windows import Window

# Threads of one sum wait for each other; beside other work one is faster than two.
torch.set_num_threads(1)

CONFIG = json.loads(
    (
        Path(__file__).parents[3]
        / "golden/CogVideoX-Fun-V1.5-5b-InP/scheduler/scheduler_config.json"
    ).read_text()
)
HEIGHT, WIDTH = 4, 6


class Identity:
    """Knows the clean latents: those of the plate."""

    def __init__(self, alphas):
        self.alphas = alphas

    def __call__(self, latents, text, timestep):
        alpha = self.alphas[timestep]
        return (alpha**0.5 * latents[:, :, :16] - latents[:, :, 32:]) / (1 - alpha) ** 0.5


class Positional:
    """Predicts by the place alone, whatever it sees there."""

    def __init__(self, alphas):
        pass

    def __call__(self, latents, text, timestep):
        return torch.sin(latents[:, :, 32:] * 3 + timestep)


class Slow:
    """The best guess for a scene that changes little from latent to latent.

    The scene is a Gaussian process in time, so the guess from noise is a linear filter over the
    window: like a trained model, it makes neighbours consistent, as far as it sees them.
    """

    def __init__(self, alphas, kinship=0.999):
        self.alphas = alphas
        self.kinship = kinship
        self.known = {}

    def __call__(self, latents, text, timestep):
        alpha, noisy = self.alphas[timestep], latents[:, :, :16].double()
        clean = torch.einsum("ij,bjchw->bichw", self._filter(noisy.shape[1], alpha), noisy)
        return ((alpha**0.5 * noisy - clean) / (1 - alpha) ** 0.5).float()

    def _filter(self, length, alpha):
        if (length, alpha) not in self.known:
            place = torch.arange(length, dtype=torch.float64)
            scene = self.kinship ** (place[:, None] - place[None]).abs()
            seen = alpha * scene + (1 - alpha) * torch.eye(length)
            self.known[length, alpha] = alpha**0.5 * torch.linalg.solve(seen, scene)
        return self.known[length, alpha]


def run(model, latents, *, chunk, stage=PASS_1, steps=6):
    stage = dataclasses.replace(stage, steps=steps, guidance=1)
    scheduler = build_scheduler(stage, CONFIG)
    generator = torch.Generator().manual_seed(latents)
    plate = torch.randn(1, latents, 16, HEIGHT, WIDTH, generator=generator)
    finals = list(
        denoise(
            model(scheduler.alphas_cumprod.tolist()),
            Conditioning(mask=torch.zeros_like(plate), plate=plate),
            stage=stage,
            scheduler=scheduler,
            text=Text(prompt=torch.zeros(1, 226, 4)),
            noise=initial_noise(seed=1, pass_number=1, height=HEIGHT, width=WIDTH),
            device="cpu",
            chunk=chunk,
        )
    )
    assert [final.start for final in finals] == [part.start for part in chunks(latents, size=chunk)]
    return torch.cat([final.latents for final in finals], dim=1), plate


@given(st.integers(1, 400).map(lambda half: 2 * half))
def test_chunks_cover_a_shot_and_are_even(latents):
    plan = chunks(latents)
    assert plan[0].start == 0
    assert plan[-1].stop == latents
    assert all(one.stop - other.start == JOIN_LATENTS for one, other in pairwise(plan))
    assert all(len(part) % 2 == 0 and len(part) <= 50 for part in plan)
    assert all(len(part) > JOIN_LATENTS for part in plan[1:])


def test_a_clip_that_the_reference_takes_is_one_chunk():
    assert chunks(50) == [Window(0, 50)]
    assert chunks(52) == [Window(0, 50), Window(42, 52)]
    assert chunks(102) == [Window(0, 50), Window(42, 92), Window(84, 102)]


@pytest.mark.parametrize("stage", [PASS_1, PASS_2], ids=["pass 1", "pass 2"])
@pytest.mark.parametrize("latents", [22, 50, 52, 94, 102])
def test_a_model_that_knows_the_plate_gives_the_plate_across_every_join(stage, latents):
    result, plate = run(Identity, latents, chunk=50, stage=stage)
    torch.testing.assert_close(result, plate, atol=2e-5, rtol=0)


@pytest.mark.parametrize("model", [Identity, Positional])
@pytest.mark.parametrize("latents", [52, 102])
def test_what_depends_on_the_place_alone_is_as_if_there_were_no_chunks(model, latents):
    joined, _ = run(model, latents, chunk=50)
    whole, _ = run(model, latents, chunk=1000)
    torch.testing.assert_close(joined, whole, atol=2e-5, rtol=0)


@pytest.mark.parametrize("latents", [22, 50])
def test_nothing_changes_for_a_clip_that_the_reference_takes(latents):
    joined, _ = run(Slow, latents, chunk=50)
    whole, _ = run(Slow, latents, chunk=1000)
    assert torch.equal(joined, whole)


def test_a_join_is_no_larger_a_change_than_others_in_the_shot():
    joined, _ = run(Slow, 98, chunk=50, steps=30)
    whole, _ = run(Slow, 98, chunk=1000, steps=30)
    assert changes(joined).max() < 1.1 * changes(whole).max()


def changes(latents):
    return latents.diff(dim=1).square().mean(dim=(0, 2, 3, 4)).sqrt()
