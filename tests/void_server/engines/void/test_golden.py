"""The engine's numbers beside runs of the reference on a tiny checkpoint, in float32 on the CPU."""

import json
from pathlib import Path

import pytest
import torch

from void_server.engines.void.checkpoint import load_vae
from void_server.engines.void.layout import Layout
from void_server.engines.void.parity_cases import compare, run_case
from void_server.engines.void.parity_folder import RESULTS, ParityFolder
from void_server.engines.void.vae import Vae

# Threads of one sum wait for each other; beside other work one is faster than two.
torch.set_num_threads(1)

GOLDEN = Path(__file__).parents[3] / "golden"
CASES = json.loads((GOLDEN / "cases.json").read_text())

# Sums in another order differ by 5e-6 at most; the smallest wrong rule tried, an overlap of two
# latents in place of four, differs by 1e-2.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def folder():
    return ParityFolder(GOLDEN)


@pytest.fixture(scope="module")
def vae():
    return Vae(load_vae(Layout(GOLDEN), device="cpu", dtype=torch.float32))


def test_there_are_five_runs():
    assert len(CASES) == 5


@pytest.mark.parametrize("name", CASES)
def test_every_tensor_on_the_way_is_the_references(folder, vae, name):
    results = run_case(folder, name, folder.cases[name], vae=vae, device="cpu")
    for tensor in RESULTS:
        torch.testing.assert_close(
            results[tensor],
            folder.tensor(name, tensor),
            atol=TOLERANCE,
            rtol=0,
            msg=lambda text, tensor=tensor: f"{tensor}: {text}",
        )


def test_the_adapted_checkpoint_and_the_table_of_padded_frames_are_the_references(
    folder, monkeypatch
):
    monkeypatch.setattr(folder, "cases", {})
    found = {(one.case, one.tensor): one.largest for one in compare(folder)}
    assert found == {
        ("adapted_33ch", "patch_embed"): 0,
        ("temporal_padding", "clips of 205 that differ"): 0,
    }
