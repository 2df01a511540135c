import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
from safetensors.torch import load_file, save_file
from transformers import T5EncoderModel

from bridge.errors import ServerError
from void_server.engines.void.checkpoint import (
    adapted_patch_embedding,
    load_text_encoder,
    load_transformer,
    load_vae,
    scheduler_config,
)
from void_server.engines.void.layout import DIFFUSERS_STEM, PATCH_EMBEDDING

GOLDEN = Path(__file__).parents[3] / "golden"
CPU = {"device": "cpu", "dtype": torch.float32}


def refused(load, *words):
    with pytest.raises(ServerError) as caught:
        load()
    assert caught.value.code == "weights"
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("number", [1, 2])
def test_a_pass_holds_the_files_numbers_and_is_what_diffusers_makes_of_them(layout, number):
    model = load_transformer(layout, number, **CPU)
    assert isinstance(model, CogVideoXTransformer3DModel)
    tensors = load_file(layout.checkpoint(number))
    state = model.state_dict()
    assert state.keys() == tensors.keys()
    assert all(torch.equal(state[name], tensor) for name, tensor in tensors.items())
    assert model.config.in_channels == 48


def test_a_model_is_ready_to_infer_and_to_do_nothing_else(layout):
    for model in (
        load_transformer(layout, 1, **CPU),
        load_vae(layout, **CPU),
        load_text_encoder(layout, **CPU),
    ):
        assert not any(module.training for module in model.modules())
        assert not any(parameter.requires_grad for parameter in model.parameters())
        tensors = [*model.parameters(), *model.buffers()]
        assert {tensor.device.type for tensor in tensors} == {"cpu"}


def test_a_model_comes_in_the_dtype_that_is_asked_for(layout):
    model = load_transformer(layout, 1, device="cpu", dtype=torch.bfloat16)
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    tensor = load_file(layout.checkpoint(1))["norm_final.weight"].bfloat16()
    assert torch.equal(model.norm_final.weight, tensor)


def test_a_model_keeps_its_numbers_when_the_file_changes_under_it(layout):
    model = load_vae(layout, **CPU)
    file = layout.vae / f"{DIFFUSERS_STEM}.safetensors"
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with file.open("r+b") as stream:
        stream.seek(-4096, 2)
        stream.write(b"\xff" * 4096)
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())


def test_the_vae_is_the_one_that_diffusers_loads(layout):
    ours = load_vae(layout, **CPU)
    theirs = AutoencoderKLCogVideoX.from_pretrained(layout.vae, local_files_only=True)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert ours.config.scaling_factor == theirs.config.scaling_factor == 0.7
    pixels = torch.linspace(-1, 1, 3 * 5 * 16 * 16).reshape(1, 3, 5, 16, 16)
    with torch.no_grad():
        mine, other = ours.encode(pixels), theirs.eval().encode(pixels)
    torch.testing.assert_close(mine.latent_dist.mode(), other.latent_dist.mode())


def test_the_text_encoder_is_the_one_that_transformers_loads(layout):
    ours = load_text_encoder(layout, **CPU)
    theirs = T5EncoderModel.from_pretrained(layout.text_encoder, local_files_only=True)
    assert ours.encoder.embed_tokens.weight.data_ptr() == ours.shared.weight.data_ptr()
    ids = torch.arange(40)[None]
    with torch.no_grad():
        torch.testing.assert_close(
            ours(ids).last_hidden_state, theirs(ids).last_hidden_state, rtol=0, atol=2e-5
        )


def test_split_weights_make_the_same_model(layout):
    whole = load_vae(layout, **CPU).state_dict()
    single = layout.vae / f"{DIFFUSERS_STEM}.safetensors"
    tensors = load_file(single)
    single.unlink()
    parts, weight_map = {}, {}
    for count, (name, tensor) in enumerate(tensors.items()):
        part = f"{DIFFUSERS_STEM}-0000{count % 2 + 1}-of-00002.safetensors"
        parts.setdefault(part, {})[name] = tensor
        weight_map[name] = part
    for part, held in parts.items():
        save_file(held, layout.vae / part)
    index = single.with_name(f"{single.name}.index.json")
    index.write_text(json.dumps({"weight_map": weight_map}))
    split = load_vae(layout, **CPU).state_dict()
    assert all(torch.equal(split[name], tensor) for name, tensor in whole.items())


