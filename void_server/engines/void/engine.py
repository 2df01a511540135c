"""The engine ``void``: a job's frames in, clean frames out; keeps its networks between jobs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch

from bridge.messages import EngineInfo
from bridge.shot import Parameter
from void_server.engines.engine import Fill, Footage, Progress, Record
from void_server.engines.modelled.fills import fills
from void_server.engines.modelled.order import Order
from void_server.engines.modelled.settings import Finish
from void_server.engines.void import settings as described
from void_server.engines.void.header import fingerprint
from void_server.engines.void.layout import Layout, why_unavailable
from void_server.engines.void.mask_levels import grid_levels
from void_server.engines.void.memory import Wish
from void_server.engines.void.memory_modes import BuildModels, MemoryModes
from void_server.engines.void.models import Models
from void_server.engines.void.removal import Removal
from void_server.engines.void.settings import Settings
from void_server.engines.void.upscale import swin2sr
from void_server.finish.upscale import Upscaler
from void_server.model_view.frames import Frames
from void_server.model_view.shot import ModelShot


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

        def model(shot: ModelShot, part: int, parts: int) -> Frames:
            return Removal(
                shot,
                settings=settings,
                layout=self._layout,
                cache=self._cache,
                prompt=prompt,
                seed=seed,
                modes=self._chosen(settings, record),
                progress=progress,
                record=record,
                part=part,
                parts=parts,
            ).pictures()

        self._note(record)
        finish = Finish.of(parameters)
        # Read before the model runs: a damaged file must not cost what it has made.
        upscaler = self._upscaler(finish.upscale, record)
        yield from fills(
            footage,
            Order(
                frames=frames,
                seed=seed,
                grid=(settings.height, settings.width),
                finish=finish,
            ),
            model=model,
            levels=grid_levels(settings.mask_resize),
            upscaler=upscaler,
            progress=progress,
            record=record,
        )

    def rest(self) -> None:
        """Let go of the networks."""
        if self._modes is not None:
            self._modes.release()

    def _note(self, record: Record) -> None:
        record.note("model", fingerprint(self._layout.checkpoint(1))[:16])
        record.note("torch", str(torch.__version__))
        if self._devices[0].type == "cuda":
            record.note("gpu", torch.cuda.get_device_name(self._devices[0]))

    def _upscaler(self, wanted: str, record: Record) -> Upscaler | None:
        device = self._devices[0]
        if wanted == "off" or not swin2sr.available(self._layout):
            record.note("upscaler", "cubic" if wanted == "off" else swin2sr.NONE)
            if wanted == "on":
                record.warn("super-resolution was asked for, and its weights are not there")
            return None
        if wanted == "auto" and device.type == "cpu":
            record.note("upscaler", "cubic (super-resolution takes minutes a frame on a CPU)")
            return None
        upscaler = swin2sr.Swin2Sr(self._layout, device, make_room=self.rest)
        record.note("upscaler", upscaler.name)
        return upscaler

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
