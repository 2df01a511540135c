"""What artists get wrong, from the command line through a real server and worker.

Each is one line on standard error with a reason and a way out, exit code 2, and nothing lost.
"""

import json
import subprocess
import sys
import tempfile
import time

import numpy as np
import OpenEXR
import pytest

FRAMES = (1001, 1002, 1003)
SIZE = (24, 32)
PATIENCE = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that may read every test's folder; yields where it listens."""
    data = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "void_server", "--port", "0", "--data-dir", str(data)]
    process = subprocess.Popen(
        [*command, "--roots", str(tmp_path_factory.getbasetemp())], stdout=subprocess.DEVNULL
    )
    notice = data / "server.json"
    deadline = time.monotonic() + PATIENCE
    while not notice.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield json.loads(notice.read_text())["endpoint"]
    process.terminate()
    process.wait(PATIENCE)


class Shot:
    """A plate and a roto in a folder, to be spoiled by the test."""

    def __init__(self, folder, server, void):
        self.folder, self.server, self.void = folder, server, void
        self.matte = np.zeros(SIZE, np.float16)
        self.matte[8:16, 8:16] = 1
        for frame in FRAMES:
            picture = np.random.default_rng(frame).random((*SIZE, 3)).astype(np.float16)
            self.write("plate", frame, {"RGB": picture})
            self.write("roto", frame, {"A": self.matte})

    def path(self, what, frame):
        return self.folder / what / f"{what}.{frame}.exr"

    def write(self, what, frame, channels, **header):
        path = self.path(what, frame)
        path.parent.mkdir(exist_ok=True)
        header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION} | header
        OpenEXR.File(header, channels).write(str(path))

    def arguments(self, *more):
        return (
            *("remove", "plate/plate.%04d.exr", "--matte", "roto/roto.%04d.exr"),
            *("--out", "out", "--name", "sh010", "--server", self.server, *more),
        )

    def refused(self, *more):
        """The line that is said and the error's code; nothing may have been written."""
        line, error = self.void.refused(*self.arguments(*more))
        left = [path for path in (self.folder / "out").rglob("*") if path.is_file()]
        assert left == []
        return line, error["code"]


@pytest.fixture
def shot(tmp_path, server, void):
    return Shot(tmp_path, server, void)


def test_the_shot_itself_is_sound(shot):
    assert json.loads(shot.void(*shot.arguments("--json")))["state"] == "done"


def test_missing_frames_are_listed_with_the_way_out(shot):
    shot.path("plate", 1002).unlink()
    line, code = shot.refused()
    assert code == "missing_frames"
    assert "1002" in line
    assert "--missing hold" in line
    record = json.loads(shot.void(*shot.arguments("--missing", "hold", "--json")))
    assert (record["state"], record["first_frame"], record["last_frame"]) == ("done", 1001, 1003)


def test_a_matte_of_another_size_names_both(shot):
    for frame in FRAMES:
        shot.write("roto", frame, {"A": np.ones((12, 16), np.float16)})
    line, _ = shot.refused()
    assert "16x12" in line
    assert "32x24" in line


def test_a_matte_that_does_not_cover_the_range_is_refused(shot):
    shot.path("roto", 1003).unlink()
    line, _ = shot.refused()
    assert "1003" in line


def test_an_empty_matte_is_refused(shot):
    for frame in FRAMES:
        shot.write("roto", frame, {"A": np.zeros(SIZE, np.float16)})
    line, code = shot.refused()
    assert code == "empty_matte"
    assert "empty on every frame" in line


def test_a_matte_without_alpha_lists_its_channels(shot):
    for frame in FRAMES:
        shot.write("roto", frame, {"mask.X": shot.matte, "mask.Y": shot.matte})
    line, _ = shot.refused()
    assert "mask.X, mask.Y" in line
    assert "--matte-channel" in line


def test_a_truncated_frame_is_named(shot):
    path = shot.path("plate", 1002)
    path.write_bytes(path.read_bytes()[:-200])
    line, code = shot.refused()
    assert code == "corrupt"
    assert "plate.1002.exr" in line


def test_a_deep_exr_is_refused_from_its_header(shot):
    path = shot.path("plate", 1001)
    data = bytearray(path.read_bytes())
    data[5] |= 0x08  # the version field's bit for deep data
    at = data.index(b"type\0string\0") + len(b"type\0string\0")
    size = int.from_bytes(data[at : at + 4], "little")
    data[at : at + 4 + size] = (12).to_bytes(4, "little") + b"deepscanline"
    path.write_bytes(data)
    line, code = shot.refused()
    assert code == "deep"
    assert "plate.1001.exr" in line


def test_an_unknown_color_space_is_refused_with_near_names(shot):
    line, code = shot.refused("--colorspace", "ACESgc")
    assert code == "colorspace"
    assert "ACEScg" in line


def test_an_output_folder_that_is_a_file_is_refused(shot):
    (shot.folder / "out").write_text("in the way")
    line, error = shot.void.refused(*shot.arguments())
    assert error["code"] == "not_writable"
    assert "out" in line
    assert (shot.folder / "out").read_text() == "in the way"


def test_a_path_outside_the_roots_is_refused_when_paths_are_asked_for(shot):
    with tempfile.TemporaryDirectory() as elsewhere:
        shot.folder.joinpath("plate").rename(f"{elsewhere}/plate")
        shot.folder.joinpath("plate").symlink_to(f"{elsewhere}/plate")
        # A seed of its own, or the server would know the job and its result already.
        _, code = shot.refused("--transport", "path", "--seed", "99")
        assert code == "outside_roots"
        streamed = json.loads(shot.void(*shot.arguments("--seed", "99", "--json")))
        assert streamed["state"] == "done"


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (37, 53)], ids=["1x1", "7x1", "53x37"])
def test_odd_sizes_work(shot, size):
    for frame in FRAMES:
        picture = np.random.default_rng(frame).random((*size, 3)).astype(np.float16)
        shot.write("plate", frame, {"RGB": picture})
        shot.write("roto", frame, {"A": np.ones(size, np.float16)})
    record = json.loads(shot.void(*shot.arguments("--json")))
    assert (record["state"], record["changed_outside"]) == ("done", 0)
