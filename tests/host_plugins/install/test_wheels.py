"""The libraries that an install brings."""

import sys
import venv
from pathlib import Path

import msgspec
import pytest
import zmq

from bridge.errors import RequestError
from host_plugins.install import vendored, wheels
from host_plugins.install.wheels import Machine

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def test_the_needs_are_those_of_the_package_and_name_no_extra():
    project = tomllib().loads(PROJECT.read_text("utf-8"))["project"]

    assert {name + bound for name, bound in wheels.needs().items()} == set(project["dependencies"])
    assert set(wheels.needs()) == set(vendored.MODULES)


def test_sources_that_are_not_installed_are_told_so(installed, host, tmp_path):
    code = """
import sys
sys.path += sys.argv[1:3]
from host_plugins.install.__main__ import main
print(main(["nuke", "--dir", sys.argv[3]]))
"""
    libraries = installed.void / "vendor" / vendored.folder_name()

    said = host.run(code, PROJECT.parent, libraries, tmp_path / "nuke").splitlines()

    assert said[0].startswith("void-bridge: it is not installed in this Python")
    assert said[1:] == ["2"]
    assert list((tmp_path / "nuke").iterdir()) == []


def test_a_machine_stands_for_every_processor_of_its_system_and_every_python():
    found = [machine.folder for machine in wheels.machines(("linux", "macos"), ("3.10", "3.11"))]

    assert found == [
        "linux-x86_64-cp310",
        "linux-x86_64-cp311",
        "macos-x86_64-cp310",
        "macos-x86_64-cp311",
        "macos-arm64-cp310",
        "macos-arm64-cp311",
    ]


def test_what_is_named_twice_is_brought_once():
    assert len(wheels.machines(("linux", "linux"), ("3.10", "3.10"))) == 1


@pytest.mark.parametrize("python", ["3.9", "2.7", "3", "3.11.7", "eleven", "4.0"])
def test_a_python_that_no_panel_runs_on_is_refused(python):
    with pytest.raises(RequestError) as refused:
        wheels.machines(("linux",), (python,))

    assert refused.value.code == "unknown_python"
    assert python in refused.value.text


def test_a_system_without_nuke_is_refused():
    with pytest.raises(RequestError) as refused:
        wheels.machines(("freebsd14",), ("3.11",))

    assert refused.value.code == "unknown_system"


def test_the_versions_are_those_of_what_was_installed(installed):
    got = wheels.versions(installed.void / "vendor" / vendored.folder_name())

    assert got == {"msgspec": msgspec.__version__, "pyzmq": zmq.__version__}


def test_wheels_for_another_machine_are_not_taken(stand_ins, machine, tmp_path):
    other = Machine(system="windows", processor="x86_64", python=machine.python)

    with pytest.raises(RequestError) as refused:
        wheels.fetch(other, tmp_path / "got", stand_ins)

    assert refused.value.code == "no_wheels"


def test_an_index_out_of_reach_is_told_with_both_ways_out(tmp_path, machine, monkeypatch):
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    with pytest.raises(RequestError) as refused:
        wheels.fetch(machine, tmp_path / "got", None)

    assert refused.value.code == "no_wheels"
    assert "the package index cannot be reached" in refused.value.text
    assert "copy the folder" in refused.value.hint
    assert "--wheels DIR" in refused.value.hint


def test_a_python_without_pip_is_told_what_to_do(tmp_path, machine, monkeypatch):
    venv.create(tmp_path / "plain", with_pip=False)
    programs = tmp_path / "plain" / ("Scripts" if sys.platform == "win32" else "bin")
    monkeypatch.setattr(sys, "executable", str(programs / "python"))

    with pytest.raises(RequestError) as refused:
        wheels.fetch(machine, tmp_path / "got", None)

    assert refused.value.code == "no_pip"
    assert "ensurepip" in refused.value.hint


def tomllib():
    return pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
