"""The engine ``void``: a job's frames in, clean frames out; keeps its networks between jobs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch

from bridge.messages import EngineInfo
from bridge.shot import Parameter
from void_server.engines.engine import Fill, Footage, Progress, Record
from void_server.engines.void import settings as described
from void_server.engines.void.header import fingerprint
from void_server.engines.void.layout import Layout, why_unavailable
from void_server.engines.void.memory import Wish
from void_server.engines.void.memory_modes import BuildModels, MemoryModes
from void_server.engines.void.model_shot import Frames, ModelShot, read_shot
from void_server.engines.void.models import Models
from void_server.engines.void.removal import Removal
from void_server.engines.void.settings import Settings
from void_server.matte import bounds


class Void:
    """Fills holes with what the VOID model imagines behind them; implements `Engine`.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1`` or a group such as ``cuda:0+cuda:1``.
        weights: Folder of the checkpoint.
        cache: Folder of what is kept between jobs.
        build: Makes the networks of a memory mode; the checkpoint's own where left out.
    """

    def __init__(
        self, *, device: str, weights: Path, cache: Path, build: BuildModels | None = None
    ) -> None:
        self._device = device
        self._devices = [torch.device(name) for name in device.split("+")]
        self._build = build or self._build_models
        self._layout = Layout(weights)
        self._cache = cache
        self._modes: MemoryModes | None = None
        # Compiled kernels outlive the process there; Triton asks for it when it compiles.
        os.environ.setdefault("TRITON_CACHE_DIR", str(cache / "kernels"))

    def describe(self) -> EngineInfo:
        """Name, words and parameters, from which hosts build their knobs."""
        reason = why_unavailable(self._layout)
        return described.description(device=self._device, available=not reason, reason=reason)

    def fill(
        self,
        footage: Footage,
        *,
        frames: Sequence[int],
        prompt: str,
        seed: int,
        parameters: Mapping[str, Parameter],
        progress: Progress,
        record: Record,
    ) -> Iterator[Fill]:
        """Yield one `Fill` for each of ``frames`` whose hole is not empty, in that order.

        The model sees the whole shot, whichever frames are wanted, so that a frame's fill does
        not depend on them.
        """
        settings = Settings.of(parameters)
        progress("waking up", 0, 1)
        shot = read_shot(
            footage,
            height=settings.height,
            width=settings.width,
            mask_resize=settings.mask_resize,
            progress=progress,
        )
        try:
            pictures = self._pictures(shot, settings, prompt, seed, progress, record)
            yield from _fills(footage, shot, pictures, frames)
            pictures.close()
        finally:
            shot.close()

    def rest(self) -> None:
        """Let go of the networks."""
        if self._modes is not None:
            self._modes.release()

    def _pictures(
        self,
        shot: ModelShot,
        settings: Settings,
        prompt: str,
        seed: int,
        progress: Progress,
        record: Record,
    ) -> Frames:
        modes = self._chosen(settings, record)
        record.note("model", fingerprint(self._layout.checkpoint(1))[:16])
        record.note("torch", str(torch.__version__))
        if self._devices[0].type == "cuda":
            record.note("gpu", torch.cuda.get_device_name(self._devices[0]))
        record.note("exposure", shot.space.exposure)
        record.note("peak", shot.space.peak)
        removal = Removal(
            shot,
            settings=settings,
            layout=self._layout,
            cache=self._cache,
            prompt=prompt,
            seed=seed,
            modes=modes,
            progress=progress,
            record=record,
        )
        return removal.pictures()

    def _chosen(self, settings: Settings, record: Record) -> MemoryModes:
        if self._modes is None:
            self._modes = MemoryModes(self._layout, self._devices[0], self._build)
        self._modes.choose(
            cast(Wish, settings.memory),
            height=settings.height,
            width=settings.width,
            record=record,
        )
        return self._modes

    def _build_models(self, mode: str) -> Models:
        first, *others = self._devices
        return Models(
            layout=self._layout, device=first, mode=mode, others=[str(other) for other in others]
        )


def _fills(
    footage: Footage, shot: ModelShot, pictures: Frames, frames: Sequence[int]
) -> Iterator[Fill]:
    wanted = set(frames)
    for index, number in enumerate(shot.numbers):
        box = bounds(footage.hole(number)) if number in wanted else None
        if box is None:
            continue
        rows = slice(box.y_min, box.y_max + 1)
        columns = slice(box.x_min, box.x_max + 1)
        rgb = shot.filled(np.asarray(pictures[index], np.float32), (rows, columns))
        seen = np.zeros(box.shape, np.uint16)
        yield Fill(frame=number, top=box.y_min, left=box.x_min, rgb=rgb, seen=seen)
