"""Prompts to what the transformer attends to: T5's tokens, T5's encoder, kept on disk."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import T5EncoderModel, T5Tokenizer

from bridge.errors import RequestError
from void_server.engines.void.checkpoint import load_text_encoder
from void_server.engines.void.damage import damaged
from void_server.engines.void.header import fingerprint
from void_server.engines.void.layout import TRANSFORMERS_STEM, Layout
from void_server.engines.void.model_config import text_encoder_config
from void_server.engines.void.prompt_cache import Embedded, PromptCache
from void_server.engines.void.seams import TEXT_TOKENS
from void_server.engines.void.stored import Stored

__all__ = ["Embedded", "encode"]

_SHOWN = 160
"""Most characters of a prompt's unread end that a warning repeats."""

_TOKENIZER_TABLES = (
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)


def encode(
    prompts: Sequence[str],
    layout: Layout,
    *,
    device: torch.device | str,
    dtype: torch.dtype,
    cache: Path | None = None,
) -> list[Embedded]:
    """Embed prompts; the encoder is loaded once for those that are not kept, and let go at the end.

    Args:
        prompts: Any text; "" is a prompt too.
        layout: The checkpoint's files.
        device: Where the encoder runs.
        dtype: In which it runs: float32, or bfloat16 as the reference does.
        cache: Folder of kept embeddings; None keeps none.

    Returns:
        One for each prompt, in order: (1, 226, D) float32 on the CPU, and what was cut off.

    Raises:
        RequestError: A prompt is no proper text.
        ServerError: A file of the encoder or tokenizer is missing, cut off, or does not fit.
    """
    width = text_encoder_config(layout)["d_model"]
    kept = PromptCache(cache, shape=(1, TEXT_TOKENS, width)) if cache else None
    identity = _identity(layout, torch.device(device), dtype) if kept else ()
    found: dict[str, Embedded] = {}
    for prompt in prompts:
        _check(prompt)
        if kept and (embedded := kept.get((*identity, prompt))):
            found[prompt] = embedded
    fresh = [prompt for prompt in dict.fromkeys(prompts) if prompt not in found]
    for prompt, embedded in _encoded(fresh, layout, torch.device(device), dtype):
        found[prompt] = embedded
        if kept:
            kept.put((*identity, prompt), embedded)
    return [found[prompt] for prompt in prompts]


@dataclass(frozen=True)
class _Tokens:
    """What the encoder reads of a prompt: `TEXT_TOKENS` ids, padding included."""

    ids: list[int]
    warning: str


def _encoded(
    prompts: list[str], layout: Layout, device: torch.device, dtype: torch.dtype
) -> Iterable[tuple[str, Embedded]]:
    if not prompts:
        return []
    tokenizer = _tokenizer(layout)
    tokens = [_tokens(prompt, tokenizer) for prompt in prompts]
    model = load_text_encoder(layout, device=device, dtype=dtype)
    try:
        rows = [_run(model, row.ids, layout) for row in tokens]
    finally:
        del model
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
    made = (Embedded(row, token.warning) for row, token in zip(rows, tokens, strict=True))
    return zip(prompts, made, strict=True)


@torch.no_grad()
def _run(model: T5EncoderModel, ids: list[int], layout: Layout) -> torch.Tensor:
    """(1, 226, D) float32 on the CPU. Padding is attended to: the model was trained that way.

    Source: VOID's reference calls the encoder with ids alone, as diffusers' CogVideoX does.
    """
    if max(ids) >= model.config.vocab_size:
        raise damaged(
            layout.tokenizer / "spiece.model",
            f"it gives token {max(ids)}, but the T5 encoder knows {model.config.vocab_size}",
        )
    output = model(torch.tensor([ids], device=model.device)).last_hidden_state
    rows: torch.Tensor = output.float().cpu()
    if not torch.isfinite(rows).all():
        raise damaged(layout.text_encoder, "the T5 encoder gives numbers that are not finite")
    return rows


def _tokenizer(layout: Layout) -> T5Tokenizer:
    folder = layout.tokenizer
    fingerprint(folder / "spiece.model")
    try:
        found: T5Tokenizer = T5Tokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # its readers have no error in common for a broken file
        raise damaged(folder, f"the tokenizer cannot be read ({error})") from error
    if found.pad_token_id is None or found.eos_token_id is None:
        raise damaged(folder / "tokenizer_config.json", "it names no pad_token or no eos_token")
    # What is cut off is told to the artist, so nothing may be cut before it is seen.
    found.backend_tokenizer.no_truncation()
    found.backend_tokenizer.no_padding()
    return found


def _tokens(prompt: str, tokenizer: T5Tokenizer) -> _Tokens:
    encoding = tokenizer.backend_tokenizer.encode(prompt)
    ids: list[int] = encoding.ids
    if len(ids) <= TEXT_TOKENS:
        return _Tokens(ids + [tokenizer.pad_token_id] * (TEXT_TOKENS - len(ids)), "")
    # The last token is the end mark, which a cut prompt ends with as well.
    unread = prompt[encoding.offsets[TEXT_TOKENS - 1][0] :].strip()
    shown = unread if len(unread) <= _SHOWN else f"{unread[:_SHOWN].rstrip()} ..."
    return _Tokens(
        [*ids[: TEXT_TOKENS - 1], ids[-1]],
        f"the prompt has {len(ids)} tokens and the model reads {TEXT_TOKENS}; "
        f'not read ({len(unread)} characters): "{shown}"',
    )


def _check(prompt: str) -> None:
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError(
            "prompt",
            f"character {error.start + 1} is half of a surrogate pair, not a character",
            "Type the prompt again.",
            code="prompt",
        ) from error


def _identity(layout: Layout, device: torch.device, dtype: torch.dtype) -> tuple[str, ...]:
    """All that an embedding depends on, but for the prompt."""
    files = [layout.text_encoder / "config.json"]
    files += Stored.files(layout.text_encoder, TRANSFORMERS_STEM)
    files += [layout.tokenizer / "spiece.model"]
    files += [file for file in map(layout.tokenizer.joinpath, _TOKENIZER_TABLES) if file.is_file()]
    return (str(dtype), device.type, *(fingerprint(file) for file in files))
