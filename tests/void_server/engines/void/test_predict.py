import dataclasses

import pytest
import torch

from void_server.engines.void.passes import PASS_1, PASS_2
from void_server.engines.void.predict import Predictor, Text

PROMPT, NEGATIVE = torch.full((1, 226, 4), 5.0), torch.full((1, 226, 4), 2.0)


class Fake:
    """Predicts the mean of the text plus the plate, so that both can be told in the result."""

    def __init__(self):
        self.calls = []

    def __call__(self, latents, text, timestep):
        self.calls.append((tuple(latents.shape), tuple(text.shape), timestep))
        return text.mean((1, 2))[:, None, None, None, None] + latents[:, :, 32:]


def predictor(forward, stage, latents=50):
    text = Text(prompt=PROMPT, negative=NEGATIVE).batch(stage)
    condition = torch.zeros(1, latents, 32, 2, 3)
    condition[:, :, 16:] = torch.arange(latents)[None, :, None, None, None]
    return Predictor(forward, condition, stage=stage, text=text)


def test_without_guidance_there_is_one_forward_a_window():
    forward = Fake()
    result = predictor(forward, PASS_1)(torch.zeros(1, 50, 16, 2, 3), 999)
    assert forward.calls == [((1, latents, 48, 2, 3), (1, 226, 4), 999) for latents in (22, 22, 14)]
    torch.testing.assert_close(result[0, :, 3, 1, 2], 5 + torch.arange(50.0))


def test_guidance_leads_from_the_negative_prompt_past_the_prompt_in_one_batch():
    forward = Fake()
    result = predictor(forward, PASS_2, latents=22)(torch.zeros(1, 22, 16, 2, 3), 1)
    assert forward.calls == [((2, 22, 48, 2, 3), (2, 226, 4), 1)]
    torch.testing.assert_close(result[0, :, 0, 0, 0], 2 + 6 * (5 - 2) + torch.arange(22.0))


def test_a_guided_pass_needs_a_negative_prompt():
    text = Text(prompt=PROMPT)
    assert text.batch(dataclasses.replace(PASS_2, guidance=1)) is PROMPT
    with pytest.raises(ValueError, match="pass 2 is guided"):
        text.batch(PASS_2)
