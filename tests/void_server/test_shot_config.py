import msgspec
import numpy as np
import pytest

from bridge.color_config import discover
from bridge.errors import RequestError
from bridge.shot import OcioConfig
from ocio.convert import BUILTIN_CONFIG
from void_server.footage import ShotFootage
from void_server.shot_config import open_config

LEGACY = """ocio_profile_version: 2
search_path: luts
roles: {default: raw, scene_linear: linear, aces_interchange: linear}
displays: {sRGB: [!<View> {name: Raw, colorspace: raw}]}
colorspaces:
  - !<ColorSpace> {name: linear, encoding: scene-linear}
  - !<ColorSpace> {name: raw, isdata: true}
  - !<ColorSpace>
    name: bright
    to_scene_reference: !<FileTransform> {src: half.cube}
"""


@pytest.fixture
def shot(studio):
    return studio.shot(studio.plates(1), studio.mattes(1))


@pytest.fixture
def config_file(studio):
    path = studio.folder / "show.ocio"
    path.write_text(LEGACY)
    (studio.folder / "luts").mkdir()
    (studio.folder / "luts" / "half.cube").write_text("LUT_1D_SIZE 2\n0 0 0\n0.5 0.5 0.5\n")
    return studio.source_file(path)


def with_config(shot, name, file=None, **fields):
    config = OcioConfig(name, "--ocio", file)
    return msgspec.structs.replace(shot, config=config, **fields)


def footage_of(shot, locate):
    return ShotFootage(shot, locate=locate, grow=2.0, feather=1.0)


def test_without_a_word_it_is_the_pinned_config(shot, locate, monkeypatch):
    monkeypatch.setenv("OCIO", "/no/such.ocio")
    assert open_config(shot, locate).name == BUILTIN_CONFIG


def test_a_config_of_ocio_s_own_is_taken_by_name(shot, locate):
    name = "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1"
    with footage_of(with_config(shot, name, colorspace="lin_rec709"), locate) as footage:
        assert footage.config.name == name
        assert footage.color.linear == "lin_rec709_scene"
        assert footage.color.linear_space.name == "Linear Rec.709 (sRGB)"


def test_an_exported_older_config_takes_ordinary_plates(studio, locate):
    """As from OCIO=ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1, exported for the whole studio."""
    found = discover(environ={"OCIO": "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1"})
    plates = studio.plates(1, colorInteropID="lin_rec709_scene")
    shot = studio.shot(plates, studio.mattes(1), config=found.describe())
    with footage_of(shot, locate) as footage:
        assert footage.color.interop_id == "lin_rec709_scene"
        assert footage.color.config.name == found.config
        assert not any("colour" in text for text in footage.warnings)
        np.testing.assert_array_equal(footage.plate(1001), footage.picture(1001).rgb())


@pytest.mark.parametrize("kind", ["movie", "still"])
def test_an_exported_show_config_takes_untagged_video_and_stills(studio, locate, config_file, kind):
    grey = np.full((24, 32, 3), 128, np.uint8)
    if kind == "movie":
        path = studio.movie("plate.mov", [grey], codec="prores_ks", pix_fmt="yuv422p10le")
        plate = studio.movie_sequence(path)
    else:
        plate = studio.sequence([studio.still("plate.1001.tif", grey)], label="plate.%04d.tif")
    asked = with_config(studio.shot(plate, studio.mattes(1)), "show.ocio", config_file)
    with footage_of(asked, locate) as footage:
        assert footage.color.interop_id == "lin_rec709_scene"
        np.testing.assert_allclose(footage.plate(1001), 0.2159, atol=0.004)
        assert any("taken as srgb_rec709_scene" in text for text in footage.warnings)
        assert any("show.ocio has no srgb_rec709_scene" in text for text in footage.warnings)


def test_a_shot_is_read_with_the_config_that_came_with_it(shot, config_file, locate):
    asked = with_config(shot, "show.ocio", config_file, colorspace="bright")
    with footage_of(asked, locate) as footage:
        picture = footage.picture(1001).rgb().astype(np.float32)
        np.testing.assert_allclose(footage.plate(1001), picture / 2, atol=1e-6)


def test_a_config_that_was_uploaded_stands_alone(shot, config_file, studio):
    blob = studio.folder / "spool" / config_file.sha256
    blob.parent.mkdir()
    blob.write_text(LEGACY)
    asked = with_config(
        shot, "show.ocio", msgspec.structs.replace(config_file, path=""), colorspace="bright"
    )
    with pytest.raises(RequestError, match="'bright' cannot be used") as caught:
        footage_of(
            asked, lambda file: blob if file.name == "show.ocio" else studio.folder / file.name
        )
    assert caught.value.code == "ocio_lut"


def test_a_config_without_the_plate_s_space_is_no_reason_to_take_another(shot, config_file, locate):
    asked = with_config(shot, "show.ocio", config_file, colorspace="ARRI LogC4")
    with pytest.raises(RequestError, match=r"'ARRI LogC4' is unknown in show\.ocio"):
        footage_of(asked, locate)


def test_a_config_that_has_changed_is_refused(shot, config_file, locate, studio):
    (studio.folder / "show.ocio").write_text(LEGACY + "\n")
    with pytest.raises(RequestError, match=r"show\.ocio: the file has changed"):
        open_config(with_config(shot, "show.ocio", config_file), locate)


@pytest.mark.parametrize("name", ["/etc/passwd", "show.ocio", ""])
def test_a_name_is_never_taken_for_a_path(shot, locate, name):
    with pytest.raises(RequestError, match="its file is not part of the request") as caught:
        open_config(with_config(shot, name), locate)
    assert caught.value.code == "ocio_config"


def test_a_host_s_word_is_translated_and_that_is_said(shot, locate):
    with footage_of(msgspec.structs.replace(shot, colorspace="AlexaV3LogC"), locate) as footage:
        assert footage.color.space == "ocio:arrilogc3_awg3_scene"
        assert (
            "sh010 plate: Nuke's 'AlexaV3LogC' was read as ocio:arrilogc3_awg3_scene"
            in footage.warnings
        )


def test_a_host_s_word_that_says_no_primaries_is_asked_for(shot, locate):
    with pytest.raises(RequestError, match="'linear' leaves it open which primaries") as caught:
        footage_of(msgspec.structs.replace(shot, colorspace="linear"), locate)
    assert "lin_rec709_scene" in caught.value.hint


def test_a_config_that_has_the_host_s_word_is_believed(shot, config_file, locate):
    asked = with_config(shot, "show.ocio", config_file, colorspace="linear")
    with footage_of(asked, locate) as footage:
        assert footage.color.space == "linear"
        assert not any("was read as" in text for text in footage.warnings)
