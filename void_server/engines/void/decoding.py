"""Latents of a shot to frames in the host's memory, the copies running beside the decoder."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from void_server.engines.void.vae import Vae


def decoded(vae: Vae, latents: torch.Tensor) -> Iterator[torch.Tensor]:
    """Decode a shot.

    Args:
        vae: On its device.
        latents: (1, K, 16, h, w) float, on any device.

    Yields:
        The 4K - 3 frames in order, a few at a time: (n, H, W, 3) float32 on the CPU, 0 to 1.
    """
    waiting: _Copy | None = None
    for frames in _groups(vae, latents):
        coming = _Copy(frames[0].permute(1, 2, 3, 0).contiguous())
        if waiting is not None:
            yield waiting.arrived()
        waiting = coming
    if waiting is not None:
        yield waiting.arrived()


def _groups(vae: Vae, latents: torch.Tensor) -> Iterator[torch.Tensor]:
    stream = vae.decode_stream()
    # All at once: to send each by itself would be to wait for the frames before it.
    latents = latents.to(vae.model.device)
    for index in range(latents.shape[1]):
        frames = stream.push(latents[:, index : index + 1].transpose(1, 2))
        if frames.shape[2]:
            yield frames
    frames = stream.finish()
    if frames.shape[2]:
        yield frames


class _Copy:
    """Frames on their way to the host, on a stream of their own."""

    def __init__(self, frames: torch.Tensor) -> None:
        self._done: torch.cuda.Event | None = None
        if frames.device.type != "cuda":
            self._host = frames
            return
        stream = _stream(frames.device)
        stream.wait_stream(torch.cuda.current_stream(frames.device))
        self._host = torch.empty(frames.shape, dtype=frames.dtype, pin_memory=True)
        with torch.cuda.stream(stream):
            self._host.copy_(frames, non_blocking=True)
            self._done = stream.record_event()
        frames.record_stream(stream)

    def arrived(self) -> torch.Tensor:
        """The frames, once they are there."""
        if self._done is not None:
            self._done.synchronize()
        return self._host


_streams: dict[torch.device, torch.cuda.Stream] = {}


def _stream(device: torch.device) -> torch.cuda.Stream:
    if device not in _streams:
        _streams[device] = torch.cuda.Stream(device)
    return _streams[device]
