import json
import sys

import pytest

import bridge
from bridge.client import Client
from bridge.errors import ConnectionLost

NOWHERE = "tcp://127.0.0.1:1"

NUKE = """\
#!{python}
import json, sys
from bridge.client import Client
arguments = sys.argv[1:]
endpoint = arguments[arguments.index("--server") + 1]
version = ""
if endpoint != {nowhere!r}:
    with Client(endpoint) as client:
        version = client.hello().version
open({record!r}, "w").write(json.dumps(dict(arguments=arguments, version=version)))
sys.exit({code})
"""


@pytest.fixture
def installed(tmp_path):
    """A folder in which the live kit is installed; a stand-in for Nuke never opens it."""
    kit = tmp_path / "nuke" / "void" / "selftest.py"
    kit.parent.mkdir(parents=True)
    kit.write_text("")
    return tmp_path / "nuke"


@pytest.fixture
def nuke(tmp_path):
    """A program that does what Nuke does with its arguments: it asks the server that is named."""

    def made(code=0):
        program = tmp_path / "Nuke16.0"
        record = tmp_path / "nuke.json"
        values = {"python": sys.executable, "record": str(record), "code": code}
        program.write_text(NUKE.format(nowhere=NOWHERE, **values))
        program.chmod(0o755)
        return program, record

    return made


def test_nuke_is_started_with_the_kit_and_a_server_of_its_own(void, installed, nuke, tmp_path):
    program, record = nuke()
    void(
        "selftest", "nuke", "--nuke", program, "--dir", installed, "--out", "found", "--who", "Ada"
    )
    told = json.loads(record.read_text())
    kit = str(installed / "void" / "selftest.py")
    assert told["arguments"][:2] == ["-t", kit]
    assert told["arguments"][-4:] == ["--who", "Ada", "--out", str(tmp_path / "found")]
    assert told["version"] == bridge.__version__
    with Client(told["arguments"][3], timeout=0.2) as client, pytest.raises(ConnectionLost):
        client.hello()  # it ended with Nuke
    assert not list((tmp_path / "found").iterdir())


def test_what_failed_in_nuke_is_the_exit_code(void, installed, nuke):
    program, _ = nuke(code=1)
    there = ("--nuke", program, "--dir", installed)
    void("selftest", "nuke", *there, "--server", NOWHERE, code=1)


def test_the_environment_names_nuke_as_well(void, installed, nuke, monkeypatch):
    program, record = nuke()
    monkeypatch.setenv("NUKE_EXECUTABLE", str(program))
    void("selftest", "nuke", "--dir", installed, "--server", NOWHERE)
    assert NOWHERE in json.loads(record.read_text())["arguments"]


def test_without_nuke_it_says_how_to_run_it(void, installed):
    void("selftest", "nuke", "--dir", installed, code=2)
    assert "--nuke /usr/local/Nuke16.0v1/Nuke16.0" in void.said
    assert f"Nuke -t {installed / 'void' / 'selftest.py'}" in void.said


def test_a_kit_that_is_not_installed_is_said_with_the_way_to_it(void, nuke, tmp_path):
    program, _ = nuke()
    void("selftest", "nuke", "--nuke", program, "--dir", tmp_path, code=2)
    assert "void install nuke --dir" in void.said


def test_a_program_that_is_none_is_refused(void, installed, tmp_path):
    void("selftest", "nuke", "--nuke", tmp_path, "--dir", installed, code=2)
    assert "there is no such program" in void.said


def test_a_program_that_cannot_run_is_told_in_words(void, installed, tmp_path):
    broken = tmp_path / "Nuke16.0"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    there = ("--dir", installed, "--server", NOWHERE)
    void("selftest", "nuke", "--nuke", broken, *there, code=2)
    assert "it cannot be started" in void.said
