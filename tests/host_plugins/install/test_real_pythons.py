"""The libraries as they come from the package index, in the Pythons they are for.

Skipped, saying so, where the index cannot be reached or a Python is not installed.
"""

import json
from pathlib import Path

import pytest

from host_plugins.install import vendored

FAKES = Path(__file__).parents[2] / "fakes"

WORKS = """
import runpy, sys
runpy.run_path(sys.argv[1] + "/init.py")
import msgspec, zmq
import bridge.client, bridge.landing, bridge.submission
context = zmq.Context()
server, client = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
port = server.bind_to_random_port("tcp://127.0.0.1")
client.connect(f"tcp://127.0.0.1:{port}")
client.send(msgspec.json.encode({"frame": 1001}))
_, payload = server.recv_multipart()
assert msgspec.json.decode(payload) == {"frame": 1001}
assert zmq.has("curve")
server.close(0), client.close(0), context.term()
print(zmq.__file__, msgspec.__file__, bridge.__file__, sep="\\n")

import importlib, json, pkgutil
sys.path.append(sys.argv[2])
import nuke.fake
nuke.fake.start()
import bridge, host_plugins
refused = {}
for package in (bridge, host_plugins):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            refused[module.name] = str(error)
print(json.dumps(refused))
"""


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.13"])
def test_the_install_works_in_a_real_python_with_nothing_else_on_its_path(
    version, everywhere, host, python
):
    program = python(version)

    *places, refused = host.run(WORKS, everywhere.void, FAKES, python=program).splitlines()

    folder = f"{vendored.system()}-{vendored.machine()}-cp{version.replace('.', '')}"
    assert [place.startswith(str(everywhere.void)) for place in places] == [True] * 3
    assert folder in places[0]
    assert folder in places[1]
    without_qt = json.loads(refused)
    assert {name.split(".")[1] for name in without_qt} <= {"panel"}
    assert all("PySide6 or PySide2" in said for said in without_qt.values())


def test_the_licences_of_the_libraries_come_along(everywhere):
    for folder in (everywhere.void / "vendor").iterdir():
        for package in ("pyzmq", "msgspec"):
            (about,) = folder.glob(f"{package}-*.dist-info")
            texts = [path for path in about.rglob("LICENSE*") if path.is_file()]
            assert texts, about
            assert all(path.stat().st_size > 100 for path in texts)


def test_every_folder_holds_libraries_for_its_own_machine_only(everywhere):
    for folder in (everywhere.void / "vendor").iterdir():
        digits = folder.name.rpartition("-cp")[2]
        for library in folder.rglob("*.cpython-*"):
            assert f"cpython-{digits}" in library.name
