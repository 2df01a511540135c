"""The line in somebody's init.py."""

import ast
import os

import pytest

from host_plugins.install import startup_line
from host_plugins.install.startup_line import LINE

FILES = {
    "none": None,
    "empty": b"",
    "a comment": b"# mine\n",
    "no last line end": b"import os",
    "windows": b"import os\r\nprint(1)\r\n",
    "windows, no last line end": b"import os\r\nprint(1)",
    "old macintosh": b"import os\rprint(1)\r",
    "blank lines at the end": b"import os\n\n\n",
    "latin 1": "# -*- coding: latin-1 -*-\nname = 'Zoë'\n".encode("latin-1"),
    "a byte order mark": b"\xef\xbb\xbfimport os\n",
    "mixed line ends": b"a = 1\r\nb = 2\nc = 3\r\n",
    "a block at the end": b"if True:\n    a = 1",
}


@pytest.fixture(params=FILES.values(), ids=FILES)
def init(request, tmp_path):
    path = tmp_path / "init.py"
    if request.param is not None:
        path.write_bytes(request.param)
    return path, request.param


def test_taking_the_line_out_restores_every_byte(init):
    path, before = init

    assert startup_line.add(path)
    assert startup_line.take_out(path, made=before is None) == "there"

    assert (path.read_bytes() if path.exists() else None) == before


def test_the_line_comes_last_and_what_was_there_stays(init):
    path, before = init

    startup_line.add(path)

    text = path.read_bytes()
    assert text.startswith(before or b"")
    assert text.splitlines()[-1] == LINE
    assert ast.parse(text).body


def test_the_line_is_added_once(init):
    path, _ = init
    startup_line.add(path)
    once = path.read_bytes()

    assert not startup_line.add(path)

    assert path.read_bytes() == once


def test_a_windows_file_gets_windows_line_ends(tmp_path):
    path = tmp_path / "init.py"
    path.write_bytes(b"import os\r\n")

    startup_line.add(path)

    assert path.read_bytes() == b"import os\r\n" + LINE + b"\r\n"


def test_lines_that_somebody_adds_behind_ours_stay(tmp_path):
    path = tmp_path / "init.py"
    path.write_bytes(b"first = 1")
    startup_line.add(path)
    path.write_bytes(path.read_bytes() + b"\nlast = 2\n")

    startup_line.take_out(path, made=False)

    assert path.read_bytes() == b"first = 1\nlast = 2\n"


def test_a_file_that_was_made_for_the_line_stays_if_somebody_uses_it(tmp_path):
    path = tmp_path / "init.py"
    startup_line.add(path)
    path.write_bytes(path.read_bytes() + b"mine = 1\n")

    startup_line.take_out(path, made=True)

    assert path.read_bytes() == b"mine = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        b"if studio:\n    " + LINE + b"\n",
        b'nuke.pluginAddPath("/other/void")  # VOID Bridge\n',
    ],
    ids=["inside a block", "another folder"],
)
def test_a_line_that_somebody_has_changed_is_left_alone(text, tmp_path):
    path = tmp_path / "init.py"
    path.write_bytes(text)

    assert not startup_line.add(path)
    assert startup_line.take_out(path, made=True) == "changed"

    assert path.read_bytes() == text


def test_a_line_that_is_commented_out_counts_as_missing(tmp_path):
    path = tmp_path / "init.py"
    path.write_bytes(b"# " + LINE + b"\n")

    assert startup_line.state(path) == "missing"


@pytest.mark.skipif(os.name == "nt", reason="links and modes are those of POSIX")
def test_a_linked_init_stays_a_link_and_keeps_its_mode(tmp_path):
    real = tmp_path / "dotfiles.py"
    real.write_bytes(b"import os\n")
    real.chmod(0o600)
    link = tmp_path / "init.py"
    link.symlink_to(real)

    startup_line.add(link)

    assert link.is_symlink()
    assert LINE in real.read_bytes()
    assert real.stat().st_mode & 0o777 == 0o600
