"""What the model is told about a shot: the plate and the mask, as latents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from void_server.engines.void.passes import PassNumber
from void_server.engines.void.seams import Semantics
from void_server.engines.void.unit_noise import unit_noise
from void_server.engines.void.vae import GROUP_FRAMES, EncodeStream, Vae
from void_server.engines.void.windows import Window

NOISE_SIGMA = 0.0563
"""Standard deviation of the noise on the plate, whose values lie in -1 to 1.

Source: VOID's reference, where the base model was trained with it.
"""

DRAWING_THREADS = 8
"""Frames whose noise is drawn at the same time."""

AFFECTED = 127 / 255
"""How much of level 127 counts as "remove" in a pass that tells it from the others."""

FramesOf = Callable[[Sequence[int]], torch.Tensor]
"""Gives the frames of the listed indices, stacked, in that order."""

Encoded = Callable[[int, int], None]
"""Told how many padded frames of how many are encoded; may raise to stop."""


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """The latents of a whole shot that go beside the noise, on the CPU.

    Attributes:
        mask: (1, K, 16, h, w) float32.
        plate: (1, K, 16, h, w) float32.
    """

    mask: torch.Tensor
    plate: torch.Tensor

    def part(self, window: Window) -> torch.Tensor:
        """(1, len(window), 32, h, w): mask, then plate, as the transformer takes them."""
        return torch.cat([self.mask[:, window.slice], self.plate[:, window.slice]], dim=2)


def resize_area(frames: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Frames at another size, every pixel the plain mean of those it overlaps at all.

    Output pixel i is the mean of input pixels floor(i * in / out) to ceil((i + 1) * in / out) - 1:
    no exact area filter, as neighbours share pixels.

    Args:
        frames: (n, C, H, W), any numbers.
        height: Rows wanted.
        width: Columns wanted.

    Returns:
        (n, C, height, width) float32.

    Source: VOID's reference loader.
    """
    return F.interpolate(frames.float(), size=(height, width), mode="area")


def bin_levels(levels: torch.Tensor) -> torch.Tensor:
    """The level that each value counts as: uint8, one of 0, 63, 127, 255.

    Args:
        levels: Any shape, 0 to 255, averages of levels included.

    Source: VOID's reference loader: at most 31, 95, 191.
    """
    return _by_bounds(levels, (31, 95, 191), (0, 63, 127, 255)).to(torch.uint8)


def levels_reference(levels: torch.Tensor, *, height: int, width: int) -> torch.Tensor:
    """The reference's way to model size: average the levels themselves, then bin them.

    Around an object's edge it makes a ring of a level that is in neither place. For parity.

    Args:
        levels: (n, H, W) uint8, at the plate's size.
        height: Rows wanted.
        width: Columns wanted.

    Returns:
        (n, height, width) uint8.
    """
    return bin_levels(resize_area(levels[:, None], height, width)[:, 0])


def levels_clean(
    remove: torch.Tensor, affected: torch.Tensor, *, height: int, width: int
) -> torch.Tensor:
    """Our way to model size: average each plane, and take what covers at least half of a pixel.

    Args:
        remove: (n, H, W) bool, at the plate's size.
        affected: (n, H, W) bool, at the plate's size.
        height: Rows wanted.
        width: Columns wanted.

    Returns:
        (n, height, width) uint8.
    """
    gone, changed = (
        resize_area(plane[:, None], height, width)[:, 0] >= 0.5 for plane in (remove, affected)
    )
    table = torch.tensor([255, 127, 0, 63], dtype=torch.uint8, device=gone.device)
    return table[gone.long() * 2 + changed]


def vae_mask(
    levels: torch.Tensor, *, pass_number: PassNumber, semantics: Semantics
) -> torch.Tensor:
    """What the autoencoder sees of a quadmask: 0 remove, 1 keep, not brought to -1 to 1.

    Args:
        levels: Any shape, uint8 levels at model size.
        pass_number: Pass 1 has a value for 127; pass 2 by the reference takes it for "remove".
        semantics: Whether pass 2 does as the reference or as pass 1.

    Returns:
        The same shape, float32.

    Source: VOID's reference, values measured.
    """
    affected = 1.0 if pass_number == 2 and semantics == "reference" else AFFECTED
    return 1 - _by_bounds(levels, (95, 191), (1.0, affected, 0.0))


