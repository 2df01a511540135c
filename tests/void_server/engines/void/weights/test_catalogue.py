import re

import pytest

from void_server.engines.void.layout import Layout
from void_server.engines.void.weights.catalogue import (
    BASE_MODEL,
    SOURCES,
    SUFFIXES,
    SUPER_RESOLUTION,
    VOID,
    licence,
)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "LICENSE",
        "model.py",
        "text_encoder/pytorch_model.bin",
        "text_encoder/model.safetensors.py",
        "text_encoder/more/model.safetensors",
        "text_encoder/model/../../../model.safetensors",
        "/text_encoder/model.safetensors",
        "..\\text_encoder\\model.safetensors",
        "vae/other.safetensors",
        "tokenizer/tokenizer.py",
    ],
)
def test_nothing_else_is_wanted(name):
    assert not any(source.wants(name, rarely=True) for source in SOURCES)


@pytest.mark.parametrize(
    "name",
    [
        "text_encoder/model-00001-of-00002.safetensors",
        "text_encoder/model.safetensors.index.json",
        "tokenizer/spiece.model",
        "vae/diffusion_pytorch_model.safetensors",
        "transformer/config.json",
    ],
)
def test_what_the_engine_reads_is_wanted(name):
    assert BASE_MODEL.wants(name)


def test_the_base_transformer_is_wanted_only_when_asked_for():
    name = "transformer/diffusion_pytorch_model.safetensors"
    assert not BASE_MODEL.wants(name)
    assert BASE_MODEL.wants(name, rarely=True)


def test_every_place_is_one_that_the_layout_knows(tmp_path):
    layout = Layout(tmp_path)
    assert tmp_path / VOID.place("void_pass1.safetensors") == layout.checkpoint(1)
    assert tmp_path / BASE_MODEL.place("vae/config.json") == layout.vae / "config.json"
    place = SUPER_RESOLUTION.place("model.safetensors")
    assert tmp_path / place == layout.upscaler / "model.safetensors"


def test_only_super_resolution_is_something_to_do_without():
    assert [source for source in SOURCES if source.optional] == [SUPER_RESOLUTION]


def test_a_revision_is_a_whole_commit_or_none():
    for source in SOURCES:
        assert source.revision is None or re.fullmatch("[0-9a-f]{40}", source.revision)


def test_only_formats_that_do_not_run_are_fetched():
    assert SUFFIXES == (".safetensors", ".json", ".model")
    for source in SOURCES:
        assert all(pattern.endswith(SUFFIXES) for pattern in source.patterns + source.rarely)


def test_each_file_has_a_licence(tmp_path):
    layout = Layout(tmp_path)
    assert licence(layout.checkpoint(2), layout)[0] == "Apache-2.0"
    assert licence(layout.vae / "config.json", layout)[0] == "CogVideoX License"
    assert licence(layout.raft, layout)[0] == "BSD-3-Clause"
    assert licence(layout.upscaler / "config.json", layout) == (
        "Apache-2.0",
        "https://huggingface.co/caidas/swin2SR-classical-sr-x2-64",
    )
