"""The node VoidRemove, from the press of its button to the attached Read, and how it lets go.

    python tests/benchmarks/nuke_node.py [--quick] [--part removal|cancel|imports]

A fake Nuke, which serves its main thread as the real one does, and real servers. The removal is
done by the engine cleanplate; for cancelling, a scripted worker gives jobs of any length. Machines
are noisy: every figure is a median or a whole distribution, and the table begins with what a bare
interpreter takes here. Times of renders are the fake's and say nothing of Nuke.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "fakes"))

import nuke  # noqa: E402 - the fake

from bridge.cli import server  # noqa: E402
from bridge.client import Client  # noqa: E402
from bridge.errors import RequestError  # noqa: E402
from void_server.demo import footage  # noqa: E402
from void_server.demo.scene import Scene  # noqa: E402

SCRIPTED = TESTS / "void_server" / "serve_scripted.py"
PATIENCE = 120.0

TIMED_IMPORT = """
import sys, time, types
class Weightless(types.ModuleType):
    def __getattr__(self, name):
        return type(name, (), {})
for name in ("nuke", "nukescripts"):
    sys.modules[name] = Weightless(name)
begin, used = time.perf_counter(), time.process_time()
for name in sys.argv[1:]:
    __import__(name)
print(time.perf_counter() - begin, time.process_time() - used)
"""

IMPORTS = {
    "menu": ("host_plugins.nuke_panel.menu",),
    "menu and callbacks, at start-up": (
        "host_plugins.nuke_panel.menu",
        "host_plugins.nuke_panel.script",
    ),
    "everything behind the buttons": ("host_plugins.nuke_panel.buttons",),
}


class Rig:
    """A script with one VoidRemove in a fresh fake Nuke, connected to a shot on disk."""

    def __init__(self, folder: Path, reads: dict[str, Path], frames: tuple[int, int]) -> None:
        self.session = nuke.fake.start()
        from host_plugins.nuke_panel import menu, node, runs

        menu.install()  # as Nuke's start-up does
        self._runs = runs
        self.folder = folder
        self.session.save(folder / "bench_v001.nk")
        self.node = node.create()
        for index, (name, pattern) in enumerate(reads.items()):
            first, last = frames
            read = nuke.nodes.Read(name=name, file=pattern.as_posix(), raw=True)
            for knob, value in zip(
                ("first", "origfirst", "last", "origlast"), (first, first, last, last), strict=True
            ):
                read[knob].setValue(value)
            self.node.setInput(index, read)
        self.plate = self.node.input(0)

    def set(self, **values: object) -> None:
        for name, value in values.items():
            self.node[name].setValue(value)

    def run(self):
        """What is under way, or None."""
        return self._runs.of(self.node)

    def pump(self, until) -> None:
        self.session.pump(until=until, timeout=PATIENCE)


# --- from the button to the Read -----------------------------------------------------------------


def removal(quick: bool) -> None:
    size, frames = ((240, 136), 8) if quick else ((480, 270), 40)
    with tempfile.TemporaryDirectory(prefix="void-node-") as name:
        folder = Path(name).resolve()
        scene = Scene(width=size[0], height=size[1], frames=frames, camera="slow")
        footage.write(scene, folder, advanced=lambda count: None)
        reads = {what: Path(footage.pattern(folder, what)) for what in ("plate", "boom", "shadow")}
        span = (scene.frames[0], scene.frames[-1])
        with server.private(folder / "server", roots=(folder,), keys=folder / "keys"):
            rig = Rig(folder, reads, span)
            rig.set(server=_endpoint(folder / "server"))
            seconds = _pressed(rig)
        told = f"{frames} frames of {size[0]}x{size[1]}, half, cleanplate"
        _table(f"Boom removal, {told}", _removal_rows(rig, seconds, span))
        rig.session.end()


def _pressed(rig: Rig) -> dict[str, float]:
    """Seconds by stage, from the press until the run is over and shown."""
    seconds: dict[str, float] = defaultdict(float)
    begin = last = time.perf_counter()
    rig.session.dispatches.blocked.clear()
    rig.session.dispatches.longest = (0.0, "")
    rig.session.press(rig.node, "run")
    run, stage = rig.run(), "checking"

    def over() -> bool:
        nonlocal last, stage
        now = time.perf_counter()
        seconds[stage] += now - last
        last, stage = now, run.stage
        return run.ending is not None and rig.run() is None

    rig.pump(over)
    rig.session.pump()
    seconds["whole"] = time.perf_counter() - begin
    assert run.ending.end == "done", run.ending.text
    return seconds


def _removal_rows(rig: Rig, seconds: dict[str, float], span: tuple[int, int]) -> dict[str, str]:
    blocked = sorted(rig.session.blocked)
    rows = {f"seconds, {stage}": f"{taken:.2f}" for stage, taken in seconds.items()}
    at_99 = blocked[min(len(blocked) - 1, round(0.99 * len(blocked)))]
    longest, what = rig.session.longest
    rows["main thread, longest block outside nuke.execute (<= 50 ms)"] = (
        f"{1e3 * longest:.1f} ms, {what}"
    )
    rows["... the one after it"] = f"{1e3 * blocked[-2]:.1f} ms"
    rows["... 99th percentile"] = f"{1e3 * at_99:.1f} ms of {len(blocked)} dispatches"
    exported = list((rig.folder / "void" / ".export").rglob("*.exr"))
    total = sum(path.stat().st_size for path in exported)
    rows["exported"] = f"{total / 1e6:.1f} MB in {len(exported)} files"
    outside, changed, inside = _outside(rig, span)
    rows["values outside the alpha that changed (0)"] = f"{changed} of {outside}"
    rows["pixels inside the alpha"] = str(inside)
    return rows


def _outside(rig: Rig, span: tuple[int, int]) -> tuple[int, int, int]:
    """Values outside the alpha, how many of them differ in any bit, and pixels inside."""
    outside = changed = inside = 0
    for frame in range(span[0], span[1] + 1):
        rig.set(output="Matte used")
        alpha = rig.session.picture(rig.node, frame).shown[..., 3]
        rig.set(output="Comp over plate")
        comp = rig.session.picture(rig.node, frame).shown[..., :3]
        plate = rig.session.picture(rig.plate, frame).shown[..., :3]
        untouched = alpha == 0
        differs = comp.view(np.uint32) != plate.view(np.uint32)
        outside += 3 * int(untouched.sum())
        changed += int(differs[untouched].sum())
        inside += int((~untouched).sum())
    return outside, changed, inside


# --- cancelling ----------------------------------------------------------------------------------


def cancelling(quick: bool) -> None:
    times = {"sending": 1, "queued": 1, "running": 1} if quick else {
        "sending": 3, "queued": 3, "running": 4}  # fmt: skip
    rows = {}
    with tempfile.TemporaryDirectory(prefix="void-cancel-") as name:
        folder = Path(name).resolve()
        reads = _noise(folder, 6 if quick else 24)
        with _scripted(folder) as endpoint, Client(endpoint) as client:
            rig = Rig(folder, reads, (1001, 1000 + len(list(folder.glob("plate.*.exr")))))
            rig.set(server=endpoint, transport="Stream", datatype="32 bit float")
            for stage, count in times.items():
                measured = [_cancelled(rig, client, stage, take) for take in range(count)]
                rows[stage] = ", ".join(f"{1e3 * one:.0f}" for one in measured)
            rig.session.end()
    _table("From the press of Cancel until the server says cancelled (<= 1000), ms", rows)


def _cancelled(rig: Rig, client: Client, stage: str, take: int) -> float:
    """Seconds from the press until the server's status of the job is ``cancelled``."""
    busy = _occupy(rig, client) if stage == "queued" else ""
    seed = {"sending": 100, "queued": 200, "running": 300}[stage] + take
    rig.set(seed=seed, prompt=json.dumps({"pause": 0.5}))
    rig.session.answers.extend([True, True, True])  # to "busy: queue it?" and "stop it?"
    rig.session.press(rig.node, "run")
    run = rig.run()
    rig.pump(lambda: _there(rig, client, stage, run.stage))
    seen: list[float] = []
    watcher = threading.Thread(target=_watch, args=(client, _job(rig), seen))
    begin = time.perf_counter()
    rig.session.press(rig.node, "cancel")
    watcher.start()
    rig.pump(lambda: not watcher.is_alive() and rig.run() is None)
    rig.session.answers.clear()
    assert run.ending.end == "cancelled", run.ending.text
    if busy:
        client.cancel(busy)
    return seen[0] - begin


