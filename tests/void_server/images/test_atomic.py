import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import ServerError
from void_server.images.atomic import write_file

WRITER = """
import sys
from pathlib import Path
from pathlib import Path
from void_server.images.atomic import write_file
folder, size = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
number = 0
while True:
    write_file(folder / f"f.{number:05}.exr", bytes([number % 256]) * size)
    number += 1
    print(number, flush=True)
"""


def test_what_was_written_is_described(tmp_path):
    written = write_file(tmp_path / "a.exr", b"pixels")
    assert (tmp_path / "a.exr").read_bytes() == b"pixels"
    assert (written.size, written.sha256) == (6, hashlib.sha256(b"pixels").hexdigest())
    assert [path.name for path in tmp_path.iterdir()] == ["a.exr"]


def test_a_folder_that_is_not_there_is_an_operators_problem(tmp_path):
    with pytest.raises(ServerError, match=r"cannot be written \(No such file") as caught:
        write_file(tmp_path / "gone" / "a.exr", b"pixels")
    assert caught.value.code == "disk"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    path = tmp_path / "a.exr"
    (tmp_path / f".a.exr.{os.getpid()}.tmp").symlink_to("/dev/full")
    with pytest.raises(ServerError, match="No space left") as caught:
        write_file(path, b"pixels")
    assert caught.value.code == "disk_full"
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_whole_files_or_hidden_ones(tmp_path):
    size = 3_000_000
    for round_ in range(6):
        folder = tmp_path / str(round_)
        folder.mkdir()
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(size)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with writer.stdout as lines:
            for _ in range(round_ + 2):
                lines.readline()
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        for path in folder.iterdir():
            if path.name.endswith(".exr"):
                content = path.read_bytes()
                assert len(content) == size
                assert len(set(content)) == 1
            else:
                assert path.name.startswith(".")
                assert path.name.endswith(".tmp")
