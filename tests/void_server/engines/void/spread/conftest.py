"""A tiny shot, and the ranks that denoise it: real processes on the CPU."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from void_server.engines.void.conditioning import Conditioning
from void_server.engines.void.denoise import denoise
from void_server.engines.void.layout import Layout
from void_server.engines.void.models import Models
from void_server.engines.void.passes import Pass, build_scheduler
from void_server.engines.void.predict import Text
from void_server.engines.void.spread.spread import Spread

HERE = Path(__file__).parent
LAYOUT = Layout(HERE.parents[3] / "golden")
SCRIPTED = (sys.executable, str(HERE / "scripted_rank.py"))

PASS_1 = Pass(number=1, scheduler="DDIMScheduler", steps=4, guidance=1.0)
PASS_2 = Pass(number=2, scheduler="CogVideoXDDIMScheduler", steps=4, guidance=3.5)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The kernels of one thread, here and in all ranks, so that bits can be compared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Shot:
    """Random latents of a shot of 16 x 24 cells, and all that a pass over them needs."""

    def __init__(self, stage, latents, *, window=8, chunk=50, join=4, seed=0):
        generator = torch.Generator().manual_seed(seed)
        shape = (1, latents, 16, 4, 6)
        mask, plate, noise = (torch.randn(shape, generator=generator) for _ in range(3))
        prompt, negative = (torch.randn((1, 226, 32), generator=generator) for _ in range(2))
        config = json.loads((LAYOUT.scheduler / "scheduler_config.json").read_text())
        self.stage = stage
        self.conditioning = Conditioning(mask=mask, plate=plate)
        self.arguments = {
            "stage": stage,
            "scheduler": build_scheduler(stage, config),
            "text": Text(prompt=prompt, negative=negative),
            "noise": noise,
            "window": window,
            "chunk": chunk,
            "join": join,
        }

    def with_noise_by_index(self):
        """The same noise, asked for part by part."""
        whole = self.arguments["noise"]
        self.arguments["noise"] = lambda start, stop: whole[:, start:stop]
        return self

    def alone(self, on_step=None, *, branch_by_branch=True):
        """What one device makes of it."""
        forward = MODELS.forward(self.stage.number)
        if branch_by_branch:
            forward = BranchByBranch(forward)
        return list(
            denoise(forward, self.conditioning, device="cpu", on_step=on_step, **self.arguments)
        )

    def spread(self, ranks, on_step=None):
        """What several make of it."""
        return list(ranks.denoise(self.conditioning, on_step=on_step, **self.arguments))


class BranchByBranch:
    """A transformer that is given one prompt at a time, as the ranks give it."""

    def __init__(self, forward):
        self._forward = forward

    def __call__(self, latents, text, timestep):
        parts = zip(latents.split(1), text.split(1), strict=True)
        return torch.cat([self._forward(part, words, timestep) for part, words in parts])


MODELS = Models(layout=LAYOUT, device=torch.device("cpu"), mode="full")


@pytest.fixture
def shot():
    """Makes shots."""
    return Shot


@pytest.fixture
def passes():
    """Pass 1, and a guided pass 2, of 4 steps."""
    return SimpleNamespace(one=PASS_1, two=PASS_2)


@pytest.fixture(scope="session")
def start():
    """Starts ranks; they end with the tests."""
    started = []

    def make(count, *, mode="full", **more):
        ranks = Spread(["cpu"] * count, layout=LAYOUT, mode=mode, forward_of=MODELS.forward, **more)
        started.append(ranks)
        return ranks

    yield make
    for ranks in started:
        ranks.close()


@pytest.fixture(scope="session")
def ranks_of(start):
    """So many ranks: the same ones for all tests that leave them usable."""
    kept = {}

    def usable(count):
        if count not in kept or not kept[count].usable:
            kept[count] = start(count)
        return kept[count]

    return usable


@pytest.fixture
def pair(ranks_of):
    """Two ranks."""
    return ranks_of(2)


@pytest.fixture
def trio(ranks_of):
    """Three ranks."""
    return ranks_of(3)


@pytest.fixture(scope="session")
def scripted(start, tmp_path_factory):
    """Two ranks, of which the other one follows a script: given one, they are ready."""
    script = tmp_path_factory.mktemp("script") / "script.json"
    ranks = start(2, mode=str(script), command=SCRIPTED)

    def follow(**what):
        script.write_text(json.dumps(what))
        return ranks

    return follow


@pytest.fixture
def runs():
    """Whether a process runs; a zombie does not."""

    def check(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
        except FileNotFoundError:
            return False

    return check
