import sys
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from bridge.errors import ServerError
from void_server.engines.void.flow import DisFlow, RaftFlow, choose

CPU = torch.device("cpu")


def textured(height, width):
    drawn = np.random.default_rng(0)
    picture = sum(
        cv2.resize(drawn.random((height // s, width // s, 3), np.float32), (width, height))
        for s in (2, 4, 8, 16)
    )
    return picture / 4


class Raft(nn.Module):
    """Takes what torchvision's RAFT takes, and sees every pixel move by its parameter."""

    def __init__(self):
        super().__init__()
        self.motion = nn.Parameter(torch.zeros(2))

    def forward(self, image1, image2, num_flow_updates=12):
        for image in (image1, image2):
            batch, channels, height, width = image.shape
            if image.dtype != torch.float32 or image.min() < -1 or image.max() > 1:
                raise ValueError("pictures are float32 in [-1, 1]")
            if (batch, channels) != (1, 3) or height % 8 or width % 8:
                raise ValueError("a picture is (1, 3, H, W) with multiples of 8")
            if min(height, width) < 128:
                raise ValueError("feature maps are too small")
        found = self.motion.view(1, 2, 1, 1).expand(1, 2, height, width)
        return [torch.zeros_like(found)] * (num_flow_updates - 1) + [found]


def raft_large(*, weights=None, progress=True):
    if weights is not None or progress:
        raise ValueError("nothing may be fetched here")
    return Raft()


@pytest.fixture
def torchvision(monkeypatch):
    flow = ModuleType("torchvision.models.optical_flow")
    flow.raft_large = raft_large
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "torchvision.models.optical_flow", flow)


@pytest.fixture
def no_torchvision(monkeypatch):
    for name in ("torchvision", "torchvision.models", "torchvision.models.optical_flow"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def weights(tmp_path):
    def write(**tensors):
        file = tmp_path / "raft_large.safetensors"
        save_file(tensors or {"motion": torch.tensor([6.0, -3.0])}, file)
        return file

    return write


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, 0), (0, -2), (-5, 4)])
def test_dis_says_where_the_pixels_of_the_first_frame_went(right, down):
    wall = textured(160, 224)
    first = wall[16:-16, 16:-16]
    second = wall[16 - down : 144 - down, 16 - right : 208 - right]
    found = DisFlow()(first, second)
    assert found.shape == (128, 192, 2)
    assert found.dtype == np.float32
    inner = found[16:-16, 16:-16].reshape(-1, 2)
    assert np.median(inner, axis=0) == pytest.approx((right, down), abs=0.15)


def test_dis_finds_no_motion_between_equal_frames():
    wall = textured(128, 160)
    assert not DisFlow()(wall, wall.copy()).any()


def test_dis_gives_the_same_bits_every_time_and_with_any_number_of_threads():
    first, second = textured(128, 192), textured(144, 192)[16:]
    threads = cv2.getNumThreads()
    flow, found = DisFlow(), []
    try:
        for count in (1, 2, 3, 1):
            cv2.setNumThreads(count)
            found.append(flow(first, second))
            flow(second, first)
    finally:
        cv2.setNumThreads(threads)
    assert all(np.array_equal(found[0], other) for other in found[1:])


@pytest.mark.parametrize("size", [(32, 48), (48, 32), (16, 16), (384, 672)], ids=str)
def test_dis_takes_every_model_size(size):
    assert DisFlow()(textured(*size), textured(*size)).shape == (*size, 2)


def test_dis_takes_values_outside_of_the_range_as_its_ends():
    wall = textured(64, 64)
    assert not DisFlow()(wall * 0 - 3, wall * 0).any()
    assert not DisFlow()(wall * 0 + 1, wall * 0 + 7).any()


def test_without_raft_weights_it_is_dis(torchvision, tmp_path):
    for file in (None, tmp_path / "raft_large.safetensors"):
        flow, name = choose(file, CPU)
        assert name == "opencv_dis"
        assert isinstance(flow, DisFlow)


def test_without_torchvision_it_is_dis(no_torchvision, weights):
    assert choose(weights(), CPU)[1] == "opencv_dis"


def test_a_torchvision_that_breaks_on_import_counts_as_absent(monkeypatch, weights, tmp_path):
    package = tmp_path / "path" / "torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('operator nms does not exist')")
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(package.parent)
    assert choose(weights(), CPU)[1] == "opencv_dis"


def test_with_weights_and_torchvision_it_is_raft(torchvision, weights):
    flow, name = choose(weights(), CPU)
    assert name == "raft_large"
    assert isinstance(flow, RaftFlow)


def test_dis_may_be_asked_for_beside_raft(torchvision, weights):
    assert choose(weights(), CPU, wanted="opencv_dis")[1] == "opencv_dis"


def test_raft_asked_for_by_name_must_run(torchvision, tmp_path):
    for file in (None, tmp_path / "raft_large.safetensors"):
        with pytest.raises(ServerError, match="its weights are missing") as caught:
            choose(file, CPU, wanted="raft_large")
        assert caught.value.code == "weights"


def test_raft_asked_for_by_name_needs_torchvision(no_torchvision, weights):
    with pytest.raises(ServerError, match="torchvision is absent") as caught:
        choose(weights(), CPU, wanted="raft_large")
    assert caught.value.code == "torchvision"


def test_raft_gives_its_last_estimate_in_pixels(torchvision, weights):
    found = RaftFlow(weights(), CPU)(textured(128, 192), textured(128, 192))
    assert found.shape == (128, 192, 2)
    assert found.dtype == np.float32
    assert np.array_equal(np.unique(found.reshape(-1, 2), axis=0), [[6.0, -3.0]])


def test_a_small_picture_is_enlarged_for_raft_and_its_flow_measured_in_its_own_pixels(
    torchvision, weights
):
    """64 x 96 is seen as 128 x 128: a motion by (6, -3) there is one by (4.5, -1.5) here."""
    found = RaftFlow(weights(), CPU)(textured(64, 96), textured(64, 96))
    assert found.shape == (64, 96, 2)
    assert np.allclose(found, (4.5, -1.5))


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"other": torch.zeros(2)}, r"tensor motion \(expected \(2,\), got none\)"),
        ({"motion": torch.zeros(2), "x": torch.zeros(1)}, r"tensor x \(expected none, got \(1,\)"),
        ({"motion": torch.zeros(3)}, r"tensor motion \(expected \(2,\), got \(3,\)"),
    ],
    ids=["missing", "surplus", "shape"],
)
def test_weights_of_another_network_are_refused_by_tensor(torchvision, weights, tensors, says):
    with pytest.raises(ServerError, match=says) as caught:
        choose(weights(**tensors), CPU)
    assert caught.value.code == "weights"


def test_a_broken_weights_file_is_an_error_and_not_a_reason_for_dis(torchvision, weights):
    file = weights()
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(ServerError, match="cut off"):
        choose(file, CPU)
