"""``void doctor --parity``; what doctor says of a server is tested with the commands."""

import json
import subprocess
import sys

import pytest

from bridge.cli import child, doctor


def test_parity_hands_folder_flag_and_exit_code_through(void, tmp_path, monkeypatch):
    asked = []

    def run(module, arguments):
        asked.append((module, arguments))
        return 1

    monkeypatch.setattr(child, "run", run)
    void("doctor", "--parity", "golden", code=1)
    void("doctor", "--parity", "golden", "--json", code=1)
    module = "void_server.engines.void.parity"
    assert asked == [(module, ["golden"]), (module, ["golden", "--json"])]


def test_parity_of_a_folder_that_is_none_is_no_traceback(void):
    process = void.start("doctor", "--parity", "nothing")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "nothing" in said
    assert "Traceback" not in said + out


def test_without_the_models_libraries_parity_says_what_to_install(void, monkeypatch):
    monkeypatch.setitem(doctor.EXTRAS, "void", ("torch", "no-such-library"))
    line, error = void.refused("doctor", "--parity", "golden")
    assert error["code"] == "missing_extra"
    assert "no-such-library" in line


@pytest.mark.parametrize("code", [0, 3])
def test_a_child_ends_with_its_own_exit_code(tmp_path, monkeypatch, code):
    (tmp_path / "ends.py").write_text("import sys; sys.exit(int(sys.argv[1]))")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert child.run("ends", [str(code)]) == code


def test_the_module_that_compares_is_there():
    command = [sys.executable, "-m", "void_server.engines.void.parity", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "--json" in said


def test_doctor_says_why_the_model_is_not_available(void):
    report = json.loads(void("doctor", "--json"))
    (model,) = [engine for engine in report["engines"] if engine["name"] == "void"]
    assert not model["available"]
    assert str(void.folder / "weights") in model["reason"]


def test_doctor_says_which_ocio_config_is_used_and_where_it_was_found(tmp_path, monkeypatch):
    monkeypatch.delenv("OCIO", raising=False)
    monkeypatch.delenv("VOID_OCIO", raising=False)
    assert doctor._ocio() == "built in (OCIO is not set)"
    (tmp_path / "show.ocio").touch()
    monkeypatch.setenv("VOID_OCIO", str(tmp_path / "show.ocio"))
    assert doctor._ocio() == f"{tmp_path / 'show.ocio'} (from $VOID_OCIO)"
    monkeypatch.setenv("OCIO", "/no/such.ocio")
    assert "there is no such file" in doctor._ocio()
