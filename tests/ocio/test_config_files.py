"""Configs from files: archives, LUTs beside them, and configs that have come alone."""

import os
import subprocess
import sys
import zipfile

import numpy as np
import PyOpenColorIO as OCIO
import pytest

from bridge.errors import RequestError
from ocio.convert import BUILTIN_CONFIG, ColorConfig

CONFIG = """ocio_profile_version: 2
environment: {{SHOT: a}}
search_path: luts
roles: {{default: raw, scene_linear: lin, aces_interchange: lin}}
displays: {{sRGB: [!<View> {{name: Raw, colorspace: raw}}]}}
colorspaces:
  - !<ColorSpace> {{name: lin, encoding: scene-linear}}
  - !<ColorSpace> {{name: raw, isdata: true}}
  - !<ColorSpace>
    name: halved
    to_scene_reference: !<FileTransform> {{src: "{lut}"}}
"""
LUT = "LUT_1D_SIZE 2\n0 0 0\n{top} {top} {top}\n"


@pytest.fixture
def write(tmp_path):
    """Writes a config whose space ``halved`` is made of a LUT, and the LUTs."""

    def make(lut="half.cube", name="show.ocio"):
        (tmp_path / "luts" / "a").mkdir(parents=True, exist_ok=True)
        (tmp_path / "luts" / "half.cube").write_text(LUT.format(top=0.5))
        (tmp_path / "luts" / "a" / "shot.cube").write_text(LUT.format(top=0.25))
        (tmp_path / name).write_text(CONFIG.format(lut=lut))
        return tmp_path / name

    return make


def one(config, space="halved"):
    rgb = np.ones((1, 3), np.float32)
    return config.convert(rgb, source=config.find(space), target=config.find("lin"))[0, 0]


def test_a_config_finds_the_luts_in_its_folder(write):
    assert one(ColorConfig(str(write()))) == 0.5


def test_an_archive_brings_its_luts_wherever_it_lies_and_whatever_it_is_called(write, tmp_path):
    OCIO.Config.CreateFromFile(str(write())).archive(str(tmp_path / "show.ocioz"))
    blob = (tmp_path / "show.ocioz").rename(tmp_path / "0123abcd")
    (tmp_path / "luts" / "half.cube").unlink()
    config = ColorConfig(str(blob), label="show.ocioz", alone=True)
    assert one(config) == 0.5
    assert config.name == "show.ocioz"


def test_a_config_that_came_alone_says_which_lut_it_lacks(write):
    config = ColorConfig(str(write()), label="show.ocio", alone=True)
    assert one(config, "lin") == 1.0
    with pytest.raises(RequestError, match=r"OCIO config show\.ocio: the colour space 'halved'.*"
                       r"half\.cube") as caught:  # fmt: skip
        one(config)
    assert ".ocioz" in caught.value.hint
    assert caught.value.code == "ocio_lut"


def test_a_config_that_came_alone_reads_no_other_file_of_the_machine(write, tmp_path):
    secret = tmp_path / "luts" / "half.cube"
    path = write(lut=secret.as_posix())
    assert one(ColorConfig(str(path))) == 0.5
    with pytest.raises(RequestError, match="'halved' cannot be used") as caught:
        one(ColorConfig(str(path), alone=True))
    assert caught.value.code == "ocio_lut"
    secret.write_text("LUT_1D_SIZE 2\nthe launch code is 0000\n")
    with pytest.raises(RequestError) as caught:
        one(ColorConfig(str(path), alone=True))
    assert "launch" not in str(caught.value)


