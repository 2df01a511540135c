"""Swin2SR on pictures of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file

from void_server.engines.void.damage import damaged
from void_server.engines.void.fitting import build_upscaler, verify_upscaler
from void_server.engines.void.layout import TRANSFORMERS_STEM, Layout
from void_server.engines.void.stored import Stored
from void_server.engines.void.upscale.config import upscaler_config

TILE = 256
"""Side of what the network sees at once, model pixels; bounds its memory to about 0.8 GiB.

Source: measured on an H200 in float32: 128, 256 and 384 x 672 pixels at once take 7.5, 4.3 and
3.1 microseconds and 18, 13 and 12 kB a pixel.
"""

OVERLAP = 2
"""Over which two tiles are blended, windows of the network's attention."""

NONE = "cubic (no super-resolution weights)"
"""What the record says when there is no network."""

Code = npt.NDArray[np.float32]
"""(h, w, 3) float32 in model space, 0 to 1."""

Span = tuple[int, int]
"""First of a tile's rows or columns, and the one after its last."""


class Swin2Sr:
    """Enlarges pictures; implements `Upscaler`.

    The published network was trained for fidelity (a pixel loss, no adversary), on display
    pictures, which is what model space is made to look like.

    Source: Conde et al., "Swin2SR: SwinV2 transformer for compressed image super-resolution and
    restoration" (2022).

    Args:
        layout: Where its files are.
        device: Where it runs; taken only when the first picture comes.
        make_room: Lets go of device memory that others hold, when there is too little.

    Raises:
        ServerError: A file is missing, cut off, or does not fit; names file, key and shape.
    """

    def __init__(
        self,
        layout: Layout,
        device: torch.device,
        *,
        make_room: Callable[[], None] = lambda: None,
    ) -> None:
        config = upscaler_config(layout)
        stored = Stored.of_folder(layout.upscaler, TRANSFORMERS_STEM)
        if differences := verify_upscaler(stored, config):
            raise damaged(stored.source, "; ".join(differences))
        model = build_upscaler(config)
        state = {n: t for file in set(stored.places.values()) for n, t in load_file(file).items()}
        model.load_state_dict(state, strict=False, assign=True)
        self._model: Any = model.float().eval().requires_grad_(False)
        self._device = device
        self._make_room = make_room
        self._window = config.window_size
        self.factor: int = config.upscale
        self.name = layout.upscaler.name

    def __call__(self, picture: Code) -> Code:
        """(h, w, 3) to (factor h, factor w, 3), tile by tile, the tiles blended."""
        try:
            return self._enlarged(picture)
        except torch.OutOfMemoryError:
            self._make_room()
        return self._enlarged(picture)

    @torch.inference_mode()
    def _enlarged(self, picture: Code) -> Code:
        self._model.to(self._device)
        height, width = picture.shape[:2]
        # Mirrored up to whole windows: the network takes no other size.
        beyond = (0, -height % self._window), (0, -width % self._window), (0, 0)
        whole = np.pad(picture, beyond, mode="symmetric")
        k = self.factor
        total = np.zeros((whole.shape[0] * k, whole.shape[1] * k, 3), np.float32)
        weight = np.zeros((*total.shape[:2], 1), np.float32)
        for rows in self._spans(whole.shape[0]):
            for columns in self._spans(whole.shape[1]):
                place = slice(rows[0] * k, rows[1] * k), slice(columns[0] * k, columns[1] * k)
                down, across = self._ramp(rows, whole.shape[0]), self._ramp(columns, whole.shape[1])
                ramp = np.outer(down, across)[..., None]
                total[place] += ramp * self._tile(whole[slice(*rows), slice(*columns)])
                weight[place] += ramp
        return np.asarray((total / weight)[: height * k, : width * k], np.float32)

    def _tile(self, tile: Code) -> Code:
        planes = torch.from_numpy(np.ascontiguousarray(tile)).permute(2, 0, 1)[None]
        found = self._model(pixel_values=planes.to(self._device)).reconstruction
        return cast(Code, found[0].permute(1, 2, 0).cpu().numpy())

    def _spans(self, size: int) -> Iterator[Span]:
        """Tiles of equal length, in whole windows, so that all see the same windows."""
        windows, tile = size // self._window, TILE // self._window
        count = max(-(-(windows - OVERLAP) // (tile - OVERLAP)), 1)
        length = -(-(windows + (count - 1) * OVERLAP) // count)
        for index in range(count):
            start = index * (windows - length) // max(count - 1, 1)
            yield start * self._window, (start + length) * self._window

    def _ramp(self, span: Span, size: int) -> npt.NDArray[np.float32]:
        """Weights along a tile: 1, and 0 at a side on which another tile goes on.

        The outermost quarter of the overlap counts for nothing: a network knows least there.
        """
        inside = np.arange((span[1] - span[0]) * self.factor, dtype=np.float32) + np.float32(0.5)
        overlap = OVERLAP * self._window * self.factor
        rise = np.clip(inside * (2 / overlap) - 0.5, 0.0, 1.0)
        ramp = np.ones_like(rise)
        if span[0] > 0:
            ramp = np.minimum(ramp, rise)
        if span[1] < size:
            ramp = np.minimum(ramp, rise[::-1])
        return np.asarray(ramp, np.float32)


def available(layout: Layout) -> bool:
    """Whether any file of the network is there; a broken one is then said, not passed over."""
    return any(file.exists() for file in Stored.files(layout.upscaler, TRANSFORMERS_STEM))