def _there(rig: Rig, client: Client, wanted: str, stage: str) -> bool:
    """Whether the run has come as far as it is to be cancelled."""
    if wanted == "sending":
        return stage == "sending" and _state(client, _job(rig)) == "uploading"
    return bool(_job(rig)) and _state(client, _job(rig)) == wanted


def _watch(client: Client, job: str, seen: list[float]) -> None:
    while _state(client, job) != "cancelled":
        time.sleep(0.002)
    seen.append(time.perf_counter())


def _state(client: Client, job: str) -> str:
    try:
        return client.status(job).status.state if job else ""
    except RequestError:
        return ""


def _job(rig: Rig) -> str:
    from host_plugins.nuke_panel import jobs

    known = jobs.of(rig.node)
    return next(iter(known.jobs.values()), "") if known is not None else ""


def _occupy(rig: Rig, client: Client) -> str:
    """Keep the one worker busy; the job that does."""
    from bridge.cli.prepare import Order, prepared

    order = Order(
        plate=str(rig.folder / "plate.%04d.exr"),
        matte=(str(rig.folder / "roto.%04d.exr"),),
        prompt=json.dumps({"pause": 5.0}),
        seed=time.time_ns() % 1_000_000,
        name="busy",
    )
    shot = prepared(order)
    submitted = client.submit(shot.request)
    client.upload(shot.lacking(submitted.missing))
    while _state(client, shot.job) != "running":
        time.sleep(0.01)
    return shot.job