def packed(path, config, **members):
    """An archive as anybody could write it; OCIO refuses to write some of them."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.ocio", config)
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".cube", content)
    return ColorConfig(str(path), label="show.ocioz", alone=True)


def test_a_config_that_came_alone_may_be_written_in_any_encoding(write):
    path = write()
    path.write_bytes("# Zoë\n".encode("latin-1") + path.read_bytes())
    assert one(ColorConfig(str(path), alone=True), "lin") == 1.0


def test_an_archive_finds_luts_by_the_config_s_variables(write, tmp_path):
    write()
    config = CONFIG.format(lut="shot.cube").replace("path: luts", "path: luts/${SHOT}")
    assert one(packed(tmp_path / "show.ocioz", config, luts__a__shot=LUT.format(top=0.25))) == 0.25


@pytest.mark.parametrize("there", [True, False], ids=["a-lut", "no-such-file"])
@pytest.mark.parametrize("by", ["absolute", "search-path", "upwards"])
def test_an_archive_reads_no_other_file_of_the_machine(write, tmp_path, by, there):
    """Nor does it say whether there is one."""
    write()
    secret = tmp_path / "luts" / ("half.cube" if there else "none.cube")
    config = CONFIG.format(lut=secret.name)
    if by == "search-path":
        config = config.replace("search_path: luts", f"search_path: {tmp_path / 'luts'}")
    elif by == "absolute":
        config = CONFIG.format(lut=secret)
    else:
        config = CONFIG.format(lut="../" * 20 + secret.as_posix()[1:])
    with pytest.raises(RequestError, match=f"its LUT .*{secret.name} has not come") as caught:
        one(packed(tmp_path / "show.ocioz", config))
    assert caught.value.code == "ocio_lut"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that blocks who opens it")
@pytest.mark.parametrize("name", ["show.ocio", "show.ocioz"])
def test_a_file_of_the_machine_is_not_even_opened(tmp_path, name):
    """One such as /dev/zero would be read until no memory is left."""
    os.mkfifo(tmp_path / "endless.cube")
    path, config = tmp_path / name, CONFIG.format(lut=tmp_path / "endless.cube")
    if name == "show.ocio":
        path.write_text(config)
    else:
        packed(path, config)
    script = (
        "import sys; from bridge.errors import RequestError; from ocio.convert import ColorConfig\n"
        "config = ColorConfig(sys.argv[1], alone=True)\n"
        "try: config.conversion(config.find('halved'), config.find('lin'))\n"
        "except RequestError as error: print(error.code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, path], timeout=30, capture_output=True, text=True
    )
    assert ran.stdout == "ocio_lut\n", ran.stderr


def test_a_lut_in_an_archive_refers_to_no_other_file_of_the_machine(write, tmp_path):
    write()
    secret = tmp_path / "luts" / "half.cube"
    refers = (
        '<?xml version="1.0"?><ProcessList version="1.4" id="1">'
        '<Reference inBitDepth="32f" outBitDepth="32f" path="{}"/></ProcessList>'
    )
    path = tmp_path / "show.ocio"
    (tmp_path / "luts" / "way.ctf").write_text(refers.format(secret))
    path.write_text(CONFIG.format(lut="way.ctf"))
    assert one(ColorConfig(str(path))) == 0.5
    with zipfile.ZipFile(tmp_path / "show.ocioz", "w") as archive:
        archive.write(path, "config.ocio")
        archive.write(tmp_path / "luts" / "way.ctf", "luts/way.ctf")
    with pytest.raises(RequestError, match=r"its LUT .*half\.cube has not come along"):
        one(ColorConfig(str(tmp_path / "show.ocioz"), alone=True))


@pytest.mark.parametrize("content", ["", "no LUT"])
def test_a_lut_that_is_none_is_not_looked_for_beside_the_server(
    write, tmp_path, monkeypatch, content
):
    write()
    monkeypatch.chdir(tmp_path)
    config = packed(tmp_path / "0123abcd", CONFIG.format(lut="half.cube"), luts__half=content)
    with pytest.raises(RequestError, match="a LUT of it does not load") as caught:
        one(config)
    assert caught.value.code == "ocio_lut"


def test_a_lut_that_is_missing_beside_its_config_is_named(write, tmp_path):
    path = write()
    (tmp_path / "luts" / "half.cube").unlink()
    OCIO.ClearAllCaches()
    with pytest.raises(RequestError, match=r"half\.cube.*Check search_path"):
        one(ColorConfig(str(path)))


def test_variables_have_the_config_s_defaults_on_every_machine(write, monkeypatch):
    monkeypatch.setenv("SHOT", "another")
    assert one(ColorConfig(str(write(lut="${SHOT}/shot.cube")))) == 0.25


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 and no archive", b"\x00\x01\x02", b"ocio_profile_version: 99\n", b"[]"],
    ids=["empty", "archive", "binary", "version", "yaml"],
)
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in-place"])
def test_a_file_that_is_no_config_is_named_by_its_label(tmp_path, content, alone):
    (tmp_path / "0123abcd").write_bytes(content)
    with pytest.raises(RequestError, match=r"OCIO config show\.ocio: it does not load") as caught:
        ColorConfig(str(tmp_path / "0123abcd"), label="show.ocio", alone=alone)
    assert caught.value.code == "ocio_config"


def test_the_title_says_which_config_a_moving_name_stood_for():
    moving = ColorConfig("ocio://default")
    assert moving.name == "ocio://default"
    assert moving.title.startswith("cg-config-")
    assert f"ocio://{ColorConfig().title}" == BUILTIN_CONFIG
