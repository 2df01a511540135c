"""The devices that workers get when nobody has named any."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

AUTO = "auto"
"""The settings' word for: every GPU there is, or else the CPU."""

_GPU = re.compile(r"nvidia(\d+)")


def resolved(devices: Sequence[str], *, folder: Path = Path("/dev")) -> tuple[str, ...]:
    """The devices with ``auto`` replaced by what this machine has.

    GPUs are found by their device files: the broker loads no library that would open one.

    Args:
        devices: As the settings say.
        folder: Where the system keeps device files.
    """
    if tuple(devices) != (AUTO,):
        return tuple(devices)
    names = (_GPU.fullmatch(file.name) for file in folder.glob("nvidia*"))
    count = sum(name is not None for name in names)
    if not count or importlib.util.find_spec("torch") is None:
        return ("cpu",)
    # CUDA counts from 0 whatever the files are called, e.g. in a container with one of many.
    return tuple(f"cuda:{index}" for index in range(count))
