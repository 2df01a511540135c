"""Where a host gets its libraries from."""

import sys

import pytest

from host_plugins.install import vendored


def own_library(folder, version, name="zmq"):
    """A library of the host's own, or of another tool."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(f"__version__ = {version!r}\n")
    about = folder / f"{'pyzmq' if name == 'zmq' else name}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {about.name.split('-')[0]}\nVersion: {version}\n"
    )
    (folder / "neighbour.py").write_text("")
    return f"import sys; sys.path.insert(0, {str(folder)!r})"


def test_a_host_that_has_nothing_gets_both_from_our_folder_at_the_end_of_its_path(installed, host):
    got = host.provides(installed)

    folder = installed.void / "vendor" / vendored.folder_name()
    assert got["zmq"].startswith(str(folder))
    assert got["msgspec"].startswith(str(folder))
    assert got["path"] == [str(folder)]  # once, though it was done twice
    assert not got["moved"]


def test_a_folder_may_be_moved(whole, tmp_path, host):
    moved = whole.folder.rename(tmp_path / "elsewhere with a space")

    got = host.provides(type(whole)(moved))

    assert got["zmq"].startswith(str(moved / "void" / "vendor"))


def test_a_new_enough_library_of_the_host_is_used(installed, tmp_path, host):
    before = own_library(tmp_path / "site", "99.1")

    got = host.provides(installed, before=before)

    assert got["zmq"].startswith(str(tmp_path / "site"))
    assert got["msgspec"].startswith(str(installed.void / "vendor"))


@pytest.mark.parametrize("version", ["26.3.9", "25", "4.0.1rc1"])
def test_one_that_is_too_old_is_passed_over_and_nothing_else_of_that_tool(
    installed, tmp_path, host, version
):
    before = own_library(tmp_path / "site", version)

    got = host.provides(installed, before=f"{before}\nimport neighbour")

    assert got["zmq"].startswith(str(installed.void / "vendor"))
    assert not got["moved"]
    assert got["path"] == [str(installed.void / "vendor" / vendored.folder_name())]


def test_one_that_is_too_old_and_in_use_is_named(installed, tmp_path, host):
    before = own_library(tmp_path / "site", "25.1")

    got = host.provides(installed, before=f"{before}\nimport zmq")

    assert "another tool has loaded zmq 25.1" in got["said"]
    assert str(tmp_path / "site") in got["said"]


def test_a_folder_that_happens_to_have_the_name_is_no_library(installed, tmp_path, host):
    (tmp_path / "site" / "zmq").mkdir(parents=True)
    before = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})"

    assert host.provides(installed, before=before)["zmq"].startswith(str(installed.void))


def test_a_python_without_a_folder_is_told_what_to_type(whole, host):
    name = vendored.folder_name()
    other = name.rpartition("cp")[0] + "cp399"
    (whole.void / "vendor" / name).rename(whole.void / "vendor" / other)

    said = host.provides(whole)["said"]

    python = f"3.{name.rpartition('cp3')[2]}"
    assert f"no pyzmq and msgspec for {name} (there is {other})" in said
    assert f"void install nuke --os {vendored.system()}" in said
    assert f"--nuke-python {python} --nuke-python 3.99" in said


def test_another_package_of_our_name_is_named(installed, tmp_path, host):
    (tmp_path / "site" / "bridge").mkdir(parents=True)
    (tmp_path / "site" / "bridge" / "__init__.py").write_text("")
    before = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})"

    said = host.provides(installed, before=before)["said"]

    assert (
        f"another package named 'bridge' comes first on Python's path ({tmp_path / 'site'}" in said
    )


def test_two_installs_agree_on_the_first(installed, whole, host):
    code = """
import os, sys
for folder in sys.argv[1:]:
    path = os.path.join(folder, "init.py")
    exec(compile(open(path).read(), path, "exec"), {"__file__": path})
import zmq, bridge, host_plugins
print(zmq.__file__, bridge.__file__, host_plugins.__file__, sep="\\n")
"""
    places = host.run(code, installed.void, whole.void).split()

    assert all(place.startswith(str(installed.void)) for place in places)


def test_nothing_is_loaded_by_looking(installed, host):
    code = """
import os, sys
sys.path.append(os.path.join(sys.argv[1], "lib"))
from host_plugins.install import vendored
vendored.provide()
print(sorted({"zmq", "msgspec", "bridge", "importlib.metadata", "ctypes"} & set(sys.modules)))
"""
    assert host.run(code, installed.void).strip() == "[]"


def test_a_python_that_pip_has_served_is_left_as_it_is():
    path = list(sys.path)

    vendored.provide()

    assert sys.path == path
