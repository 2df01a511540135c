import dataclasses
import json
from pathlib import Path

import pytest
import torch

from bridge.errors import ServerError
from void_server.engines.engine import Cancelled
from void_server.engines.void.conditioning import Conditioning
from void_server.engines.void.denoise import denoise, initial_noise
from void_server.engines.void.passes import PASS_1, PASS_2, build_scheduler
from void_server.engines.void.predict import Text

CONFIG = json.loads(
    (
        Path(__file__).parents[3]
        / "golden/CogVideoX-Fun-V1.5-5b-InP/scheduler/scheduler_config.json"
    ).read_text()
)
STEPS = 5


class Model:
    """Predicts zeros; from the given call on, what is no number."""

    def __init__(self, broken_at=None, broken=float("nan")):
        self.calls = 0
        self.broken_at = broken_at
        self.broken = broken

    def __call__(self, latents, text, timestep):
        assert isinstance(timestep, int)
        self.calls += 1
        prediction = torch.zeros_like(latents[:, :, :16])
        if self.calls == self.broken_at:
            prediction[0, 1, 2, 0, 0] = self.broken
        return prediction


def start(model, *, latents=52, stage=PASS_1, noise=None, on_step=None):
    stage = dataclasses.replace(stage, steps=STEPS)
    plate = torch.zeros(1, latents, 16, 2, 3)
    return denoise(
        model,
        Conditioning(mask=plate, plate=plate),
        stage=stage,
        scheduler=build_scheduler(stage, CONFIG),
        text=Text(prompt=torch.zeros(1, 226, 4), negative=torch.zeros(1, 226, 4)),
        noise=initial_noise(seed=1, pass_number=1, height=2, width=3) if noise is None else noise,
        device="cpu",
        on_step=on_step,
    )


def test_latents_come_as_chunks_end_each_once():
    finals = list(start(Model(), latents=102))
    assert [(final.start, final.latents.shape[1]) for final in finals] == [
        (0, 42),
        (42, 42),
        (84, 18),
    ]


def test_latents_are_final_before_the_next_chunk_is_begun():
    model = Model()
    finals = start(model, latents=52)
    next(finals)
    assert model.calls == STEPS * 3
    next(finals)
    assert model.calls == STEPS * (3 + 1)


def test_every_step_of_every_chunk_is_told_with_its_clean_estimate():
    told = []
    list(start(Model(), on_step=lambda *args: told.append((*args[:4], tuple(args[4].shape)))))
    assert told == [
        (step, STEPS, chunk, 2, (1, latents, 16, 2, 3))
        for chunk, latents in enumerate((50, 10))
        for step in range(1, STEPS + 1)
    ]


def test_a_cancel_goes_through_at_once():
    model = Model()

    def cancel(step, *rest):
        if step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(start(model, latents=22, on_step=cancel))
    assert model.calls == 2


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("stage", "at", "name"),
    [(PASS_1, 3, "pass 1.*step 3 of 5"), (PASS_2, 1, "pass 2.*step 1 of 5")],
)
def test_a_result_that_is_no_number_names_pass_and_step(stage, at, name, broken):
    with pytest.raises(ServerError, match=name) as caught:
        list(start(Model(at, broken), latents=22, stage=stage))
    assert caught.value.code == "nan"


def test_noise_may_be_a_tensor_or_come_in_parts():
    draw = initial_noise(seed=9, pass_number=2, height=2, width=3)
    asked = []

    def in_parts(first, last):
        asked.append((first, last))
        return draw(first, last)

    parts = torch.cat([final.latents for final in start(Model(), noise=in_parts)], dim=1)
    assert asked == [(0, 50), (42, 52)]
    whole = torch.cat([final.latents for final in start(Model(), noise=draw(0, 52))], dim=1)
    assert torch.equal(whole, parts)


def test_a_latents_noise_depends_on_seed_pass_and_index_alone():
    draw = initial_noise(seed=1, pass_number=1, height=2, width=3)
    assert draw(0, 50).shape == (1, 50, 16, 2, 3)
    assert torch.equal(draw(0, 50)[:, 42:], draw(42, 50))
    assert not torch.equal(draw(0, 1), draw(1, 2))
    for other in ({"seed": 2, "pass_number": 1}, {"seed": 1, "pass_number": 2}):
        assert not torch.equal(draw(0, 1), initial_noise(**other, height=2, width=3)(0, 1))


def test_the_same_seed_gives_the_same_bits():
    one, other = (torch.cat([final.latents for final in start(Model())], dim=1) for _ in range(2))
    assert torch.equal(one, other)
