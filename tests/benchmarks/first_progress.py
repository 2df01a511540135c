"""Seconds from submitting a job of the engine ``void`` to its first word of progress.

    python tests/benchmarks/first_progress.py --weights tests/golden

One server, five jobs one after the other over the real socket: the first may find torch still
being imported, the others a warm server.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import void_lengths

from bridge.cli import place, server
from bridge.cli.prepare import Order, prepared
from bridge.client import Client
from bridge.messages import FINAL


def job(folder: Path, seed: int) -> Order:
    small = ("width=48", "height=32", "steps=2")
    return Order(
        plate=str(folder / "plate.%04d.exr"),
        matte=(str(folder / "roto.%04d.exr"),),
        engine="void",
        seed=seed,
        parameters=small,
    )


def first_word(client: Client, order: Order) -> float:
    """Submit, wait for a stage, then for the end."""
    shot = prepared(order)
    begin = time.perf_counter()
    client.submit(shot.with_paths())
    while not client.status(shot.job).status.stage:
        time.sleep(0.002)
    seconds = time.perf_counter() - begin
    while client.status(shot.job).status.state not in FINAL:
        time.sleep(0.05)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True)
    weights = parser.parse_args().weights.absolute()
    with tempfile.TemporaryDirectory(prefix="void-first-") as name:
        folder = Path(name)
        void_lengths.make_shot(folder, 5)
        keys = place.load().keys
        with server.private(folder / "data", roots=(folder,), keys=keys, weights=weights) as client:
            for seed in range(5):
                seconds = first_word(client, job(folder, seed))
                print(f"job {seed + 1}: first progress after {seconds:.3f} s", flush=True)


if __name__ == "__main__":
    main()