def test_33_channels_are_widened_as_the_reference_does_it(layout):
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(1))
    model = load_transformer(layout, 1, **CPU)
    expected = load_file(GOLDEN / "cases.safetensors")["adapted_33ch.patch_embed"]
    assert torch.equal(model.patch_embed.proj.weight, expected)


def test_widening_keeps_noise_and_plate_and_repeats_the_base_models_mask():
    narrow, base = torch.arange(33.0)[None], 100 + torch.arange(33.0)[None]
    wide = adapted_patch_embedding(narrow, base)[0].tolist()
    assert wide == [*range(16), *[116.0] * 16, *range(17, 33)]


def test_33_channels_without_the_base_transformer_say_what_is_missing(layout):
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(1))
    (layout.transformer / f"{DIFFUSERS_STEM}.safetensors").unlink()
    refused(lambda: load_transformer(layout, 1, **CPU), "transformer", "no such file")


def test_a_base_transformer_of_another_width_is_refused(layout):
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(1))
    base = layout.transformer / f"{DIFFUSERS_STEM}.safetensors"
    shutil.copyfile(GOLDEN / "void_pass1.safetensors", base)
    refused(lambda: load_transformer(layout, 1, **CPU), "expected (64, 264), got (64, 384)")
    save_file({"other": torch.zeros(1)}, base)
    refused(lambda: load_transformer(layout, 1, **CPU), "got no such key")


def test_a_missing_pass_is_named(layout):
    layout.checkpoint(2).unlink()
    refused(lambda: load_transformer(layout, 2, **CPU), "void_pass2.safetensors", "no such file")


def test_a_cut_off_pass_is_named(layout):
    file = layout.checkpoint(1)
    file.write_bytes(file.read_bytes()[:-1])
    refused(lambda: load_transformer(layout, 1, **CPU), "void_pass1.safetensors", "cut off")


def test_a_key_and_its_shape_are_named_and_what_to_do(layout):
    tensors = load_file(layout.checkpoint(1))
    tensors[PATCH_EMBEDDING] = torch.zeros(64, 8)
    save_file(tensors, layout.checkpoint(1))
    refused(
        lambda: load_transformer(layout, 1, **CPU),
        "patch_embed.proj.weight",
        "expected (64, 384), got (64, 8)",
        "void weights verify",
    )


def test_a_pickle_is_never_opened(layout):
    file = layout.checkpoint(1)
    torch.save({"a": torch.zeros(1)}, file)
    refused(lambda: load_transformer(layout, 1, **CPU), "PyTorch pickle", "never opened")
    (layout.vae / f"{DIFFUSERS_STEM}.safetensors").unlink()
    torch.save({"a": torch.zeros(1)}, layout.vae / "diffusion_pytorch_model.bin")
    refused(lambda: load_vae(layout, **CPU), "no such file")


def test_a_text_encoder_of_another_width_is_refused_before_anything_is_loaded(layout):
    file = layout.text_encoder / "config.json"
    file.write_text(file.read_text().replace('"d_model": 32', '"d_model": 64'))
    refused(lambda: load_transformer(layout, 1, **CPU), "expected 32, got 64")


def test_a_t5_configuration_that_cannot_be_built_is_our_error(layout):
    file = layout.text_encoder / "config.json"
    file.write_text(file.read_text().replace('"gated-gelu"', '"nonsense-act"'))
    refused(lambda: load_text_encoder(layout, **CPU), "config.json")


def test_the_schedule_makes_diffusers_schedulers(layout):
    from diffusers import CogVideoXDDIMScheduler, DDIMScheduler

    for scheduler in (DDIMScheduler, CogVideoXDDIMScheduler):
        made = scheduler.from_config(scheduler_config(layout))
        assert made.config.prediction_type == "v_prediction"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_model_goes_straight_to_the_gpu(layout):
    model = load_transformer(layout, 1, device="cuda:0", dtype=torch.bfloat16)
    assert {(p.device.type, p.dtype) for p in model.parameters()} == {("cuda", torch.bfloat16)}
    tensor = load_file(layout.checkpoint(1))["norm_final.weight"].bfloat16()
    assert torch.equal(model.norm_final.weight.cpu(), tensor)
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(1))
    wide = load_transformer(layout, 1, device="cuda:0", dtype=torch.float32)
    expected = load_file(GOLDEN / "cases.safetensors")["adapted_33ch.patch_embed"]
    assert torch.equal(wide.patch_embed.proj.weight.cpu(), expected)
