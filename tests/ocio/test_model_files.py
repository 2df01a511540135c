import errno
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from bridge.errors import RequestError, ServerError
from ocio import model_files
from ocio.convert import ColorConfig
from ocio.model_files import CONFIG_NAME, check_model_files, write_model_files
from ocio.model_names import shaper_id, shaper_name
from ocio.model_space import ModelSpace

PEAKS = (2.0, 64.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ocio") / "made"
    write_model_files(folder, PEAKS)
    return folder


@pytest.fixture(scope="module")
def config(folder):
    return ColorConfig(str(folder / CONFIG_NAME))


def light_up_to(peak):
    light = np.geomspace(1e-4, peak * 0.999, 3 * 3000).astype(np.float32).reshape(-1, 3)
    return light, ModelSpace(0.0, peak).encode(light)


@pytest.mark.parametrize("peak", PEAKS)
def test_c2_ocio_reads_from_the_files_what_the_model_saw(config, peak):
    light, code = light_up_to(peak)
    linear, model = config.find("lin_rec709_scene"), config.find(shaper_name(peak, "rec709"))
    read = config.convert(light.copy(), source=linear, target=model)
    assert np.abs(read - code).max() <= 2e-7
    back = config.convert(read, source=model, target=linear)
    bright = light > 1e-3
    assert np.abs(back[bright] / light[bright] - 1).max() <= 2e-6


def by_openimageio(folder, rgb, source, target):
    """What OpenImageIO makes of it with the OCIO that it brings along."""
    picture = oiio.ImageBuf(np.ascontiguousarray(rgb.reshape(1, -1, 3)))
    config = str(folder / CONFIG_NAME)
    out = oiio.ImageBufAlgo.colorconvert(picture, source, target, colorconfig=config)
    assert not out.has_error, out.geterror()
    return out.get_pixels(oiio.FLOAT).reshape(-1, 3)


@pytest.mark.parametrize("peak", PEAKS)
def test_c2_the_ocio_inside_openimageio_reads_the_same(folder, peak, monkeypatch):
    # Its default approximates the way back, to 6e-6.
    monkeypatch.setenv("OCIO_OPTIMIZATION_FLAGS", "0")
    light, code = light_up_to(peak)
    name = shaper_name(peak, "rec709")
    assert oiio.ColorConfig(str(folder / CONFIG_NAME)).geterror() == ""
    there = by_openimageio(folder, light, "lin_rec709_scene", name)
    assert np.abs(there - code).max() <= 2e-7
    back = by_openimageio(folder, there, name, "lin_rec709_scene")
    bright = light > 1e-3
    assert np.abs(back[bright] / light[bright] - 1).max() <= 2e-6


def test_a_space_is_found_by_its_id(config):
    found = config.find(shaper_id(64.0, "ap1"))
    assert found.name == "VOID Model M64 (AP1)"


def test_a_camera_plate_goes_from_the_studio_config_to_the_model(config):
    studio = ColorConfig()
    there, _ = studio.to_known(studio.find("ARRI LogC4"), ["lin_rec709_scene"])
    grey = there.apply(np.full((1, 3), 0.27839, np.float32))
    linear, model = config.find("lin_rec709_scene"), config.find("void:shaper_m64_rec709")
    assert config.convert(grey, source=linear, target=model) == pytest.approx(0.46136, abs=1e-4)


def test_the_other_spaces_are_those_of_the_pinned_config(config):
    studio = ColorConfig()
    rgb = np.random.default_rng(0).uniform(0.01, 0.9, (50, 3)).astype(np.float32)
    for name in ("lin_ap1_scene", "ACEScct", "lin_rec709_scene", "srgb_rec709_scene"):
        here = config.convert(
            rgb.copy(), source=config.find("lin_ap0_scene"), target=config.find(name)
        )
        there = studio.convert(
            rgb.copy(), source=studio.find("lin_ap0_scene"), target=studio.find(name)
        )
        np.testing.assert_allclose(here, there, rtol=0, atol=1e-6)


def test_the_same_files_are_written_again(folder, tmp_path):
    for path in write_model_files(tmp_path, PEAKS):
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()
    assert not list(tmp_path.rglob(".*"))


def test_a_file_with_other_numbers_is_found_out(tmp_path):
    config, curve = write_model_files(tmp_path, [4.0])
    curve.write_text(curve.read_text().replace("\n0.461", "\n0.462", 1))
    with pytest.raises(ServerError, match="OCIO reads M4 with an error of"):
        check_model_files(config, [4.0])


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_that_are_wrong_replace_nothing_and_leave_nothing(tmp_path, monkeypatch):
    write_model_files(tmp_path, [4.0])
    before = everything(tmp_path)
    monkeypatch.setattr(model_files, "_DECIMALS", 3)
    with pytest.raises(ServerError, match=f"{CONFIG_NAME}: OCIO reads M4 with an error of"):
        write_model_files(tmp_path, [4.0])
    assert everything(tmp_path) == before
    assert not list(tmp_path.rglob(".*"))


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    write_model_files(tmp_path, [2.0])
    before = everything(tmp_path)
    written = Path.write_text

    def full(path, text, **how):
        if path.name == CONFIG_NAME:
            written(path, text[:100], **how)
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(path, text, **how)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RequestError, match=r"cannot be written \(No space left on device\)"):
        write_model_files(tmp_path, [2.0, 4.0])
    assert everything(tmp_path) == before
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("peak", [1.0, 0.0, 2000.0, float("nan")])
def test_a_peak_that_no_shot_has_is_refused(tmp_path, peak):
    with pytest.raises(RequestError, match="no shaper has it"):
        write_model_files(tmp_path, [peak])


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="the files cannot be written") as caught:
        write_model_files(tmp_path / "file" / "made", [2.0])
    assert caught.value.code == "output"
