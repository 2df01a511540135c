from pathlib import Path

import numpy as np
import pytest

from void_server.demo import footage
from void_server.demo.measure import measure, spread
from void_server.demo.scene import Scene
from void_server.images.exr import encode_new
from void_server.images.window import Window

SCENE = Scene(width=96, height=54, frames=2, camera="static")
WINDOW = Window(0, 0, 95, 53)
HOLE = Window(10, 10, 29, 29)


def write(path, planes, data=WINDOW):
    path.write_bytes(encode_new(planes, data_window=data, display_window=WINDOW, attributes={}))


def rgb(picture):
    return {name: picture[..., i].astype(np.float16) for i, name in enumerate("RGB")}


@pytest.fixture
def result(tmp_path):
    """A version whose hole holds the truth, and whose outside is the plate's."""
    footage.write(SCENE, tmp_path, advanced=lambda count: None)
    version = tmp_path / "demo_void_v001"
    version.mkdir()
    alpha = np.ones((20, 20), np.float16)
    for frame in SCENE.frames:
        comp = SCENE.plate(frame)
        comp[10:30, 10:30] = SCENE.truth(frame)[10:30, 10:30]
        write(version / f"demo_void_v001.{frame}.exr", rgb(comp))
        write(version / f"demo_void_v001_patch.{frame}.exr", {"A": alpha}, HOLE)
    return version


def measured(result):
    folder = result.parent
    return measure(SCENE, folder, result, shown=SCENE.frames, advanced=lambda count: None)


def test_the_truth_itself_scores_what_half_precision_leaves(result):
    found = measured(result)
    assert found.psnr > 60
    assert found.changed_outside == 0
    assert found.hole == pytest.approx(400 / (96 * 54))
    assert [column.frame for column in found.columns] == list(SCENE.frames)


def test_an_error_in_the_hole_costs_decibels(result):
    path = result / f"{result.name}.{SCENE.frames[0]}.exr"
    comp = SCENE.truth(SCENE.frames[0])
    comp[10:30, 10:30] += 0.2
    write(path, rgb(comp))
    assert measured(result).psnr < 30


def test_a_single_bit_outside_is_counted(result):
    path = result / f"{result.name}.{SCENE.frames[1]}.exr"
    comp = rgb(SCENE.plate(SCENE.frames[1]))
    comp["G"].view(np.uint16)[50, 90] ^= 1
    comp["G"].view(np.uint16)[15, 15] ^= 1
    write(path, comp)
    assert measured(result).changed_outside == 1


def test_the_frames_shown_lie_apart_and_away_from_the_ends():
    assert spread(range(1001, 1049), 4) == (1010, 1020, 1029, 1039)
    assert spread([1001], 4) == (1001,)
    assert spread([], 4) == ()


def test_the_shot_on_disk_is_what_a_compositor_expects(result):
    for what, channels in (("plate", {"R", "G", "B"}), ("boom", {"A"}), ("shadow", {"A"})):
        path = Path(str(footage.pattern(result.parent, what)) % SCENE.frames[0])
        data = path.read_bytes()
        from void_server.images import exr, exr_header

        picture = exr.decode(
            data, exr_header.parse_header(data, path.name), frame=1, subject=path.name
        )
        assert set(picture.channels) == channels
        assert {picture.channel(name).dtype for name in channels} == {np.dtype(np.float16)}
        assert picture.colorspace == ("lin_ap1_scene" if what == "plate" else "data")
        assert picture.rate == 24
