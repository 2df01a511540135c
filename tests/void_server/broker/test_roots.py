import os
import socket
import sys
from pathlib import Path

import pytest

from bridge.errors import RequestError
from void_server.broker import roots
from void_server.broker.roots import readable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "show"
    (folder / "sh010").mkdir(parents=True)
    (folder / "sh010" / "plate.1001.exr").write_bytes(b"pixels")
    (tmp_path / "secret.exr").write_bytes(b"secret")
    return folder.resolve()


def refused(path: str, root: Path, size: int = 6) -> str:
    with pytest.raises(RequestError) as error:
        readable(path, size=size, roots=[root])
    return error.value.code


def test_a_file_below_a_root_may_be_read(root):
    plate = root / "sh010" / "plate.1001.exr"
    assert readable(str(plate), size=6, roots=[Path("/nowhere"), root]) == plate


def test_a_path_outside_the_roots_is_refused_and_the_roots_are_named(root):
    with pytest.raises(RequestError, match=f"expected one of {root}") as error:
        readable(str(root.parent / "secret.exr"), size=6, roots=[root])
    assert error.value.code == "outside_roots"


def test_a_sibling_whose_name_begins_like_the_root_is_outside(root):
    sibling = root.parent / "show2"
    sibling.mkdir()
    (sibling / "plate.exr").write_bytes(b"pixels")
    assert refused(str(sibling / "plate.exr"), root) == "outside_roots"


@pytest.mark.parametrize(
    "path",
    ["../secret.exr", "sh010/../../secret.exr", "../show/../secret.exr", "../not_there.exr"],
)
def test_dots_do_not_lead_out(root, path):
    assert refused(f"{root}/{path}", root) == "outside_roots"


def test_dots_that_stay_inside_are_fine(root):
    path = f"{root}/sh010/../sh010/plate.1001.exr"
    assert readable(path, size=6, roots=[root]) == root / "sh010" / "plate.1001.exr"


def test_a_link_that_leads_out_is_refused(root):
    (root / "link.exr").symlink_to(root.parent / "secret.exr")
    assert refused(str(root / "link.exr"), root) == "outside_roots"


def test_a_linked_folder_that_leads_out_is_refused(root):
    (root / "folder").symlink_to(root.parent)
    assert refused(str(root / "folder" / "secret.exr"), root) == "outside_roots"


def test_a_link_that_stays_inside_is_read_where_it_points(root):
    plate = root / "sh010" / "plate.1001.exr"
    (root / "link.exr").symlink_to(plate)
    assert readable(str(root / "link.exr"), size=6, roots=[root]) == plate


def test_a_link_swapped_in_after_resolving_is_not_followed(root, monkeypatch):
    plate = root / "sh010" / "plate.1001.exr"
    resolve = os.path.realpath

    def then_swap(path):
        resolved = resolve(path)
        plate.unlink()
        plate.symlink_to(root.parent / "secret.exr")
        return resolved

    monkeypatch.setattr(roots.os.path, "realpath", then_swap)
    assert readable(str(plate), size=6, roots=[root]) is None


def test_a_folder_swapped_in_after_resolving_is_not_followed(root, monkeypatch):
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "plate.1001.exr").write_bytes(b"secret")
    resolve = os.path.realpath

    def then_swap(path):
        resolved = resolve(path)
        (root / "sh010").rename(root / "old")
        (root / "sh010").symlink_to(outside)
        return resolved

    monkeypatch.setattr(roots.os.path, "realpath", then_swap)
    assert readable(str(root / "sh010" / "plate.1001.exr"), size=6, roots=[root]) is None


def test_a_pipe_is_refused_without_waiting_for_a_writer(root):
    os.mkfifo(root / "pipe.exr")
    assert refused(str(root / "pipe.exr"), root) == "not_a_file"


def test_a_folder_is_refused(root):
    assert refused(str(root / "sh010"), root) == "not_a_file"
    assert refused(str(root), root) == "not_a_file"


def test_a_socket_is_not_read(root, monkeypatch):
    monkeypatch.chdir(root)  # socket paths are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.exr")
        assert readable(str(root / "socket.exr"), size=6, roots=[root]) is None


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/self/root/etc/passwd", "/dev/zero"])
def test_what_the_kernel_pretends_to_be_files_is_outside(root, path):
    assert refused(path, root) == "outside_roots"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev here")
def test_a_device_is_refused_even_below_a_root():
    assert refused("/dev/zero", Path("/dev")) == "not_a_file"


@pytest.mark.parametrize(
    "path",
    ["", "plate.exr", "sh010/plate.1001.exr", "/show/\0plate.exr", "/" + "a" * 5000, "\udcff.exr"],
    ids=["empty", "name", "relative", "nul", "long", "surrogate"],
)
def test_what_is_no_absolute_path_is_refused(root, path):
    assert refused(path, root) == "bad_path"


def test_a_name_longer_than_any_file_system_takes_is_uploaded(root):
    assert readable(f"{root}/{'a' * 300}.exr", size=6, roots=[root]) is None


def test_another_size_means_another_file_which_is_uploaded(root):
    plate = root / "sh010" / "plate.1001.exr"
    assert readable(str(plate), size=7, roots=[root]) is None


def test_a_file_that_is_not_there_is_uploaded(root):
    assert readable(str(root / "sh010" / "plate.1002.exr"), size=6, roots=[root]) is None


def test_a_name_that_only_looks_the_same_is_another_file(root):
    (root / "pl\u0430te.exr").write_bytes(b"cyrillic")
    assert readable(str(root / "plate.exr"), size=8, roots=[root]) is None


def test_no_descriptor_is_left_open(root):
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    os.mkfifo(root / "pipe.exr")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        readable(str(root / "sh010" / "plate.1001.exr"), size=6, roots=[root])
        readable(str(root / "sh010" / "none.exr"), size=6, roots=[root])
        refused(str(root / "pipe.exr"), root)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
