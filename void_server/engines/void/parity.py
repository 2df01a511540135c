"""``python -m void_server.engines.void.parity DIR``: the engine's numbers beside the reference's.

Runs every case of a folder of reference runs through the engine's own code, in float32, and
prints the largest absolute difference of every tensor. Exit code 0 when all of them are within
the tolerance, 1 when one is not, 2 when the folder cannot be used.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from rich.console import Console
from rich.table import Table

from bridge.errors import RequestError, VoidError
from void_server.engines.void.parity_cases import TOLERANCE, Difference, compare
from void_server.engines.void.parity_folder import ParityFolder

UNUSABLE = 2
"""Exit code when nothing could be compared."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; see the module for the exit code."""
    given = _arguments(arguments)
    try:
        _full_precision(given.device)
        found = list(compare(ParityFolder(given.folder), device=given.device))
    except VoidError as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    except KeyboardInterrupt:
        return 130
    record = _record(found, given.device)
    if given.json:
        sys.stdout.write(f"{json.dumps(record, indent=2)}\n")
    else:
        _show(found, record)
    return 0 if record["passed"] else 1


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="void doctor --parity",
        description="Compares this installation's numbers with runs of the reference.",
    )
    parser.add_argument("folder", type=Path, help="folder with cases.json and its checkpoint")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--json", action="store_true", help="print a record, not a table")
    return parser.parse_args(arguments)


def _full_precision(device: str) -> None:
    """Float32 that is float32: GPUs round the factors of its products to 10 bits by default."""
    if device == "cuda" and not torch.cuda.is_available():
        raise RequestError(
            "--device cuda",
            "torch sees no CUDA device on this machine",
            "Run on the CPU, or install a driver and a torch with CUDA.",
            code="device",
        )
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False


def _record(found: list[Difference], device: str) -> dict[str, Any]:
    worst = _worst(found)
    return {
        "tolerance": TOLERANCE,
        "passed": all(difference.passed for difference in found),
        "device": device,
        "versions": {
            module.__name__: module.__version__ for module in (torch, diffusers, transformers)
        },
        "worst": _entry(worst),
        "differences": [_entry(difference) for difference in found],
    }


def _entry(difference: Difference) -> dict[str, Any]:
    """As JSON has it, which knows neither NaN nor Inf."""
    return {
        "case": difference.case,
        "tensor": difference.tensor,
        "largest": difference.largest if math.isfinite(difference.largest) else None,
        "passed": difference.passed,
    }


def _worst(found: list[Difference]) -> Difference:
    return max(found, key=lambda one: math.inf if math.isnan(one.largest) else one.largest)


def _show(found: list[Difference], record: dict[str, Any]) -> None:
    table = Table("case", "tensor", "largest difference", "")
    table.columns[2].justify = "right"
    for difference in found:
        verdict = "ok" if difference.passed else f"above {TOLERANCE:g}"
        table.add_row(difference.case, difference.tensor, f"{difference.largest:.2e}", verdict)
    console = Console(highlight=False)
    console.print(table)
    worst = _worst(found)
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    console.print(f"worst {worst.largest:.2e} ({worst.case} {worst.tensor}); {versions}")


if __name__ == "__main__":
    sys.exit(main())
