"""Optical flow between two model frames: where each pixel of the first went in the second.

RAFT where torchvision and its weights are present, OpenCV's DIS otherwise. Flow is analysis only:
no pixel that it has seen as 8 bit reaches a result.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from bridge.errors import ServerError
from void_server.engines.void.damage import damaged
from void_server.engines.void.header import read_header

Picture = npt.NDArray[np.float32]
"""(H, W, 3) float32, display-referred RGB in [0, 1]."""

Displacement = npt.NDArray[np.float32]
"""(H, W, 2) float32 pixels, (dx, dy)."""

FlowName = Literal["raft_large", "opencv_dis"]
"""What the result's record says of the flow that ran."""

SMALLEST_RAFT = 128
"""Height and width below which RAFT's correlation pyramid has no coarsest level, pixels.

Source: 8 (stride of the features) x 2 x 2^3 (four levels), as torchvision's raft_large checks.
"""

_STRIDE = 8


class Flow(Protocol):
    """Estimates motion."""

    def __call__(self, first: Picture, second: Picture) -> Displacement:
        """Where the pixels of ``first`` are in ``second``.

        What ``first`` shows at (x, y) is found in ``second`` at (x + dx, y + dy), where (dx, dy)
        is the result at row y, column x. x grows to the right, y downwards.

        Args:
            first: (H, W, 3) float32 in [0, 1].
            second: Of the same size.

        Returns:
            (H, W, 2) float32 pixels.
        """
        ...


class DisFlow:
    """Dense inverse search in OpenCV, on the CPU; the number of threads does not change it.

    Source: Kroeger et al., Fast Optical Flow using Dense Inverse Search (2016). The preset is the
    one for quality; going on to full resolution took four times as long and, on three moved
    clips, was no closer to the truth (median error 0.05 to 0.12 px against 0.05 to 0.08 px).
    """

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, first: Picture, second: Picture) -> Displacement:
        """See `Flow`."""
        found: Displacement = self._search.calc(_gray(first), _gray(second), None)
        return found


class RaftFlow:
    """torchvision's ``raft_large``.

    Source: Teed and Deng, RAFT: Recurrent All-Pairs Field Transforms for Optical Flow (2020).

    Args:
        weights_file: Its state dict as safetensors.
        device: Where it runs.

    Raises:
        ServerError: torchvision is absent or does not fit this torch (code ``torchvision``), or
            the file is broken or of another network (code ``weights``).
    """

    def __init__(self, weights_file: Path, device: torch.device) -> None:
        model = _torchvision_flow().raft_large(weights=None, progress=False)
        _load(model, weights_file)
        self._model = model.to(device).eval().requires_grad_(False)
        self._device = device

    @torch.inference_mode()
    def __call__(self, first: Picture, second: Picture) -> Displacement:
        """See `Flow`."""
        size = first.shape[:2]
        pair = torch.from_numpy(np.stack([first, second])).to(self._device)
        pair = _fitted(pair.permute(0, 3, 1, 2) * 2 - 1)
        flow = self._model(pair[:1], pair[1:])[-1]
        # Displacements are in pixels of what the network saw.
        scale = torch.tensor([size[1] / flow.shape[3], size[0] / flow.shape[2]])
        flow = _resized(flow, size) * scale.to(flow).view(1, 2, 1, 1)
        found: Displacement = flow[0].permute(1, 2, 0).float().cpu().contiguous().numpy()
        return found


def choose(
    weights_file: Path | None, device: torch.device, *, wanted: str = "auto"
) -> tuple[Flow, FlowName]:
    """The flow for pass 2's noise, and its name for the record.

    Args:
        weights_file: Where RAFT's weights would be; None for nowhere.
        device: Where RAFT would run.
        wanted: ``raft_large``, ``opencv_dis``, or ``auto``: RAFT if it can run, else DIS.

    Raises:
        ServerError: RAFT was asked for by name and cannot run, or its weights are there but
            broken; a broken file is never passed over in silence.
    """
    if wanted == "opencv_dis":
        return DisFlow(), "opencv_dis"
    try:
        if weights_file is None or not weights_file.exists():
            raise _no_weights(weights_file)
        _torchvision_flow()
    except ServerError:
        if wanted == "raft_large":
            raise
        return DisFlow(), "opencv_dis"
    return RaftFlow(weights_file, device), "raft_large"


def _gray(picture: Picture) -> npt.NDArray[np.uint8]:
    """(H, W) uint8, which is all that DIS takes."""
    luma = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    gray: npt.NDArray[np.uint8] = np.rint(np.clip(luma, 0.0, 1.0) * 255.0).astype(np.uint8)
    return gray


def _torchvision_flow() -> ModuleType:
    try:
        return importlib.import_module("torchvision.models.optical_flow")
    except (ImportError, RuntimeError, OSError) as error:
        # A torchvision built for another torch fails while it is imported, in any of these ways.
        raise ServerError(
            "optical flow raft_large",
            f"torchvision is absent or does not fit this torch ({error})",
            "Install the torchvision that belongs to this torch, or choose opencv_dis.",
            code="torchvision",
        ) from error


def _no_weights(file: Path | None) -> ServerError:
    where = "no weights folder is set" if file is None else f"there is no file {file}"
    return ServerError(
        "optical flow raft_large",
        f"its weights are missing ({where})",
        "Put raft_large.safetensors into the weights folder, or choose opencv_dis.",
        code="weights",
    )


def _load(model: nn.Module, file: Path) -> None:
    """Every tensor of the network comes from the file, and the file has no other."""
    read_header(file)
    state = load_file(file)
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise damaged(
                file,
                f"it does not hold raft_large: tensor {name} (expected "
                f"{wanted.get(name, 'none')}, got {found.get(name, 'none')})",
                "Convert torchvision's raft_large C_T_SKHT_V2 weights again.",
            )
    model.load_state_dict(state, strict=True)


def _fitted(pictures: torch.Tensor) -> torch.Tensor:
    """(B, 3, H', W'), H' and W' the least that RAFT takes: multiples of 8, at least 128."""
    height, width = (
        max(SMALLEST_RAFT, -(-size // _STRIDE) * _STRIDE) for size in pictures.shape[2:]
    )
    return _resized(pictures, (height, width))


def _resized(planes: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    if tuple(planes.shape[2:]) == tuple(size):
        return planes
    return functional.interpolate(planes, size=list(size), mode="bilinear", align_corners=False)
