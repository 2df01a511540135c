"""``void install`` from end to end."""

import json
import os
import shutil
import sys

import pytest

from host_plugins.install import build, startup_line, vendored, wheels
from host_plugins.install.__main__ import main
from host_plugins.install.target import Target

posix = pytest.mark.skipif(os.name == "nt", reason="links need a right that few have there")


@pytest.fixture
def install(capsys):
    """Runs the command; its exit code, standard output and standard error."""

    def run(*arguments):
        code = main(["nuke", *map(str, arguments)])
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def answered(install):
    """Runs the command with --json; its exit code and the object."""

    def run(*arguments):
        code, out, _ = install(*arguments, "--json")
        return code, json.loads(out)

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refused(result):
    code, out, err = result
    assert code == 2
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
    return err, json.loads(out)["error"] if out else None


def test_from_install_to_uninstall_and_every_byte_is_as_before(
    install, answered, stand_ins, machine, tmp_path
):
    folder = tmp_path / "nuke"
    folder.mkdir()
    (folder / "init.py").write_bytes(b"import os\r\nprint('mine')")
    asked = ("--nuke-python", machine.python, "--wheels", stand_ins)

    code, out, _ = install("--dir", folder, *asked)
    assert code == 0
    assert f"{machine.folder}: msgspec " in out
    assert "one line added" in out
    assert f"Add {folder} to NUKE_PATH." in out

    code, answer = answered("--dir", folder, *asked)
    assert (code, answer["line"], answer["kept"]) == (0, "there", [])
    assert list(answer["vendored"]) == [machine.folder]

    code, out, _ = install("--dir", folder, "--check")
    assert code == 0
    assert f"vendor/{machine.folder}: msgspec " in out
    assert out.splitlines()[-1] == "4 ok, 0 wrong, 0 not run"

    code, answer = answered("--dir", folder, "--uninstall")
    assert (code, answer["line"], answer["kept"]) == (0, "there", [])
    assert names(folder) == ["init.py"]
    assert (folder / "init.py").read_bytes() == b"import os\r\nprint('mine')"


def test_what_somebody_changed_or_added_is_kept_and_named(bare, install):
    (bare.void / "menu.py").write_text("# patched\n")
    (bare.void / "lib" / "mine.txt").write_text("mine\n")

    code, out, _ = install("--dir", bare.folder, "--uninstall")

    assert code == 0
    left = sorted(p.relative_to(bare.void).as_posix() for p in bare.void.rglob("*") if p.is_file())
    assert left == ["lib/mine.txt", "menu.py"]
    assert f"{(bare.void / 'menu.py').as_posix()}: kept" in out
    assert f"{(bare.void / 'lib/mine.txt').as_posix()}: kept" in out


def test_a_line_that_somebody_changed_is_kept_and_named(bare, install):
    text = b"if studio:\n    " + startup_line.LINE + b"\n"
    bare.init.write_bytes(text)

    _, out, _ = install("--dir", bare.folder, "--uninstall")

    assert bare.init.read_bytes() == text
    assert "take it out by hand" in out


def test_bytecode_that_python_made_goes_with_the_install(bare, answered):
    cache = bare.void / "lib" / "bridge" / "__pycache__"
    cache.mkdir()
    (cache / "client.cpython-311.pyc").write_bytes(b"0")

    assert answered("--dir", bare.folder, "--check")[1]["ok"]
    assert answered("--dir", bare.folder, "--uninstall")[1]["kept"] == []
    assert not bare.void.exists()


def test_what_somebody_keeps_in_a_folder_of_bytecode_is_not_deleted(bare, answered):
    for name in ("lib/bridge/__pycache__/notes.txt", "__pycache__/show/setup.pyc"):
        (bare.void / name).parent.mkdir(parents=True)
        (bare.void / name).write_text("mine")

    kept = answered("--dir", bare.folder, "--uninstall")[1]["kept"]

    assert len(kept) == 2
    assert (bare.void / "lib/bridge/__pycache__/notes.txt").read_text() == "mine"
    assert (bare.void / "__pycache__/show/setup.pyc").read_text() == "mine"


@posix
@pytest.mark.parametrize("name", ["void", ".void.old", ".void.new"])
@pytest.mark.parametrize("action", [(), ("--uninstall",)], ids=["install", "uninstall"])
def test_nothing_is_changed_through_a_link_to_a_studios_folder(
    bare, install, tmp_path, name, action
):
    home = tmp_path / "home"
    home.mkdir()
    (home / name).symlink_to(bare.void)
    (home / "init.py").write_bytes(bare.init.read_bytes())
    before = names(bare.folder), names(home)

    _, error = refused(install("--dir", home, *action, "--json"))

    assert error["code"] == "not_ours"
    assert str(bare.void) in error["text"]
    assert (names(bare.folder), names(home)) == before


@posix
def test_a_folder_for_plug_ins_that_is_itself_a_link_is_as_good_as_any(install, tmp_path):
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "nuke").symlink_to(tmp_path / "dotfiles")
    build.install(Target(tmp_path / "nuke"), (), None)

    assert install("--dir", tmp_path / "nuke", "--uninstall")[0] == 0
    assert names(tmp_path / "dotfiles") == []


