"""``void weights verify``: whether every file is whole, as published, and fits its model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bridge.errors import ServerError
from void_server.engines.void import fitting, model_config
from void_server.engines.void.header import read_header, regular_size
from void_server.engines.void.layout import (
    DIFFUSERS_STEM,
    TRANSFORMERS_STEM,
    Layout,
    missing,
)
from void_server.engines.void.stored import Stored
from void_server.engines.void.upscale.config import upscaler_config
from void_server.engines.void.weights import lock
from void_server.engines.void.weights.fetch import Said


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a file: its path, and what was expected and got."""

    file: str
    text: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        ok: Whether nothing is wrong.
        folder: The weights folder.
        channels: Input channels of each pass's checkpoint: 48, or 33.
        compared: Files whose SHA-256 is as it was published.
        unknown: Files that are there but were not fetched, so that nothing is known to compare.
        problems: What is wrong.
    """

    ok: bool
    folder: str
    channels: dict[str, int]
    compared: tuple[str, ...]
    unknown: tuple[str, ...]
    problems: tuple[Problem, ...]


def verify(layout: Layout, *, said: Said, quick: bool = False) -> Report:
    """Look at everything that can be looked at without loading a tensor.

    Args:
        layout: The checkpoint's files.
        said: Where progress goes.
        quick: Compare no SHA-256, which reads every byte.

    Raises:
        ServerError: The lock cannot be read.
    """
    found = _Findings(layout)
    for text in missing(layout):
        found.add(layout.root, f"missing: {text}")
    found.fitting()
    compared: tuple[str, ...] = ()
    held = lock.read(layout.root).files
    if not quick:
        compared = tuple(_compared(layout, held, found, said))
    return Report(
        ok=not found.problems,
        folder=str(layout.root),
        channels=found.channels,
        compared=compared,
        unknown=tuple(sorted(set(_present(layout)) - set(held))),
        problems=tuple(found.problems),
    )


class _Findings:
    """Collects what is wrong; a check that cannot be made is wrong as well."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.channels: dict[str, int] = {}
        self.problems: list[Problem] = []

    def add(self, file: Path, text: str) -> None:
        """Something is wrong."""
        self.problems.append(Problem(str(file), text))

    def fitting(self) -> None:
        """Whether keys and shapes are those of the models that the configurations describe."""
        layout = self._layout
        with self._noted():
            model_config.scheduler_config(layout)
        with self._noted():
            stored = Stored.of_folder(layout.vae, DIFFUSERS_STEM)
            self._compare(stored, fitting.verify_vae(stored, layout))
        with self._noted():
            stored = Stored.of_folder(layout.text_encoder, TRANSFORMERS_STEM)
            self._compare(stored, fitting.verify_text_encoder(stored, layout))
        with self._noted():
            config = model_config.transformer_config(layout)
            for number in (1, 2):
                self._pass(number, config)
            self._base(config)
        with self._noted():
            if layout.raft.exists():
                read_header(layout.raft)
        with self._noted():
            self._upscaler()

    def _pass(self, number: int, config: model_config.TransformerConfig) -> None:
        with self._noted():
            stored = Stored.of_file(self._layout.checkpoint(number))
            self.channels[stored.source.name] = fitting.input_channels(stored, config)
            self._compare(stored, fitting.verify_transformer(stored, config))

    def _base(self, config: model_config.TransformerConfig) -> None:
        """The base transformer counts only where it is there, or where a pass is built on it."""
        folder = self._layout.transformer
        if not any(file.exists() for file in Stored.files(folder, DIFFUSERS_STEM)):
            return
        stored = Stored.of_folder(folder, DIFFUSERS_STEM)
        self._compare(stored, fitting.verify_base_transformer(stored, config))

    def _upscaler(self) -> None:
        """The super-resolution network counts only where any of it is there."""
        folder = self._layout.upscaler
        if folder.exists():
            config = upscaler_config(self._layout)
            stored = Stored.of_folder(folder, TRANSFORMERS_STEM)
            self._compare(stored, fitting.verify_upscaler(stored, config))

    def _compare(self, stored: Stored, differences: list[str]) -> None:
        for text in differences:
            self.add(stored.source, text)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except ServerError as error:
            problem = Problem(error.subject, error.text)
            # What is not there has been said already.
            if Path(error.subject).exists() and problem not in self.problems:
                self.problems.append(problem)


def _present(layout: Layout) -> list[str]:
    """Files of the layout that are there, by path relative to the weights folder."""
    base = (layout.scheduler, layout.text_encoder, layout.tokenizer, layout.transformer, layout.vae)
    files = [file for folder in (*base, layout.upscaler) for file in sorted(folder.glob("*"))]
    files += [layout.checkpoint(1), layout.checkpoint(2), layout.raft]
    kept = [file for file in files if file.is_file() and not file.name.startswith(".")]
    return [file.relative_to(layout.root).as_posix() for file in kept]


def _compared(
    layout: Layout, held: dict[str, lock.LockedFile], found: _Findings, said: Said
) -> Iterator[str]:
    """Files that are as they were published."""
    there = {path: known for path, known in held.items() if (layout.root / path).is_file()}
    with said.bar("reading", sum(known.size for known in there.values())) as advanced:
        for path, known in there.items():
            if text := _difference(layout.root / path, known, advanced):
                found.add(layout.root / path, text)
            else:
                yield path


def _difference(file: Path, known: lock.LockedFile, advanced: Callable[[int], None]) -> str:
    try:
        size = regular_size(file)
        if size != known.size:
            return f"it has the wrong size (expected {known.size} bytes, got {size})"
        digest = lock.sha256(file, advanced)
    except ServerError as error:
        return error.text
    if digest != known.sha256:
        return f"it was changed since it was fetched (expected {known.sha256}, got {digest})"
    return ""
