"""The whole path with nothing scripted: files, private server, worker, engine, files."""

import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

GOLDEN = Path(__file__).parents[2] / "golden"
SIZE = (48, 64)
FRAMES = range(1001, 1007)


def write(path, channels):
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, channels).write(str(path))


def read(path):
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.copy() for name, channel in file.channels().items()}


def alpha_on_plate(path):
    """The patch's alpha in the plate's window; a patch holds only the box around its hole."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        (left, top), (right, bottom) = file.header()["dataWindow"]
        alpha = np.zeros(SIZE, np.float32)
        alpha[top : bottom + 1, left : right + 1] = file.channels()["A"].pixels
        return alpha


def hole(frame):
    """(48, 64) bool: a square that moves six pixels a frame."""
    inside = np.zeros(SIZE, bool)
    left = 5 + 6 * (frame - FRAMES[0])
    inside[10:20, left : left + 10] = True
    return inside


@pytest.fixture
def footage(tmp_path):
    """A static textured wall with a highlight, a bright square passing by, and its roto."""
    wall = np.random.default_rng(1).random((*SIZE, 3)).astype(np.float16)
    wall[40, 50] = 120.0
    for folder in ("plate", "roto"):
        (tmp_path / folder).mkdir()
    for frame in FRAMES:
        picture = wall.copy()
        picture[hole(frame)] = 3.0
        picture[0, 0] = np.float16(np.nan)
        write(tmp_path / "plate" / f"plate.{frame}.exr", {"RGB": picture})
        write(tmp_path / "roto" / f"roto.{frame}.exr", {"A": hole(frame).astype(np.float16)})
    return wall


COMMAND = ("remove", "plate/plate.%04d.exr", "--matte", "roto", "--out", "out", "--name", "sh010")
EDGE = ("--grow", "2", "--feather", "1")


def test_a_plate_and_a_matte_become_frames_that_drop_into_the_comp(void, footage, tmp_path):
    record = json.loads(void.run(*COMMAND, *EDGE, "--json"))
    out = tmp_path / "out" / "sh010_void_v001"
    assert (record["state"], record["engine"]) == ("done", "cleanplate")
    assert (record["changed_outside"], record["out"]) == (0, str(out))
    names = sorted(path.name for path in out.iterdir())
    pictures = [f"sh010_void_v001.{n}.exr" for n in FRAMES]
    assert names == [*pictures, "sh010_void_v001.html", "sh010_void_v001.json"]
    assert record["report"] == str(out / "sh010_void_v001.html")
    assert (out / "sh010_void_v001.html").read_text().count("<h3>Frame ") == 5

    for frame in FRAMES:
        plate = read(tmp_path / "plate" / f"plate.{frame}.exr")
        comp = read(out / f"sh010_void_v001.{frame}.exr")
        reach = np.zeros(SIZE, bool)
        rows, columns = np.nonzero(hole(frame))
        reach[rows.min() - 4 : rows.max() + 5, max(0, columns.min() - 4) : columns.max() + 5] = True
        for index, name in enumerate("RGB"):
            assert comp[name].dtype == np.float16
            before, after = plate[name].view(np.uint16), comp[name].view(np.uint16)
            assert np.array_equal(before[~reach], after[~reach])
            filled = comp[name][hole(frame)].astype(float)
            error = np.abs(filled - footage[..., index][hole(frame)])
            assert np.median(error) < 0.05  # the square was 3.0, the wall is below 1

    sidecar = json.loads((out / "sh010_void_v001.json").read_text())
    assert (sidecar["state"], sidecar["landing"]["comp"]) == ("done", "1001-1006")
    assert sidecar["changed_outside"] == 0
    assert list((void.data / "private").iterdir()) == []  # the private server left nothing

    assert "is there already" in void(*COMMAND, *EDGE)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sh010_void_v001"]
    assert void(*COMMAND, *EDGE, "--seed", "2")
    assert (tmp_path / "out" / "sh010_void_v002" / "sh010_void_v002.1001.exr").exists()


def test_every_kind_of_picture_comes_back_when_all_are_wanted(void, footage, tmp_path):
    void(*COMMAND, *EDGE, "--output", "all", "--frames", "1002-1003", "--transport", "stream")
    out = tmp_path / "out" / "sh010_void_v001"
    kinds = ("", "_patch", "_straight", "_degrained", "_matte")
    assert sorted(path.name for path in out.glob("*.exr")) == sorted(
        f"sh010_void_v001{kind}.{frame}.exr" for kind in kinds for frame in (1002, 1003)
    )
    matte = read(out / "sh010_void_v001_matte.1002.exr")
    assert matte["A"].shape == SIZE
    np.testing.assert_array_equal(
        matte["R"], alpha_on_plate(out / "sh010_void_v001_patch.1002.exr")
    )
    alpha = alpha_on_plate(out / "sh010_void_v001_patch.1002.exr")
    assert alpha[hole(1002)].min() == 1.0
    assert alpha[:6].max() == alpha[24:].max() == 0.0


def test_the_model_fills_the_hole_with_both_its_passes(void, footage, tmp_path):
    small = ("width=48", "height=32", "steps=2", "refine_steps=2", "fit=crop")
    options = [part for value in small for part in ("--param", value)]
    preview = tmp_path / "preview.png"
    asked = ("--engine", "void", "--weights", GOLDEN, "--quality", "best", "--preview", preview)
    asked += ("--colorspace", "ACEScg")
    record = json.loads(void.run(*COMMAND, *EDGE, *asked, *options, "--json"))
    assert (record["engine"], record["changed_outside"]) == ("void", 0)
    out = tmp_path / "out" / "sh010_void_v001"
    for frame in FRAMES:
        plate = read(tmp_path / "plate" / f"plate.{frame}.exr")["R"]
        comp = read(out / f"sh010_void_v001.{frame}.exr")["R"]
        assert np.isfinite(comp[hole(frame)]).all()
        assert not np.array_equal(comp[hole(frame)], plate[hole(frame)])
        assert np.array_equal(comp[24:].view(np.uint16), plate[24:].view(np.uint16))
    facts = json.loads((out / "sh010_void_v001.json").read_text())["engine_facts"]
    assert (facts["flow"], facts["memory"]) == ("opencv_dis", "full")
    assert preview.read_bytes().startswith(b"\x89PNG")


def test_a_model_is_not_shown_a_plate_whose_colour_space_nobody_knows(void, footage, tmp_path):
    line, error = void.refused(*COMMAND, "--engine", "standin")
    assert error["code"] == "colorspace"
    assert "--colorspace" in line


def test_an_empty_matte_is_refused_and_leaves_nothing(void, footage, tmp_path):
    for frame in FRAMES:
        write(tmp_path / "roto" / f"roto.{frame}.exr", {"A": np.zeros(SIZE, np.float16)})
    line, error = void.refused(*COMMAND)
    assert error["kind"] == "request"
    assert "black" in line or "empty" in line
    assert list((tmp_path / "out").iterdir()) == []
    assert list((void.data / "private").iterdir()) == []


def test_the_doctor_finds_an_engine_and_its_server_leaves_nothing(void):
    report = json.loads(void("doctor", "--json"))
    assert report["ok"]
    assert "cleanplate" in [engine["name"] for engine in report["engines"]]
    assert report["installed"]["server"]["OpenEXR"]
    assert report["devices"] == ["cpu"]
    assert not void.data.exists()


def test_the_doctor_fails_when_nothing_can_run(void):
    said = void("doctor", "--server", "nonsense", code=1)
    assert "void remove cannot run." in said
    assert "nonsense" in said
    assert "OpenEXR" in said  # the rest of the report is there all the same
