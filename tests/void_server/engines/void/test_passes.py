import dataclasses

import pytest
from diffusers import CogVideoXDDIMScheduler, DDIMScheduler

from void_server.engines.void.passes import PASS_1, PASS_2, build_scheduler

CONFIG = {
    "_class_name": "CogVideoXDDIMScheduler",
    "_diffusers_version": "0.31.0.dev0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "set_alpha_to_one": True,
    "snr_shift_scale": 1.0,
    "timestep_spacing": "trailing",
}


def test_each_pass_has_the_references_sampler():
    assert isinstance(build_scheduler(PASS_1, CONFIG), DDIMScheduler)
    assert isinstance(build_scheduler(PASS_2, CONFIG), CogVideoXDDIMScheduler)


def test_the_reference_settings_are_the_standard():
    assert (PASS_1.steps, PASS_1.guidance, PASS_1.guided) == (30, 1.0, False)
    assert (PASS_2.steps, PASS_2.guidance, PASS_2.guided) == (50, 6.0, True)
    assert PASS_2.negative_prompt == ""


@pytest.mark.parametrize("stage", [PASS_1, PASS_2], ids=["pass 1", "pass 2"])
@pytest.mark.parametrize("steps", [1, 8, 30, 50, 61, 103, 457, 1000])
def test_the_steps_are_as_many_as_asked_for_and_end_within_the_schedule(stage, steps):
    scheduler = build_scheduler(dataclasses.replace(stage, steps=steps), CONFIG)
    timesteps = scheduler.timesteps.tolist()
    assert len(timesteps) == steps
    assert timesteps == sorted(set(timesteps), reverse=True)
    assert timesteps[0] == 999
    assert timesteps[-1] >= 0


def test_sampling_begins_with_pure_noise():
    for stage in (PASS_1, PASS_2):
        assert float(build_scheduler(stage, CONFIG).alphas_cumprod[999]) == pytest.approx(0)
