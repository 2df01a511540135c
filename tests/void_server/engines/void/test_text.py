import json
import os
import socket

import pytest
import torch
from transformers import T5EncoderModel, T5Tokenizer

from bridge.errors import RequestError, ServerError
from void_server.engines.void.text import encode

CPU = {"device": "cpu", "dtype": torch.float32}
LIME = "a lime falls on the table"


@pytest.fixture
def no_encoder(layout):
    """Takes the encoder's weights away in a way that its identity does not show."""

    def take():
        file = layout.text_encoder / "model.safetensors"
        times = file.stat()
        data = bytearray(file.read_bytes())
        data[-4096:] = b"\xff" * 4096
        file.write_bytes(data)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    return take


@pytest.mark.parametrize(
    "prompt", [LIME, "", "Ünïcödé ﬁ ½ \n\t 日本語", "a</s>b <pad>", "lime " * 400]
)
def test_an_embedding_is_what_transformers_gives_padded_or_cut_to_226_tokens(layout, prompt):
    (found,) = encode([prompt], layout, **CPU)
    tokenizer = T5Tokenizer.from_pretrained(layout.tokenizer, local_files_only=True)
    ids = tokenizer(
        prompt, padding="max_length", max_length=226, truncation=True, return_tensors="pt"
    ).input_ids
    model = T5EncoderModel.from_pretrained(layout.text_encoder, local_files_only=True)
    with torch.no_grad():
        expected = model(ids)[0]
    assert found.embedding.shape == (1, 226, 32)
    assert found.embedding.dtype == torch.float32
    torch.testing.assert_close(found.embedding, expected, rtol=0, atol=5e-5)


def test_a_prompt_that_fits_has_no_warning(layout):
    assert encode([LIME], layout, **CPU)[0].warning == ""


def test_what_of_a_long_prompt_is_not_read_is_said(layout):
    # Each word is one token here, and the end mark is the last of 226.
    (found,) = encode(["t " * 224 + "a i of"], layout, **CPU)
    assert found.warning == (
        'the prompt has 228 tokens and the model reads 226; not read (4 characters): "i of"'
    )
    assert encode(["t " * 224 + "a"], layout, **CPU)[0].warning == ""


def test_a_very_long_rest_is_not_repeated_whole(layout):
    (found,) = encode(["word " * 5000], layout, **CPU)
    assert len(found.warning) < 400
    assert found.warning.endswith(' ..."')


def test_the_same_prompt_has_the_same_bits_alone_and_among_others(layout):
    (alone,) = encode([LIME], layout, **CPU)
    among = encode(["", LIME, LIME, "x"], layout, **CPU)
    assert len(among) == 4
    assert torch.equal(among[1].embedding, alone.embedding)
    assert torch.equal(among[2].embedding, alone.embedding)
    assert not torch.equal(among[0].embedding, alone.embedding)


def test_a_kept_prompt_needs_no_encoder(layout, tmp_path, no_encoder):
    cache = tmp_path / "prompts"
    long = "lime " * 400
    first = encode([LIME, long], layout, **CPU, cache=cache)
    no_encoder()
    again = encode([long, LIME], layout, **CPU, cache=cache)
    assert torch.equal(first[0].embedding, again[1].embedding)
    assert first[1].warning == again[0].warning != ""
    with pytest.raises(ServerError, match="not finite"):
        encode(["another"], layout, **CPU, cache=cache)


def test_another_encoder_another_tokenizer_and_another_dtype_are_other_embeddings(layout, tmp_path):
    cache = tmp_path / "prompts"

    def count():
        encode([LIME], layout, **CPU, cache=cache)
        return len(list(cache.iterdir()))

    assert count() == count() == 1
    os.utime(layout.text_encoder / "model.safetensors", ns=(1, 1))
    assert count() == 2
    config = layout.tokenizer / "tokenizer_config.json"
    config.write_text(config.read_text() + "\n")
    assert count() == 3
    encode([LIME], layout, device="cpu", dtype=torch.bfloat16, cache=cache)
    assert len(list(cache.iterdir())) == 4


def test_a_broken_kept_embedding_is_made_again(layout, tmp_path):
    cache = tmp_path / "prompts"
    (first,) = encode([LIME], layout, **CPU, cache=cache)
    (file,) = cache.iterdir()
    file.write_bytes(b"broken")
    (again,) = encode([LIME], layout, **CPU, cache=cache)
    assert torch.equal(first.embedding, again.embedding)
    assert file.stat().st_size > 226 * 32 * 4


def test_nothing_is_asked_of_a_network(layout, monkeypatch):
    def connect(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", connect)
    encode([LIME], layout, **CPU)


def test_half_a_character_is_refused(layout):
    with pytest.raises(RequestError, match="character 3 is half of a surrogate pair") as caught:
        encode(["ab\ud83d"], layout, **CPU)
    assert caught.value.code == "prompt"


def test_a_missing_tokenizer_is_named(layout, tmp_path):
    (layout.tokenizer / "spiece.model").unlink()
    for cache in (None, tmp_path / "prompts"):
        with pytest.raises(ServerError, match=r"spiece\.model: there is no such file"):
            encode([LIME], layout, **CPU, cache=cache)


@pytest.mark.parametrize(
    ("name", "data"),
    [("spiece.model", b"nonsense"), ("spiece.model", b""), ("tokenizer_config.json", b"{")],
)
def test_a_broken_tokenizer_is_our_error(layout, name, data):
    (layout.tokenizer / name).write_bytes(data)
    with pytest.raises(ServerError) as caught:
        encode([LIME], layout, **CPU)
    assert caught.value.code == "weights"


def test_a_tokenizer_that_cuts_by_itself_does_not_hide_it(layout):
    tokenizer = T5Tokenizer.from_pretrained(layout.tokenizer, local_files_only=True)
    tokenizer.backend_tokenizer.enable_truncation(max_length=8)
    tokenizer.save_pretrained(layout.tokenizer)
    (found,) = encode(["t " * 300], layout, **CPU)
    assert "the prompt has" in found.warning


def test_a_tokenizer_with_more_words_than_the_encoder_is_refused(layout):
    file = layout.tokenizer / "tokenizer_config.json"
    found = json.loads(file.read_text())
    found["added_tokens_decoder"]["60"] = {**found["added_tokens_decoder"]["2"], "content": "lime"}
    file.write_text(json.dumps(found))
    with pytest.raises(ServerError, match="the T5 encoder knows 49"):
        encode([LIME], layout, **CPU)
