import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from bridge.errors import ServerError
from void_server.engines.void.header import (
    HEADER_LIMIT,
    Entry,
    fingerprint,
    read_header,
    read_small,
)


def tensors():
    return {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(4, np.float16)}


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "model.safetensors"
    save_file(tensors(), path, metadata={"format": "np"})
    return path


def written(file, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return file


def refused(file, *words):
    with pytest.raises(ServerError) as caught:
        read_header(file)
    assert caught.value.code == "weights"
    assert caught.value.subject == str(file)
    for word in words:
        assert word in caught.value.text
    return caught.value


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_a_header_says_what_the_file_holds(file):
    header = read_header(file)
    assert header.size == file.stat().st_size
    assert header.metadata == {"format": "np"}
    assert header.tensors["b"].shape == (2, 3)
    assert header.tensors["b"].dtype == "F32"
    assert header.tensors["a"].end - header.tensors["a"].begin == 8


@given(
    arrays=st.dictionaries(
        st.text(max_size=8).filter(lambda name: name != "__metadata__"),
        st.sampled_from([np.zeros((2, 0, 3), np.float32), np.ones(5, np.uint8), np.eye(3)]),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_safetensors_writes_is_read(arrays, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "m.safetensors"
    save_file(arrays, path)
    found = read_header(path).tensors
    assert {name: e.shape for name, e in found.items()} == {
        name: array.shape for name, array in arrays.items()
    }


@given(cut=st.integers(0, 10**6))
def test_a_file_cut_off_anywhere_is_refused(cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("cut") / "m.safetensors"
    save_file(tensors(), path)
    data = path.read_bytes()
    path.write_bytes(data[: cut % len(data)])
    refused(path)


def test_a_cut_off_file_is_called_so(file):
    file.write_bytes(file.read_bytes()[:-3])
    refused(file, "cut off", "expected 32 bytes", "got 29")


def test_a_file_with_something_behind_its_tensors_is_refused(file):
    file.write_bytes(file.read_bytes() + b"x")
    refused(file, "longer than its tensors", "expected 32 bytes, got 33")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + bytes(100), "PyTorch pickle"),
        (b"\x80\x02}q\x00." + bytes(100), "pickle"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>no</html>", "web page"),
        (b"\xff" * 64, "not a safetensors file"),
        (b"", "expected 8 bytes"),
        (b"abc", "expected 8 bytes"),
    ],
    ids=["zip", "pickle", "lfs", "html", "noise", "empty", "short"],
)
def test_another_kind_of_file_under_the_name_is_told_apart(tmp_path, data, words):
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    refused(path, words)


def test_a_length_that_the_file_does_not_have_is_not_allocated(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", HEADER_LIMIT) + b"{}")
    refused(path, "cut off")
    path.write_bytes(struct.pack("<Q", 2**63) + b"{}")
    refused(path, "would have")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"{", "not what safetensors writes"),
        (b"\xff\xfe", "not what safetensors writes"),
        (b"[" * 200_000, "not what safetensors writes"),
        (b'{"a": 1, "a": 1}', "'a' stands there twice"),
        (b"[]", "not a table"),
        ({"__metadata__": {"a": 1}}, "not a table of texts"),
        ({"a": 3}, "not described by"),
        ({"a": {"dtype": "F32", "shape": []}}, "not described by"),
        ({"a": entry(dtype="F4")}, "unknown dtype (got 'F4')"),
        ({"a": entry(dtype=["F32"])}, "unknown dtype"),
        ({"a": entry(shape=(-1,))}, "no proper shape"),
        ({"a": entry(shape=(True,))}, "no proper shape"),
        ({"a": entry(shape=(1.0,))}, "no proper shape"),
        ({"a": entry(offsets=(0,))}, "no proper shape or offsets"),
        ({"a": entry(offsets=(0, 8))}, "expected 4 bytes for F32 (1,), got 8"),
        ({"a": entry(offsets=(4, 0))}, "expected 4 bytes"),
        ({"a": entry(shape=(2**40, 2**40))}, "got 4"),
        ({"a": entry(offsets=(4, 8))}, "expected offset 0, got 4"),
        ({"a": entry(), "b": entry()}, "expected offset 4, got 0"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_header_that_contradicts_itself_is_refused(tmp_path, header, words):
    refused(written(tmp_path / "m.safetensors", header, bytes(4)), words)


def test_a_name_out_of_a_file_cannot_spoil_the_terminal(tmp_path):
    name = "\x1b[2J" + "n" * 5000
    error = refused(written(tmp_path / "m.safetensors", {name: 1}))
    assert "\x1b" not in str(error)
    assert len(str(error)) < 600


def test_a_missing_file_a_folder_a_pipe_and_a_link_in_circles_are_errors(tmp_path):
    refused(tmp_path / "none.safetensors", "no such file")
    (tmp_path / "folder.safetensors").mkdir()
    refused(tmp_path / "folder.safetensors", "got a folder")
    (tmp_path / "circle.safetensors").symlink_to(tmp_path / "circle.safetensors")
    refused(tmp_path / "circle.safetensors", "cannot be read")
    os.mkfifo(tmp_path / "pipe.safetensors")
    refused(tmp_path / "pipe.safetensors", "special file")


def test_a_fingerprint_changes_with_size_time_and_header(file):
    first = fingerprint(file)
    assert fingerprint(file) == first
    later = file.stat().st_mtime_ns + 10**9
    os.utime(file, ns=(later, later))
    assert fingerprint(file) != first
    save_file({"other": np.arange(8, dtype=np.float32)}, file)
    os.utime(file, ns=(later, later))
    assert fingerprint(file) != first


def test_the_fingerprint_of_a_small_file_is_all_it_holds(tmp_path):
    file = tmp_path / "config.json"
    file.write_text("{}")
    first = fingerprint(file)
    os.utime(file, ns=(1, 1))
    assert fingerprint(file) == first
    file.write_text("[]")
    assert fingerprint(file) != first


def test_a_file_that_should_be_small_and_is_not_is_refused(tmp_path):
    file = tmp_path / "config.json"
    file.write_bytes(bytes(11))
    with pytest.raises(ServerError, match="expected 10 bytes at most, got 11"):
        read_small(file, limit=10)


def test_an_entry_is_what_the_header_said(tmp_path):
    file = written(tmp_path / "m.safetensors", {"a": entry()}, bytes(4))
    assert read_header(file).tensors == {"a": Entry("F32", (1,), 0, 4)}
