"""Installing, over an older install too, and what is left when it is broken off."""

import json
import os
from pathlib import Path

import pytest

from bridge.errors import RequestError
from host_plugins.install import build, startup_line, wheels
from host_plugins.install import record as records
from host_plugins.install.target import Target

posix = pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")


def tree(folder):
    return {name: (folder / name).read_bytes() for name in records.names(folder)}


def test_what_runs_inside_a_host_is_copied_and_nothing_else(bare):
    lib = bare.void / "lib"
    names = set(records.names(lib))

    assert {"bridge/client.py", "bridge/wire.py", "host_plugins/run/order.py"} <= names
    assert {"host_plugins/install/__init__.py", "host_plugins/install/vendored.py"} == {
        name for name in names if name.startswith("host_plugins/install/")
    }
    assert not [name for name in names if name.startswith(("bridge/cli/", "bridge/batch/"))]
    assert not [name for name in names if records.is_bytecode(name) or name.endswith(".pyc")]
    assert (bare.void / "LICENSE").exists()


def test_the_copies_are_the_originals(bare):
    for name in ("bridge/client.py", "host_plugins/run/order.py", "host_plugins/__init__.py"):
        original = Path(build.SOURCES[name.split("/")[0]][0].__path__[0]).parent / name
        assert (bare.void / "lib" / name).read_bytes() == original.read_bytes()


def test_the_record_lists_every_file_and_no_place(installed):
    record = json.loads((installed.void / "install.json").read_text())

    assert set(record["files"]) == set(records.names(installed.void)) - {"install.json"}
    assert all("\\" not in name and not name.startswith("/") for name in record["files"])
    assert str(installed.folder) not in (installed.void / "install.json").read_text()
    assert {package for got in record["vendored"].values() for package in got} == {
        "pyzmq",
        "msgspec",
    }


@posix
def test_everybody_may_read_it_whatever_the_umask(tmp_path):
    target = Target(tmp_path / "studio" / "nuke")
    umask = os.umask(0o077)
    try:
        build.install(target, (), None)
    finally:
        os.umask(umask)

    for path in (tmp_path / "studio", target.folder, *target.folder.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_nothing_but_the_line_and_the_folder_is_new(target):
    target.folder.mkdir()
    (target.folder / "menu.py").write_bytes(b"mine = 1\r\n")
    (target.folder / "init.py").write_bytes(b"mine = 2")

    build.install(target, (), None)

    assert sorted(path.name for path in target.folder.iterdir()) == ["init.py", "menu.py", "void"]
    assert (target.folder / "menu.py").read_bytes() == b"mine = 1\r\n"
    assert target.init.read_bytes() == b"mine = 2\n" + startup_line.LINE


def test_an_older_install_is_replaced_whole(bare):
    stale = bare.void / "lib" / "bridge" / "stale.py"
    stale.write_text("")
    older = records.read(bare.void)
    records.write(
        bare.void, records.Installed(**{**fields(older), "files": records.listed(bare.void)})
    )
    (bare.void / "lib" / "bridge" / "__pycache__").mkdir()
    (bare.void / "lib" / "bridge" / "__pycache__" / "stale.cpython-311.pyc").write_bytes(b"0")

    made = build.install(bare, (), None)

    assert not stale.exists()
    assert (made.kept, made.line_added) == (None, False)
    assert sorted(path.name for path in bare.folder.iterdir()) == ["init.py", "void"]


def test_what_somebody_changed_in_the_older_install_is_kept_beside_it(bare):
    (bare.void / "menu.py").write_text("# patched\n")
    (bare.void / "notes.txt").write_text("mine\n")

    made = build.install(bare, (), None)

    assert tree(made.kept) == {"menu.py": b"# patched\n", "notes.txt": b"mine\n"}
    assert made.kept.name.startswith("void.kept-")
    assert "patched" not in (bare.void / "menu.py").read_text()


def test_a_folder_of_our_name_that_is_not_ours_is_left_alone(target):
    target.void.mkdir(parents=True)
    (target.void / "mine.txt").write_text("mine")

    with pytest.raises(RequestError) as refused:
        build.install(target, (), None)

    assert refused.value.code == "not_ours"
    assert tree(target.folder) == {"void/mine.txt": b"mine"}


class Stopped(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize(
    ("older", "calls"),
    [(False, 0), (True, 0), (True, 1), (True, 2)],
    ids=["new", "old still there", "neither there", "old not cleared away"],
)
def test_broken_off_at_any_rename_nuke_starts_and_the_next_install_mends_it(
    older, calls, target, host, monkeypatch
):
    if older:
        build.install(target, (), None)
        (target.void / "notes.txt").write_text("mine\n")
    left = calls

    def rename(self, to, real=Path.rename):
        nonlocal left
        left -= 1
        if left < 0:
            raise Stopped
        return real(self, to)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(Stopped):
        build.install(target, (), None)
    monkeypatch.undo()

    if target.void.exists():
        assert host.starts(target).splitlines()[-1] == "Nuke has started"
    build.install(target, (), None)
    found = records.differences(target.void, records.read(target.void))
    assert (found.missing, found.changed, found.added) == ((), (), ())
    assert startup_line.state(target.init) == "there"
    names = sorted(path.name for path in target.folder.iterdir())
    assert [name for name in names if not name.startswith("void.kept-")] == ["init.py", "void"]
    if older:
        (kept,) = target.folder.glob("void.kept-*")
        assert tree(kept) == {"notes.txt": b"mine\n"}


def test_a_folder_without_the_wheels_leaves_the_older_install_as_it_was(bare, tmp_path, machine):
    before = tree(bare.folder)
    (tmp_path / "none").mkdir()

    with pytest.raises(RequestError) as refused:
        build.install(bare, (machine,), tmp_path / "none")

    assert refused.value.code == "no_wheels"
    assert f"{tmp_path / 'none'} has not all of them" in refused.value.text
    for name, bound in wheels.needs().items():
        assert name + bound in refused.value.text
    assert tree(bare.folder) == before


@posix
def test_an_old_install_that_is_in_use_stays_and_the_owner_is_told(bare, monkeypatch):
    def held(self, to):
        raise PermissionError(13, "Access is denied", str(self))

    before = tree(bare.folder)
    monkeypatch.setattr(Path, "rename", held)  # what Windows does to a folder with a loaded library

    with pytest.raises(RequestError) as refused:
        build.install(bare, (), None)

    assert refused.value.code == "not_writable"
    assert "Close every Nuke" in refused.value.hint
    assert tree(bare.folder) == before


def test_a_place_that_cannot_be_a_folder_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(RequestError) as refused:
        build.install(Target(tmp_path / "file" / "nuke"), (), None)

    assert refused.value.code == "not_writable"


def fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
