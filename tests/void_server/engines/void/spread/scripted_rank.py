"""A rank whose transformer does what the test says; run as a process."""

import json
import sys
from pathlib import Path

import torch

from void_server.engines.void.models import Models
from void_server.engines.void.spread import rank

ERRORS = {"ValueError": ValueError, "OutOfMemoryError": torch.OutOfMemoryError}


class Scripted:
    """Raises as the script says whose path is the memory mode, read anew for every load.

    ``{"error": name, "call": n}``: at the nth call of the transformer, or at the load for 0.
    """

    def __init__(self, *, layout, device, mode):
        self._models = Models(layout=layout, device=device, mode="full")
        self._script = Path(mode)

    def forward(self, pass_number):
        script = json.loads(self._script.read_text())
        if script.get("call") == 0:
            raise ERRORS[script["error"]]("scripted")
        forward, calls = self._models.forward(pass_number), []

        def counted(latents, text, timestep):
            calls.append(timestep)
            if len(calls) == script.get("call"):
                raise ERRORS[script["error"]]("scripted")
            return forward(latents, text, timestep)

        return counted


if __name__ == "__main__":
    sys.exit(rank.main(Scripted))
