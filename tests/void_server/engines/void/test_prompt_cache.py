import os

import pytest
import torch

from void_server.engines.void.prompt_cache import Embedded, PromptCache

SHAPE = (1, 226, 4)
KEY = ("float32", "cpu", "a lime falls")


def embedded(value=1.0, warning=""):
    return Embedded(torch.full(SHAPE, float(value)), warning)


@pytest.fixture
def cache(tmp_path) -> PromptCache:
    return PromptCache(tmp_path / "prompts", shape=SHAPE, entries=3)


def only_file(tmp_path):
    (file,) = (tmp_path / "prompts").iterdir()
    return file


def test_nothing_is_found_before_it_is_kept(cache, tmp_path):
    assert cache.get(KEY) is None
    assert not (tmp_path / "prompts").exists()


def test_what_was_kept_comes_back_with_its_warning(cache):
    cache.put(KEY, embedded(0.1, 'not read: "…"'))
    found = cache.get(KEY)
    assert torch.equal(found.embedding, torch.full(SHAPE, 0.1))
    assert found.warning == 'not read: "…"'


def test_keys_that_read_alike_when_joined_are_different(cache):
    cache.put(("a", "bc"), embedded(1))
    cache.put(("ab", "c"), embedded(2))
    assert cache.get(("a", "bc")).embedding[0, 0, 0] == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: b"x" + data[1:],
        lambda data: data[:-4] + b"\x00\x00\xc0\x7f",
    ],
    ids=["cut off", "empty", "no header", "NaN"],
)
def test_a_broken_file_is_not_used_and_is_replaced(cache, tmp_path, damage):
    cache.put(KEY, embedded())
    file = only_file(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    assert cache.get(KEY) is None
    cache.put(KEY, embedded(2))
    assert cache.get(KEY).embedding.max() == 2


def test_an_embedding_of_another_width_is_not_used(cache, tmp_path):
    cache.put(KEY, embedded())
    assert PromptCache(tmp_path / "prompts", shape=(1, 226, 5)).get(KEY) is None


def test_the_ones_not_asked_for_longest_make_room(cache, tmp_path):
    for number in range(3):
        cache.put((str(number),), embedded(number))
        for file in (tmp_path / "prompts").iterdir():
            os.utime(file, ns=(file.stat().st_mtime_ns - 10**9,) * 2)
    assert cache.get(("0",)) is not None
    cache.put(("3",), embedded(3))
    assert cache.get(("1",)) is None
    assert all(cache.get((number,)) for number in "023")


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_keeping(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    cache = PromptCache(tmp_path / "file" / "prompts", shape=SHAPE)
    cache.put(KEY, embedded())
    assert cache.get(KEY) is None
    assert "could not be kept" in caplog.text
