import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bridge.errors import ServerError
from void_server.engines.void.layout import Layout
from void_server.engines.void.upscale import swin2sr
from void_server.engines.void.upscale.swin2sr import OVERLAP, Swin2Sr, available
from void_server.finish.upscale import enlarged

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def upscaler(layout):
    return Swin2Sr(layout, CPU)


def picture(height, width):
    return np.random.default_rng(1).random((height, width, 3), np.float32)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (16, 24), (19, 30)])
def test_a_picture_of_any_size_becomes_twice_as_large(upscaler, size):
    found = upscaler(picture(*size))
    assert found.shape == (2 * size[0], 2 * size[1], 3)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_the_same_picture_gives_the_same_bits_again(layout):
    source = picture(20, 28)
    np.testing.assert_array_equal(Swin2Sr(layout, CPU)(source), Swin2Sr(layout, CPU)(source))


def test_the_network_of_the_file_is_what_runs(layout, upscaler):
    source = picture(16, 16)
    before = upscaler(source)
    file = layout.upscaler / "model.safetensors"
    tensors = load_file(file)
    tensors["upsample.final_convolution.bias"] += 0.25
    save_file(tensors, file)
    np.testing.assert_allclose(Swin2Sr(layout, CPU)(source), before + 0.25, atol=1e-5)


def test_tiles_meet_without_a_seam(upscaler, monkeypatch):
    smooth = cv2.GaussianBlur(picture(48, 80), (0, 0), 6)
    whole = upscaler(smooth)
    monkeypatch.setattr(swin2sr, "TILE", 40)
    tiled = upscaler(smooth)
    assert np.abs(tiled - whole).max() < 2e-3
    step = np.abs(np.diff(tiled, axis=1)).max()
    assert step < 1.2 * np.abs(np.diff(whole, axis=1)).max() + 1e-4


def test_what_comes_out_shrinks_to_what_went_in(upscaler):
    source = picture(12, 20)
    found = enlarged(source, upscaler)
    shrunk = cv2.resize(found, (20, 12), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(shrunk, source, atol=2e-6)


@pytest.mark.parametrize("length", [1, 127, 128, 129, 241, 400])
def test_no_tile_is_too_long_and_none_is_missing(upscaler, monkeypatch, length):
    monkeypatch.setattr(swin2sr, "TILE", 128)
    tiles = []

    def doubled(tile):
        tiles.append(tile.shape)
        return tile.repeat(2, axis=0).repeat(2, axis=1)

    monkeypatch.setattr(upscaler, "_tile", doubled)
    source = picture(length, 9)
    np.testing.assert_allclose(upscaler(source), doubled(source), atol=1e-6)
    assert max(max(shape) for shape in tiles[:-1]) <= 128
    assert len(tiles) == 1 + max(-(-(-(-length // 8) - OVERLAP) // (16 - OVERLAP)), 1)


def test_without_its_files_it_is_not_available(layout, tmp_path):
    assert available(layout)
    assert not available(Layout(tmp_path / "none"))


def test_a_tensor_of_the_wrong_shape_is_named(layout):
    file = layout.upscaler / "model.safetensors"
    tensors = load_file(file)
    tensors["swin2sr.layernorm.weight"] = torch.ones(9)
    save_file(tensors, file)
    with pytest.raises(ServerError, match=r"layernorm.weight.*expected \(8,\), got \(9,\)"):
        Swin2Sr(layout, CPU)


def test_a_file_that_is_cut_off_is_named(layout):
    file = layout.upscaler / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ServerError, match="cut off") as caught:
        Swin2Sr(layout, CPU)
    assert caught.value.subject == str(file)


def test_when_memory_is_short_others_let_go_and_the_picture_is_made(layout, monkeypatch):
    let_go = []
    upscaler = Swin2Sr(layout, CPU, make_room=lambda: let_go.append(1))
    wanted, enlarge = upscaler(picture(16, 16)), upscaler._model.forward

    def short(**given):
        if not let_go:
            raise torch.OutOfMemoryError("device memory")
        return enlarge(**given)

    monkeypatch.setattr(upscaler._model, "forward", short)
    np.testing.assert_array_equal(upscaler(picture(16, 16)), wanted)
    assert let_go == [1]