def _noise(folder: Path, frames: int) -> dict[str, Path]:
    """Pictures that nothing packs: 960x540 float, 6 MB a frame."""
    import OpenEXR

    rng = np.random.default_rng(3)
    header = {"compression": OpenEXR.NO_COMPRESSION, "type": OpenEXR.scanlineimage}
    alpha = np.zeros((540, 960), np.float32)
    alpha[200:300, 400:500] = 1
    for frame in range(1001, 1001 + frames):
        planes = {name: rng.random((540, 960), np.float32) for name in "RGB"}
        OpenEXR.File(header, planes).write(str(folder / f"plate.{frame}.exr"))
        OpenEXR.File(dict(header), {"A": alpha.copy()}).write(str(folder / f"roto.{frame}.exr"))
    return {"plate": folder / "plate.%04d.exr", "roto": folder / "roto.%04d.exr"}


@contextmanager
def _scripted(folder: Path) -> Iterator[str]:
    """A real server with one scripted worker; its address."""
    data = folder / "server"
    data.mkdir()
    command = [sys.executable, str(SCRIPTED), "--port", "0", "--bulk-port", "0"]
    command += ["--data-dir", str(data), "--connection-file", str(data / "server.json")]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        while not (data / "server.json").exists():
            assert process.poll() is None, (data / "log").read_text()
            time.sleep(0.05)
        yield _endpoint(data)
    finally:
        process.terminate()
        process.wait()


def _endpoint(data: Path) -> str:
    return json.loads((data / "server.json").read_text())["endpoint"]


# --- imports -------------------------------------------------------------------------------------


def imports(quick: bool) -> None:
    samples = 5 if quick else 20
    bare = statistics.median(_started() for _ in range(samples))
    rows = {"bare interpreter, start to end": f"{1e3 * bare:.0f}"}
    for what, modules in IMPORTS.items():
        taken = [_imported(modules) for _ in range(samples)]
        wall, used = (statistics.median(times) for times in zip(*taken, strict=True))
        rows[f"{what} (<= 150)"] = f"{1e3 * wall:.0f}, of the processor {1e3 * used:.0f}"
    _table(f"Import in a fresh interpreter, median of {samples}, ms", rows)


def _started() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-S", "-c", ""], check=True)
    return time.perf_counter() - begin


def _imported(modules: tuple[str, ...]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, which others on the machine matter less to."""
    ran = subprocess.run(
        [sys.executable, "-c", TIMED_IMPORT, *modules], check=True, capture_output=True, text=True
    )
    wall, used = map(float, ran.stdout.split())
    return wall, used


def _table(title: str, rows: dict[str, str]) -> None:
    print(f"\n{title}\n\n| | |\n|---|---|")
    for what, value in rows.items():
        print(f"| {what} | {value} |")
    sys.stdout.flush()


def main() -> None:
    parts = {"removal": removal, "cancel": cancelling, "imports": imports}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short one, to see that it works")
    parser.add_argument("--part", choices=parts, action="append")
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("VOID_") or name == "OCIO"]:
        del os.environ[name]
    print(
        f"{platform.platform(terse=True)}, {os.cpu_count()} cores, Python {sys.version.split()[0]}"
    )
    for name in given.part or parts:
        parts[name](given.quick)


if __name__ == "__main__":
    main()
