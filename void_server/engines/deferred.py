"""An engine whose code is loaded when it is needed, because that takes seconds."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType

from bridge.messages import EngineInfo
from bridge.shot import Parameter
from void_server.engines.engine import Engine, Fill, Footage, Progress, Record


class Deferred:
    """Stands for an `Engine` until the first job; implements `Engine`.

    Args:
        describe: Says what the engine is, without its code.
        module: Name of the module with its code.
        make: Makes the engine from that module.
    """

    def __init__(
        self,
        *,
        describe: Callable[[], EngineInfo],
        module: str,
        make: Callable[[ModuleType], Engine],
    ) -> None:
        self._describe = describe
        self._module = module
        self._make = make
        self._engine: Engine | None = None

    def describe(self) -> EngineInfo:
        """Name, words and parameters, from which hosts build their knobs."""
        return self._describe() if self._engine is None else self._engine.describe()

    def import_code(self) -> None:
        """Import the engine's code ahead of the first job. May be called from any thread."""
        importlib.import_module(self._module)

    def load(self) -> Engine:
        """The engine itself."""
        if self._engine is None:
            self._engine = self._make(importlib.import_module(self._module))
        return self._engine

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
        """As `Engine.fill`."""
        return self.load().fill(
            footage,
            frames=frames,
            prompt=prompt,
            seed=seed,
            parameters=parameters,
            progress=progress,
            record=record,
        )

    def rest(self) -> None:
        """As `Engine.rest`; an engine that was never loaded holds nothing."""
        if self._engine is not None:
            self._engine.rest()
