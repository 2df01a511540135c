"""The tensors of one model as they lie on disk: in one file, or in several with an index."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from void_server.engines.void.damage import damaged, quoted
from void_server.engines.void.header import Entry, read_header, read_small


@dataclass(frozen=True)
class Stored:
    """Where each tensor of a model is.

    Attributes:
        source: The file that errors name: the only one, or the index.
        entries: Shape and dtype by name.
        places: The file of each tensor by name.
    """

    source: Path
    entries: dict[str, Entry]
    places: dict[str, Path]

    @classmethod
    def of_file(cls, file: Path) -> Stored:
        """The tensors of one file.

        Raises:
            ServerError: The file is missing or broken.
        """
        tensors = read_header(file).tensors
        return cls(file, tensors, dict.fromkeys(tensors, file))

    @classmethod
    def of_folder(cls, folder: Path, stem: str) -> Stored:
        """The tensors of ``stem.safetensors``, or of the files that its index names.

        Raises:
            ServerError: A file is missing or broken, or the index does not say what they hold.
        """
        single, index = _names(folder, stem)
        if single.is_file() or not index.is_file():
            return cls.of_file(single)
        wanted = _index(index)
        entries: dict[str, Entry] = {}
        places: dict[str, Path] = {}
        for file in sorted(set(wanted.values())):
            tensors = read_header(file).tensors
            _check_against_index(file, set(tensors), wanted)
            entries |= tensors
            places |= dict.fromkeys(tensors, file)
        return cls(index, entries, places)

    @staticmethod
    def files(folder: Path, stem: str) -> list[Path]:
        """The files that hold, or should hold, the tensors; the index comes first where one is.

        Raises:
            ServerError: The index is broken.
        """
        single, index = _names(folder, stem)
        if single.is_file() or not index.is_file():
            return [single]
        return [index, *sorted(set(_index(index).values()))]


def _names(folder: Path, stem: str) -> tuple[Path, Path]:
    return folder / f"{stem}.safetensors", folder / f"{stem}.safetensors.index.json"


def read_table(file: Path) -> dict[str, Any]:
    """A JSON object out of a small file.

    Raises:
        ServerError: The file is missing, too long, or no JSON object.
    """
    try:
        found = json.loads(read_small(file))
    except (ValueError, RecursionError) as error:
        raise damaged(file, f"it is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise damaged(file, "it is not a table (expected a JSON object)")
    return found


def _index(index: Path) -> dict[str, Path]:
    """The file of each tensor; a name that could lead out of the folder is refused."""
    weights = read_table(index).get("weight_map")
    if not isinstance(weights, dict) or not weights:
        raise damaged(index, "it names no files (expected a table 'weight_map')")
    for name in weights.values():
        if not isinstance(name, str) or Path(name).name != name or "\\" in name or "\0" in name:
            raise damaged(index, f"{quoted(str(name))} is not the name of a file beside it")
        if not name.endswith(".safetensors"):
            raise damaged(index, f"{quoted(name)} is not a safetensors file")
    return {tensor: index.parent / name for tensor, name in weights.items()}


def _check_against_index(file: Path, there: set[str], wanted: dict[str, Path]) -> None:
    promised = {name for name, place in wanted.items() if place == file}
    if lacking := sorted(promised - there):
        raise damaged(file, f"tensor {quoted(lacking[0])} is missing, which the index promises")
    if surplus := sorted(there - promised):
        raise damaged(file, f"it holds {quoted(surplus[0])}, which the index does not name")
