"""Installs made for real, and what a host does with them in a Python that has nothing else."""

import base64
import csv
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bridge.errors import RequestError
from host_plugins.install import build, interpreters, vendored, wheels
from host_plugins.install.target import Target

THIS_PYTHON = f"3.{sys.version_info.minor}"
NOT_IN_A_WHEEL = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}


@pytest.fixture
def target(tmp_path):
    """A folder for plug-ins that is not there yet."""
    return Target(tmp_path / "nuke")


@pytest.fixture
def bare(target):
    """An install without libraries, which is quick."""
    build.install(target, (), None)
    return target


@pytest.fixture
def whole(installed, tmp_path):
    """An install with libraries for this Python; the test's own, but for what is in those files."""
    shutil.copytree(installed.folder, tmp_path / "nuke", copy_function=own)
    return Target(tmp_path / "nuke")


@pytest.fixture(scope="session")
def installed(stand_ins, tmp_path_factory):
    """An install with libraries for this Python; not to be changed."""
    target = Target(tmp_path_factory.mktemp("installed") / "nuke")
    build.install(target, (this_machine(),), stand_ins)
    return target


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory):
    """Wheels of what this Python has installed, packed again: no internet is needed."""
    folder = tmp_path_factory.mktemp("stand_ins")
    for package in vendored.MODULES:
        repacked(importlib.metadata.distribution(package), folder)
    return folder


@pytest.fixture(scope="session")
def everywhere(tmp_path_factory):
    """An install from the package index, for the Pythons of Nuke and a later one."""
    target = Target(tmp_path_factory.mktemp("everywhere") / "nuke")
    try:
        build.install(
            target, wheels.machines((vendored.system(),), (*wheels.PYTHONS, "3.13")), None
        )
    except RequestError as error:
        if "cannot be reached" not in error.text:
            raise
        pytest.skip(str(error))
    return target


@pytest.fixture
def host(tmp_path):
    """Runs code as a host would: a fresh Python without site-packages."""
    return Host(tmp_path)


class Host:
    """A Python with nothing on its path but the standard library."""

    START = """
import os, sys
for name in ("init.py", "menu.py"):
    path = os.path.join(sys.argv[1], name)
    exec(compile(open(path).read(), path, "exec"), {"__file__": path, "__name__": "__main__"})
"""

    def __init__(self, folder):
        self.folder = folder

    def run(self, code, *arguments, python=sys.executable):
        """Run code; what it printed, errors too."""
        done = self.ended(code, *arguments, python=python)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def ended(self, code, *arguments, python=sys.executable):
        isolated = ["-I"] if "python2" not in str(python) else []
        return subprocess.run(
            [str(python), *isolated, "-S", "-B", "-c", code, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
        )

    def starts(self, target, *, python=sys.executable, before=""):
        """Start as Nuke's GUI does, init.py first and menu.py then; what it printed."""
        return self.run(
            f"{before}\n{self.START}\nprint('Nuke has started')", target.void, python=python
        )

    def provides(self, target, *, before="", python=sys.executable):
        """What a host has after its start: where each library comes from, and what was said."""
        return json.loads(self.run(f"{before}\n{PROVIDE}", target.void, python=python))


PROVIDE = """
import json, os, sys
sys.path.append(os.path.join(sys.argv[1], "lib"))
before = list(sys.path)
from host_plugins.install import vendored
try:
    vendored.provide()
    vendored.provide()
    import msgspec, zmq
    answer = {"zmq": zmq.__file__, "version": zmq.__version__, "msgspec": msgspec.__file__}
except ImportError as error:
    answer = {"said": str(error)}
answer["path"] = sys.path[len(before):]
answer["moved"] = sys.path[:len(before)] != before
print(json.dumps(answer))
"""


def own(source, destination):
    """A copy, or for a library a link, which is quicker."""
    if f"{os.sep}vendor{os.sep}" in source:
        os.link(source, destination)
    else:
        shutil.copyfile(source, destination)


def this_machine():
    """The machine that these tests run on; skips where Nuke does not run."""
    machines = wheels.machines((vendored.system(),), (THIS_PYTHON,))
    mine = [machine for machine in machines if machine.folder == vendored.folder_name()]
    if not mine:
        pytest.skip(f"there is no Nuke for {vendored.folder_name()}")
    return mine[0]


def repacked(package, folder):
    """A wheel of an installed package."""
    files = [
        file
        for file in package.files
        if ".." not in file.parts and "__pycache__" not in file.parts
        and not (file.parent.suffix == ".dist-info" and file.name in NOT_IN_A_WHEEL)
    ]  # fmt: skip
    about = next(file for file in files if file.name == "WHEEL")
    tags = [
        line[5:].split("-") for line in about.read_text().splitlines() if line.startswith("Tag: ")
    ]
    stem = f"{package.metadata['Name']}-{package.version}"
    name = "-".join([stem, tags[0][0], tags[0][1], ".".join(tag[2] for tag in tags)])
    rows = io.StringIO()
    with zipfile.ZipFile(folder / f"{name}.whl", "w") as wheel:
        for file in files:
            content = Path(package.locate_file(file)).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            csv.writer(rows).writerow([file.as_posix(), f"sha256={digest.decode()}", len(content)])
            wheel.writestr(file.as_posix(), content)
        record = f"{about.parent.as_posix()}/RECORD"
        csv.writer(rows).writerow([record, "", ""])
        wheel.writestr(record, rows.getvalue())


def python_of(version):
    """A Python of this version that runs; skips, saying so, where there is none."""
    folder = f"{vendored.system()}-{vendored.machine()}-cp{version.replace('.', '')}"
    found = interpreters.found([folder], ())
    if folder not in found:
        pytest.skip(f"no Python {version} was found here")
    return found[folder].path


@pytest.fixture
def python():
    """Finds a Python by its version."""
    return python_of


@pytest.fixture
def machine():
    """The machine that these tests run on."""
    return this_machine()
