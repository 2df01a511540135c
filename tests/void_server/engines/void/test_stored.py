import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from bridge.errors import ServerError
from void_server.engines.void.stored import Stored, read_table


def shards(folder, index):
    save_file({"a": np.zeros(2, np.float32)}, folder / "model-00001-of-00002.safetensors")
    save_file({"b": np.zeros(3, np.float32)}, folder / "model-00002-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


GOOD = {
    "metadata": {"total_size": 20},
    "weight_map": {
        "a": "model-00001-of-00002.safetensors",
        "b": "model-00002-of-00002.safetensors",
    },
}


def test_a_single_file_and_split_ones_are_read_alike(tmp_path):
    shards(tmp_path, GOOD)
    split = Stored.of_folder(tmp_path, "model")
    assert {name: entry.shape for name, entry in split.entries.items()} == {"a": (2,), "b": (3,)}
    assert split.places["b"].name == "model-00002-of-00002.safetensors"
    single = tmp_path / "single"
    single.mkdir()
    save_file({"a": np.zeros(2, np.float32)}, single / "model.safetensors")
    assert Stored.of_folder(single, "model").places["a"] == single / "model.safetensors"


def test_the_files_to_be_there_are_named_even_when_they_are_not(tmp_path):
    assert [f.name for f in Stored.files(tmp_path, "model")] == ["model.safetensors"]
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(GOOD))
    assert [f.name for f in Stored.files(tmp_path, "model")] == [
        "model.safetensors.index.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]


def test_a_missing_part_is_named(tmp_path):
    shards(tmp_path, GOOD)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ServerError, match=r"model-00002-of-00002.*no such file"):
        Stored.of_folder(tmp_path, "model")


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ([], "not a table"),
        ({}, "names no files"),
        ({"weight_map": {}}, "names no files"),
        ({"weight_map": {"a": 1}}, "not the name of a file"),
        ({"weight_map": {"a": "../model.safetensors"}}, "not the name of a file"),
        ({"weight_map": {"a": "/etc/passwd"}}, "not the name of a file"),
        ({"weight_map": {"a": "model.bin"}}, "not a safetensors file"),
        ({"weight_map": {**GOOD["weight_map"], "c": GOOD["weight_map"]["a"]}}, "'c' is missing"),
        ({"weight_map": {"b": GOOD["weight_map"]["b"], "c": GOOD["weight_map"]["b"]}}, "'c'"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_an_index_that_is_wrong_is_refused(tmp_path, index, words):
    shards(tmp_path, index)
    with pytest.raises(ServerError, match=words) as caught:
        Stored.of_folder(tmp_path, "model")
    assert caught.value.code == "weights"


def test_a_tensor_that_the_index_does_not_name_is_refused(tmp_path):
    shards(tmp_path, GOOD)
    both = {"b": np.zeros(3, np.float32), "c": np.zeros(1, np.float32)}
    save_file(both, tmp_path / "model-00002-of-00002.safetensors")
    with pytest.raises(ServerError, match="'c', which the index does not name"):
        Stored.of_folder(tmp_path, "model")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", "3"])
def test_a_table_that_is_none_is_refused(tmp_path, text):
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(ServerError, match=r"config\.json"):
        read_table(file)