def _by_bounds(
    values: torch.Tensor, bounds: Sequence[float], results: Sequence[float]
) -> torch.Tensor:
    """The first result whose bound is not exceeded, float32."""
    edges = torch.tensor(bounds, dtype=torch.float32, device=values.device)
    table = torch.tensor(results, dtype=torch.float32, device=values.device)
    return table[torch.bucketize(values.float(), edges)]


def plate_noise(*, seed: int, height: int, width: int) -> FramesOf:
    """The unit noise of padded frames: (n, 3, height, width) float32, each frame by its index."""

    def one(index: int) -> torch.Tensor:
        return unit_noise((3, height, width), seed=seed, stream="plate", index=index)

    def noise(positions: Sequence[int]) -> torch.Tensor:
        # Drawing takes longer than encoding on a GPU, and each frame is drawn by itself.
        with ThreadPoolExecutor(DRAWING_THREADS) as threads:
            return torch.stack(list(threads.map(one, positions)))

    return noise


def noised_plate(plate: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """The plate as the autoencoder sees it.

    Args:
        plate: (n, 3, H, W) float32, 0 to 1, in the model's space.
        noise: (n, 3, H, W) unit noise.

    Returns:
        (n, 3, H, W) float32, -1 to 1 and noise; what is exactly -1 stays so.
    """
    centred = plate * 2 - 1
    return torch.where(centred == -1, centred, centred + NOISE_SIGMA * noise.to(centred))


def sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the host's on a device, without waiting for what the device is doing."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def encode_plate(
    vae: Vae,
    plate: FramesOf,
    indices: Sequence[int],
    *,
    noise: FramesOf,
    encoded: Encoded | None = None,
) -> torch.Tensor:
    """The plate's latents, both passes' alike.

    Args:
        vae: The autoencoder.
        plate: (n, 3, H, W) float32, 0 to 1, of frames of the shot.
        indices: The frame of the shot for each padded frame, T = 8k + 5 of them.
        noise: (n, 3, H, W) unit noise of padded frames, as `plate_noise` gives it.
        encoded: Told of progress after every call of the encoder.

    Returns:
        (1, K, 16, h, w) float32 on the CPU.
    """
    device = vae.model.device

    def pixels(positions: range) -> torch.Tensor:
        frames = plate([indices[i] for i in positions])
        return noised_plate(sent(frames, device), sent(noise(positions), device))

    return _encode(vae.encode_stream(len(indices)), pixels, len(indices), encoded)


def encode_mask(
    vae: Vae,
    levels: FramesOf,
    indices: Sequence[int],
    *,
    pass_number: PassNumber,
    semantics: Semantics,
    encoded: Encoded | None = None,
) -> torch.Tensor:
    """The mask's latents for one pass.

    Args:
        vae: The autoencoder.
        levels: (n, H, W) uint8 at model size, of frames of the shot; nothing affected in frame 0.
        indices: The frame of the shot for each padded frame, as the plate's.
        pass_number: 1 or 2.
        semantics: What the levels mean to it.
        encoded: Told of progress after every call of the encoder.

    Returns:
        (1, K, 16, h, w) float32 on the CPU.
    """
    device = vae.model.device

    def pixels(positions: range) -> torch.Tensor:
        found = sent(levels([indices[i] for i in positions]), device)
        values = vae_mask(found, pass_number=pass_number, semantics=semantics)
        return values[:, None].expand(-1, 3, -1, -1)

    return _encode(vae.encode_stream(len(indices)), pixels, len(indices), encoded)


def _encode(
    stream: EncodeStream,
    pixels: Callable[[range], torch.Tensor],
    length: int,
    encoded: Encoded | None,
) -> torch.Tensor:
    latents = []
    for start in range(0, length, GROUP_FRAMES):
        positions = range(start, min(start + GROUP_FRAMES, length))
        # They stay on the device until the end: to fetch them is to wait for it.
        latents.append(stream.push(pixels(positions).transpose(0, 1)[None]))
        if encoded is not None:
            encoded(positions.stop, length)
    stream.finish()
    return torch.cat(latents, dim=2).transpose(1, 2).contiguous().cpu()
