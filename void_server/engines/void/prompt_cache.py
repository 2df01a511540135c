"""Prompt embeddings on disk, so that the text encoder runs once per prompt and not once per job."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from bridge.errors import ServerError
from void_server.engines.void.header import read_header, read_small
from void_server.images.atomic import write_file

log = logging.getLogger(__name__)

_TENSOR = "embedding"
_WARNING = "warning"


@dataclass(frozen=True)
class Embedded:
    """What a prompt has become.

    Attributes:
        embedding: (1, 226, D) float32 on the CPU.
        warning: What of the prompt the model does not read; "" when it reads all.
    """

    embedding: torch.Tensor
    warning: str


class PromptCache:
    """Embeddings by what they depend on; the ones not asked for longest make room for new ones.

    Args:
        folder: Where they lie; made when the first one is kept.
        shape: (1, 226, D) of every embedding.
        entries: How many are kept.
    """

    def __init__(self, folder: Path, *, shape: tuple[int, int, int], entries: int = 200) -> None:
        self._folder = folder
        self._shape = shape
        self._entries = entries

    def get(self, key: tuple[str, ...]) -> Embedded | None:
        """What was kept under ``key``; None when there is nothing, or nothing that can be used."""
        file = self._file(key)
        if not file.is_file():
            return None
        try:
            found = self._read(file)
        except (ServerError, SafetensorError, OSError) as error:
            why = error.text if isinstance(error, ServerError) else error
            log.warning("The kept embedding %s is made again: %s", file, why)
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return found

    def put(self, key: tuple[str, ...], embedded: Embedded) -> None:
        """Keep it; a disk that refuses costs the next job a few seconds and this one nothing."""
        data = save({_TENSOR: embedded.embedding}, metadata={_WARNING: embedded.warning})
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_file(self._file(key), data)
            self._make_room()
        except (ServerError, OSError) as error:
            log.warning("The embedding of the prompt could not be kept: %s", error)

    def _file(self, key: tuple[str, ...]) -> Path:
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        return self._folder / f"{digest}.safetensors"

    def _read(self, file: Path) -> Embedded:
        header = read_header(file)
        entry = header.tensors.get(_TENSOR)
        if entry is None or (entry.dtype, entry.shape) != ("F32", self._shape):
            raise SafetensorError(f"expected float32 {self._shape}, got {entry}")
        embedding = load(read_small(file, limit=header.size))[_TENSOR]
        if not torch.isfinite(embedding).all():
            raise SafetensorError("it holds numbers that are not finite")
        return Embedded(embedding, header.metadata.get(_WARNING, ""))

    def _make_room(self) -> None:
        kept = sorted(self._folder.glob("*.safetensors"), key=lambda file: file.stat().st_mtime_ns)
        for file in kept[: max(0, len(kept) - self._entries)]:
            file.unlink(missing_ok=True)
