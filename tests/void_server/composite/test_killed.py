"""E6: a worker that is killed while it writes leaves whole frames, and hidden leftovers."""

import subprocess
import sys
from pathlib import Path

from void_server.images import exr
from void_server.images.exr_header import parse_header

ROUNDS = 50
WRITER = """
import os, signal, sys, time
from pathlib import Path
import numpy as np
from void_server.composite import write_comp
from void_server.images.picture import Picture
from void_server.images.window import Window
from void_server.plate import PlateColor

folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(1)
window = Window.of_size(160, 90)
planes = {n: rng.random(window.shape, np.float32).astype(np.float16) for n in "RGB"}
picture = Picture(frame=1, subject="p", data_window=window, display_window=window,
                  pixel_aspect=1.0, planes=planes)

def write_until_killed(home, told):
    number = 0
    while True:
        write_comp(picture, None, home / f"comp.{number:04}.exr", color=PlateColor("", ""),
                   attributes={})
        os.write(told, b".")
        number += 1

for turn in range(rounds):
    home = folder / str(turn)
    home.mkdir()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        write_until_killed(home, tell)
    os.close(tell)
    os.read(told, 1)
    # Anywhere in the next frame; what is found afterwards must not depend on it.
    time.sleep(turn * 0.0002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(told)
"""


def test_fifty_killed_writers_leave_no_frame_that_is_not_whole(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", WRITER, str(tmp_path), str(ROUNDS)]
    subprocess.run(command, check=True)
    homes = list(tmp_path.iterdir())
    assert len(homes) == ROUNDS
    for home in homes:
        frames = [path for path in home.iterdir() if path.suffix == ".exr"]
        others = [path for path in home.iterdir() if path.suffix != ".exr"]
        assert frames
        assert whole(frames[-1])
        assert all(path.name[0] == "." and path.suffix == ".tmp" for path in others)
        assert len({path.stat().st_size for path in frames}) == 1


def whole(path: Path) -> bool:
    data = path.read_bytes()
    picture = exr.decode(data, parse_header(data, path.name), frame=1, subject=path.name)
    return picture.data_window.shape == (90, 160)
