import json

import pytest

from bridge.errors import ServerError
from void_server.engines.void.model_config import (
    scheduler_config,
    text_encoder_config,
    transformer_config,
    vae_config,
)


def changed(file, **values):
    found = json.loads(file.read_text())
    for name, value in values.items():
        found[name] = value
        if value is ...:
            del found[name]
    file.write_text(json.dumps(found))


def test_the_transformer_reads_48_channels_whatever_the_base_model_reads(layout):
    assert transformer_config(layout).in_channels == 48


def test_the_schedule_is_handed_on_whole(layout):
    found = json.loads((layout.scheduler / "scheduler_config.json").read_text())
    assert scheduler_config(layout) == found


@pytest.mark.parametrize("value", [None, False])
def test_an_unknown_name_that_switches_nothing_on_is_passed_over(layout, value):
    changed(layout.transformer / "config.json", brand_new_switch=value)
    assert transformer_config(layout).num_layers == 2


@pytest.mark.parametrize(
    ("read", "part", "values", "words"),
    [
        (transformer_config, "transformer", {"brand_new": 1}, "brand_new = 1 is not known"),
        (transformer_config, "transformer", {"num_layers": "two"}, r"num_layers"),
        (transformer_config, "transformer", {"num_layers": 10**9}, r"num_layers"),
        (transformer_config, "transformer", {"patch_size_t": None}, "patch_size_t"),
        (transformer_config, "transformer", {"num_attention_heads": ...}, "num_attention_heads"),
        (transformer_config, "transformer", {"_class_name": "Flux"}, "got 'Flux'"),
        (transformer_config, "transformer", {"use_rotary_positional_embeddings": False}, "rotary"),
        (vae_config, "vae", {"latent_channels": 4}, "latent_channels"),
        (vae_config, "vae", {"norm_num_groups": 3}, "norm_num_groups 3"),
        (vae_config, "vae", {"block_out_channels": [8]}, "block_out_channels"),
        (scheduler_config, "scheduler", {"prediction_type": "epsilon"}, "got 'epsilon'"),
        (scheduler_config, "scheduler", {"timestep_spacing": ...}, "got None"),
        (text_encoder_config, "text_encoder", {"model_type": "bert"}, "got 'bert'"),
        (text_encoder_config, "text_encoder", {"d_model": 64}, "expected 32, got 64"),
        (text_encoder_config, "text_encoder", {"num_layers": 10**9}, "num_layers is wrong"),
        (text_encoder_config, "text_encoder", {"vocab_size": True}, "vocab_size is wrong"),
    ],
    ids=lambda value: (
        getattr(value, "__name__", None) or "".join(filter(str.isalnum, str(value)))[:30]
    ),
)
def test_a_configuration_that_void_cannot_be_is_refused(layout, read, part, values, words):
    name = "scheduler_config.json" if part == "scheduler" else "config.json"
    file = layout.base / part / name
    changed(file, **values)
    with pytest.raises(ServerError, match=words) as caught:
        read(layout)
    assert caught.value.code == "weights"
    assert caught.value.subject == str(file)
