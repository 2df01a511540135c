"""``void weights where``: the folder, and what of the model is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bridge.errors import ServerError
from void_server.engines.void.layout import DIFFUSERS_STEM, TRANSFORMERS_STEM, Layout, missing
from void_server.engines.void.stored import Stored
from void_server.engines.void.weights.catalogue import licence


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the layout.

    Attributes:
        file: Path relative to the weights folder.
        size: Bytes; None when it is not there.
        needed: Whether the engine can do without it.
        licence: Of the file.
        page: Where the licence's text is.
    """

    file: str
    size: int | None
    needed: bool
    licence: str
    page: str


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """What is there.

    Attributes:
        folder: The weights folder.
        missing: What is needed and not there, in words.
        files: All files of the layout.
    """

    folder: str
    missing: tuple[str, ...]
    files: tuple[Place, ...]


def where(layout: Layout) -> Places:
    """Look for every file of the layout; reads none but the indices of split weights."""
    return Places(
        folder=str(layout.root),
        missing=tuple(missing(layout)),
        files=tuple(_place(layout, file, needed) for file, needed in _files(layout)),
    )


def _files(layout: Layout) -> Iterator[tuple[Path, bool]]:
    yield from ((layout.checkpoint(number), True) for number in (1, 2))
    yield layout.transformer / "config.json", True
    yield from ((file, False) for file in _weights(layout.transformer, DIFFUSERS_STEM))
    yield layout.vae / "config.json", True
    yield from ((file, True) for file in _weights(layout.vae, DIFFUSERS_STEM))
    yield layout.text_encoder / "config.json", True
    yield from ((file, True) for file in _weights(layout.text_encoder, TRANSFORMERS_STEM))
    yield layout.tokenizer / "spiece.model", True
    yield layout.tokenizer / "tokenizer_config.json", True
    yield layout.scheduler / "scheduler_config.json", True
    yield layout.raft, False
    yield layout.upscaler / "config.json", False
    yield from ((file, False) for file in _weights(layout.upscaler, TRANSFORMERS_STEM))


def _weights(folder: Path, stem: str) -> list[Path]:
    try:
        return Stored.files(folder, stem)
    except ServerError as error:  # a broken index; 'verify' says what is wrong with it
        return [Path(error.subject)]


def _place(layout: Layout, file: Path, needed: bool) -> Place:
    name, page = licence(file, layout)
    return Place(
        file=file.relative_to(layout.root).as_posix(),
        size=file.stat().st_size if file.is_file() else None,
        needed=needed,
        licence=name,
        page=page,
    )
