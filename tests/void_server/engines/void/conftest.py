"""A tiny checkpoint of random numbers, laid out like the real one, to be damaged at will."""

import shutil
from pathlib import Path

import pytest

from void_server.engines.void.layout import Layout

GOLDEN = Path(__file__).parents[3] / "golden"


@pytest.fixture
def layout(tmp_path) -> Layout:
    """A copy of the tiny checkpoint."""
    root = tmp_path / "weights"
    shutil.copytree(
        GOLDEN / "CogVideoX-Fun-V1.5-5b-InP",
        root / "CogVideoX-Fun-V1.5-5b-InP",
        copy_function=shutil.copyfile,
    )
    for number in (1, 2):
        name = f"void_pass{number}.safetensors"
        shutil.copyfile(GOLDEN / name, root / name)
    return Layout(root)
