"""The installed panel in real Pythons that have nothing else, and what importing it costs.

    python tests/benchmarks/vendored_install.py [--samples 20] [--this-os]

Installs from the package index as ``void install nuke`` does, for every operating system, and
prints which wheels that brought. In each Python of this machine that libraries were brought for,
it imports them from the install alone, sends 8 MiB through a pair of sockets, and times imports:
one fresh interpreter for each sample, nothing loaded before but a module ``nuke`` of no weight.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from host_plugins.install import build, interpreters, vendored, wheels
from host_plugins.install.interpreters import Interpreter
from host_plugins.install.target import Target

PYTHONS = (*wheels.PYTHONS, "3.13")

ROUND_TRIP = """
import os, runpy, sys
runpy.run_path(os.path.join(sys.argv[1], "init.py"))
import zmq, msgspec, bridge.client
context = zmq.Context()
server, client = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
client.connect("tcp://127.0.0.1:%d" % server.bind_to_random_port("tcp://127.0.0.1"))
client.send(bytes(8 << 20))
server.send_multipart(server.recv_multipart())
assert client.recv() == bytes(8 << 20)
server.close(0), client.close(0), context.term()
print(f"pyzmq {zmq.__version__}, libzmq {zmq.zmq_version()}, msgspec {msgspec.__version__}")
"""

TIMED = """
import os, runpy, sys, time, types
class Weightless(types.ModuleType):
    def __getattr__(self, name):
        return type(name, (), {})
for name in ("nuke", "nukescripts"):
    sys.modules[name] = Weightless(name)
begin = time.perf_counter()
runpy.run_path(os.path.join(sys.argv[1], "init.py"))
for name in sys.argv[2:]:
    __import__(name)
print(time.perf_counter() - begin)
"""

CASES = {
    "init.py alone": (),
    "menu": ("host_plugins.nuke_panel.menu",),
    "menu and the callbacks of scripts": (
        "host_plugins.nuke_panel.menu",
        "host_plugins.nuke_panel.script",
    ),
    "menu and what a button imports": (
        "host_plugins.nuke_panel.menu",
        "host_plugins.nuke_panel.buttons",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--this-os", action="store_true", help="wheels of this system only")
    options = parser.parse_args()
    systems = (vendored.system(),) if options.this_os else tuple(wheels.PLATFORMS)
    with tempfile.TemporaryDirectory(prefix="void-install-") as name:
        target = Target(Path(name) / "nuke")
        made = build.install(target, wheels.machines(systems, PYTHONS), None)
        print_wheels(target, made.record.vendored)
        found = interpreters.found(list(made.record.vendored), ())
        print_round_trips(target, found)
        print_imports(target, found, options.samples)


def print_wheels(target: Target, brought: dict[str, dict[str, str]]) -> None:
    print("| folder | wheels | on disk |\n|---|---|---|")
    for folder, packages in brought.items():
        place = target.void / "vendor" / folder
        size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        named = ", ".join(f"{package} {version}" for package, version in packages.items())
        print(f"| {folder} | {named} ({tags(place)}) | {size / 1e6:.1f} MB |")


def tags(place: Path) -> str:
    """What each wheel says that it is for, the most general of what it says."""
    abouts = [path.read_text().split() for path in sorted(place.glob("*.dist-info/WHEEL"))]
    return ", ".join(min(word for word in about if word.startswith("cp")) for about in abouts)


def print_round_trips(target: Target, found: dict[str, Interpreter]) -> None:
    print("\n| folder | Python | imported | 8 MiB there and back |\n|---|---|---|---|")
    for folder, interpreter in sorted(found.items()):
        said = run(interpreter, ROUND_TRIP, target.void).strip()
        print(f"| {folder} | {interpreter.version} | {said} | yes |")
    lacking = {f"cp{p.replace('.', '')}" for p in PYTHONS} - {f.rpartition("-")[2] for f in found}
    for abi in sorted(lacking):
        print(f"| {vendored.system()}-{vendored.machine()}-{abi} | not found here | not run | |")


def print_imports(target: Target, found: dict[str, Interpreter], samples: int) -> None:
    print("\n| Python | imported | median | slowest | without bytecode |\n|---|---|---|---|---|")
    for _, interpreter in sorted(found.items()):
        for case, modules in CASES.items():
            bare = [timed(interpreter, target, modules, "-B") for _ in range(samples)]
            timed(interpreter, target, modules)  # writes the bytecode
            warm = [timed(interpreter, target, modules) for _ in range(samples)]
            print(
                f"| {interpreter.version} | {case} | {statistics.median(warm):.0f} ms "
                f"| {max(warm):.0f} ms | {statistics.median(bare):.0f} ms |"
            )
            clear_bytecode(target)


def timed(
    interpreter: Interpreter, target: Target, modules: tuple[str, ...], *options: str
) -> float:
    """Milliseconds from the start of init.py until everything is imported."""
    return 1000 * json.loads(run(interpreter, TIMED, target.void, *modules, options=options))


def clear_bytecode(target: Target) -> None:
    for path in target.void.rglob("*.pyc"):
        path.unlink()


def run(
    interpreter: Interpreter, code: str, *arguments: str | Path, options: tuple[str, ...] = ("-B",)
) -> str:
    command = [str(interpreter.path), "-I", "-S", *options, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
