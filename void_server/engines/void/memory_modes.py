"""The memory mode in force: chosen before a job, and a smaller one when memory runs out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from void_server.engines.engine import Record
from void_server.engines.void.layout import DIFFUSERS_STEM, TRANSFORMERS_STEM, Layout
from void_server.engines.void.memory import Wish, choose, free_on, with_fallback
from void_server.engines.void.memory_needs import Mode, Needs, parameters
from void_server.engines.void.model_config import transformer_config
from void_server.engines.void.models import Models
from void_server.engines.void.stored import Stored

log = logging.getLogger(__name__)

Result = TypeVar("Result")

BuildModels = Callable[[Mode], Models]
"""Makes the networks of one mode; nothing is loaded yet."""

_FP8 = (8, 9)
"""CUDA capability from which on there are fp8 products."""


class MemoryModes:
    """Holds the networks in one mode at a time, and keeps them between jobs.

    Args:
        layout: The checkpoint's files.
        device: Where to run.
        build: Makes the networks of a mode.
    """

    def __init__(self, layout: Layout, device: torch.device, build: BuildModels) -> None:
        self._layout = layout
        self._device = device
        self._build = build
        self._wish: Wish | None = None
        self._mode: Mode = "full"
        self._models: Models | None = None
        self._needs: Needs | None = None
        self._text_on_device = True
        self._record: Record | None = None

    def choose(self, wish: Wish, *, height: int, width: int, record: Record) -> None:
        """Settle on a mode for a job; what is loaded stays where the mode does.

        Args:
            wish: What the artist asked for.
            height: Model pixels.
            width: Model pixels.
            record: Told the mode, and of every change.

        Raises:
            ServerError: The device is too small for every mode allowed.
        """
        needs = self._counted(height, width)
        if self._models is None or wish != self._wish or needs != self._needs:
            self.release()
            plan = choose(wish, free_on(self._device), needs, fp8=self._has_fp8())
            log.info("memory: %s", plan.reason)
            self._mode, self._text_on_device = plan.mode, plan.text_on_device
        self._wish, self._needs, self._record = wish, needs, record
        record.note("memory", self._mode)
        record.note("memory_estimate_gib", round(needs.peak(self._mode) / 2**30, 1))

    def attempt(self, work: Callable[[Models], Result]) -> Result:
        """Do a part of the work; in a smaller mode from its beginning if memory runs out.

        Raises:
            ServerError: Memory ran out in the smallest mode too.
        """
        assert self._needs is not None
        result, mode = with_fallback(
            lambda mode: work(self._in(mode)),
            self._mode,
            self._changed,
            needs=self._needs,
            free_bytes=lambda: free_on(self._device),
            fp8=self._has_fp8(),
        )
        self._mode = mode
        return result

    @property
    def text_device(self) -> torch.device:
        """Where the text encoder runs."""
        return self._device if self._text_on_device else torch.device("cpu")

    def release(self) -> None:
        """Let go of the networks."""
        if self._models is not None:
            self._models.release()
            self._models = None

    def _in(self, mode: Mode) -> Models:
        if self._models is None or self._models.mode != mode:
            self.release()
            self._models = self._build(mode)
        return self._models

    def _changed(self, text: str) -> None:
        self.release()
        if self._record is not None:
            self._record.warn(text)

    def _has_fp8(self) -> bool:
        cuda = self._device.type == "cuda"
        return cuda and torch.cuda.get_device_capability(self._device) >= _FP8

    def _counted(self, height: int, width: int) -> Needs:
        layout = self._layout
        stored = {
            part: parameters(Stored.of_folder(folder, stem).entries.values())
            for part, folder, stem in (
                ("vae", layout.vae, DIFFUSERS_STEM),
                ("text", layout.text_encoder, TRANSFORMERS_STEM),
            )
        }
        return Needs.of(
            transformer_config(layout),
            vae_parameters=stored["vae"],
            text_parameters=stored["text"],
            height=height,
            width=width,
            # As for a guided pass, so that what is loaded stays when the next job has one.
            batch=2,
        )
