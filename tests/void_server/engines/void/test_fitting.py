import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from void_server.engines.void.fitting import (
    input_channels,
    tied_names,
    verify_base_transformer,
    verify_text_encoder,
    verify_transformer,
    verify_vae,
)
from void_server.engines.void.layout import DIFFUSERS_STEM, PATCH_EMBEDDING
from void_server.engines.void.model_config import transformer_config
from void_server.engines.void.stored import Stored

GOLDEN = Path(__file__).parents[3] / "golden"


def differences(layout, change):
    """What is said of pass 1 after ``change`` of its tensors."""
    tensors = load_file(layout.checkpoint(1))
    change(tensors)
    save_file(tensors, layout.checkpoint(1))
    return verify_transformer(Stored.of_file(layout.checkpoint(1)), transformer_config(layout))


def test_a_published_checkpoint_fits(layout):
    assert differences(layout, lambda tensors: None) == []
    assert verify_vae(Stored.of_folder(layout.vae, DIFFUSERS_STEM), layout) == []
    assert verify_text_encoder(Stored.of_folder(layout.text_encoder, "model"), layout) == []


def test_33_channels_fit_and_are_told_apart(layout):
    config = transformer_config(layout)
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(2))
    narrow, wide = Stored.of_file(layout.checkpoint(2)), Stored.of_file(layout.checkpoint(1))
    assert verify_transformer(narrow, config) == []
    assert (input_channels(narrow, config), input_channels(wide, config)) == (33, 48)


def test_the_base_model_has_33_channels_and_nothing_else(layout):
    config = transformer_config(layout)
    base = Stored.of_folder(layout.transformer, DIFFUSERS_STEM)
    assert verify_base_transformer(base, config) == []
    (said,) = verify_base_transformer(Stored.of_file(layout.checkpoint(1)), config)
    assert "expected (64, 264), got (64, 384)" in said


def test_a_missing_key_is_named_with_its_shape(layout):
    (said,) = differences(layout, lambda tensors: tensors.pop("norm_final.bias"))
    assert said == "key is missing: norm_final.bias (64,)"


def test_an_unknown_key_is_named(layout):
    (said,) = differences(layout, lambda tensors: tensors.update(extra=torch.zeros(1)))
    assert said == "key is not known: 'extra'"


def test_a_wrong_shape_is_named_with_both(layout):
    def change(tensors):
        tensors[PATCH_EMBEDDING] = torch.zeros(64, 128)

    (said,) = differences(layout, change)
    assert said == f"{PATCH_EMBEDDING} has the wrong shape (expected (64, 384), got (64, 128))"


def test_a_wrong_dtype_is_named(layout):
    def change(tensors):
        tensors["norm_final.bias"] = torch.zeros(64, dtype=torch.int64)

    (said,) = differences(layout, change)
    assert said.startswith("norm_final.bias has the wrong dtype")
    assert said.endswith("got I64)")


def test_many_differences_are_counted_not_listed(layout):
    said = differences(layout, lambda tensors: tensors.clear() or tensors.update(a=torch.zeros(1)))
    assert len(said) == 5
    assert said[3].startswith("key is missing: ")
    assert said[3].endswith(" more")


def test_a_tied_name_may_be_there_or_not(layout):
    file = layout.text_encoder / "model.safetensors"
    tensors = load_file(file)
    tensors["encoder.embed_tokens.weight"] = tensors["shared.weight"].clone()
    save_file(tensors, file)
    assert verify_text_encoder(Stored.of_file(file), layout) == []


def test_tied_names_are_found():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    assert tied_names(model) == {"1.weight"}