def test_a_record_that_names_a_file_outside_its_folder_deletes_nothing(bare, install, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("")
    record = json.loads((bare.void / "install.json").read_text())
    record["files"]["../../precious"] = {"size": 0, "sha256": ""}
    (bare.void / "install.json").write_text(json.dumps(record))

    _, error = refused(install("--dir", bare.folder, "--uninstall", "--json"))

    assert error["code"] == "install_record"
    assert precious.exists()
    assert (bare.void / "menu.py").exists()


@pytest.mark.parametrize("text", ["", "{", '{"version": 1}', "\xff"])
def test_a_record_that_cannot_be_read_is_told_in_words(bare, install, text):
    (bare.void / "install.json").write_text(text, "latin-1")

    for action in ("--uninstall", "--check"):
        _, error = refused(install("--dir", bare.folder, action, "--json"))
        assert error["code"] == "install_record"


def test_there_is_nothing_to_uninstall_twice(bare, install):
    install("--dir", bare.folder, "--uninstall")

    err, error = refused(install("--dir", bare.folder, "--uninstall", "--json"))

    assert error["code"] == "not_installed"
    assert "nothing is installed there" in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--nuke-python", "3.9"), "unknown_python"),
        (("--os", "irix"), "unknown_system"),
        (("--wheels", "no/such/folder"), "bad_path"),
        (("--check", "--with", "no/such/python"), "bad_path"),
        (("--dir", "~nobody-of-this-name/nuke"), "bad_path"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(arguments, code, install, tmp_path):
    folder = () if "--dir" in arguments else ("--dir", tmp_path / "nuke")

    _, error = refused(install(*folder, *arguments, "--json"))

    assert error["code"] == code
    assert not (tmp_path / "nuke").exists()


def test_ctrl_c_leaves_nothing_half_done(install, tmp_path, monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(wheels, "fetch", stopped)

    code, _, err = install("--dir", tmp_path / "nuke", "--os", "linux")

    assert (code, err) == (130, "Stopped.\n")
    assert names(tmp_path / "nuke") == []


class TestChecking:
    """``--check``"""

    def test_nothing_there_is_wrong(self, answered, tmp_path):
        code, answer = answered("--dir", tmp_path, "--check")

        assert (code, answer["ok"]) == (1, False)

    @pytest.mark.parametrize(
        ("spoil", "subject"),
        [
            (lambda t: (t.void / "lib/bridge/client.py").unlink(), "lib/bridge/client.py"),
            (lambda t: (t.void / "farm.py").write_text("1"), "farm.py"),
            (lambda t: t.init.write_text(""), "init.py"),
        ],
        ids=["missing", "changed", "without its line"],
    )
    def test_what_is_wrong_is_named(self, spoil, subject, bare, answered):
        spoil(bare)

        code, answer = answered("--dir", bare.folder, "--check")

        assert (code, answer["ok"]) == (1, False)
        wrong = [f["subject"] for f in answer["checks"] if f["state"] == "wrong"]
        assert any(name.endswith(subject) for name in wrong)

    def test_a_change_of_one_byte_that_keeps_the_size_is_seen(self, bare, answered):
        path = bare.void / "lib" / "bridge" / "shot.py"
        path.write_bytes(path.read_bytes()[:-1] + b" ")

        assert answered("--dir", bare.folder, "--check")[0] == 1

    def test_libraries_that_do_not_load_are_wrong(self, whole, answered):
        name = vendored.folder_name()
        shutil.rmtree(whole.void / "vendor" / name / "msgspec")

        _, answer = answered("--dir", whole.folder, "--check")

        found = [f for f in answer["checks"] if f["subject"] == f"vendor/{name}"]
        assert found[0]["state"] == "wrong"
        assert "msgspec" in found[0]["text"]

    def test_what_was_not_looked_at_is_not_called_ok(self, bare, answered):
        record = json.loads((bare.void / "install.json").read_text())
        record["vendored"]["plan9-x86_64-cp311"] = {"pyzmq": "27.3.0"}
        ours = vendored.folder_name().rpartition("cp")[0] + "cp399"
        record["vendored"][ours] = {"pyzmq": "27.3.0"}
        (bare.void / "install.json").write_text(json.dumps(record))

        code, answer = answered("--dir", bare.folder, "--check")

        states = {f["subject"]: f["state"] for f in answer["checks"]}
        assert states["vendor/plan9-x86_64-cp311"] == "not run"
        assert states[f"vendor/{ours}"] == "not run"
        assert code == 0

    def test_a_named_python_is_the_one_that_is_tried(self, whole, answered):
        _, answer = answered("--dir", whole.folder, "--check", "--with", sys.executable)

        tried = [f["text"] for f in answer["checks"] if f["subject"].startswith("vendor/")]
        assert f"imported by {sys.executable} " in tried[0]

    def test_a_named_program_that_is_no_python_is_wrong(self, whole, answered, tmp_path):
        (tmp_path / "python").write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / "python").chmod(0o755)

        code, answer = answered("--dir", whole.folder, "--check", "--with", tmp_path / "python")

        assert code == 1
        assert [f["subject"] for f in answer["checks"] if f["state"] == "wrong"] == [
            str(tmp_path / "python")
        ]

    def test_what_somebody_added_is_a_note(self, bare, answered):
        (bare.void / "notes.txt").write_text("mine")

        code, answer = answered("--dir", bare.folder, "--check")

        assert code == 0
        assert [f["subject"] for f in answer["checks"] if f["state"] == "note"] == ["notes.txt"]

    def test_checking_changes_nothing(self, bare, answered):
        before = sorted(bare.folder.rglob("*"))

        answered("--dir", bare.folder, "--check")

        assert sorted(bare.folder.rglob("*")) == before
