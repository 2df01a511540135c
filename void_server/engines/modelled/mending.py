"""A model's pictures in the model's own colours; only what cannot be light is mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from void_server.engines.engine import Fact, Mask
from void_server.finish import Code
from void_server.finish.clean import cleaned
from void_server.finish.color_fit import no_change
from void_server.finish.guard import Faults
from void_server.finish.membrane import membrane
from void_server.finish.seam import CELL


class Mended:
    """Stands in the place of a `Match` where none is wanted. Reads every picture once.

    Args:
        numbers: File number of each frame.
        sent: Index from 0 to (H, W, 3) float32 code: what the model was shown.
        got: Index to (H, W, 3) float32: what it returned; anything, NaN included.
        foreign: Index to (H, W) bool: what does not show background.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        *,
        sent: Callable[[int], Code],
        got: Callable[[int], Code],
        foreign: Callable[[int], Mask],
    ) -> None:
        self._sent, self._got, self._foreign = sent, got, foreign
        self._faults = Faults()
        for index, number in enumerate(numbers):
            self._faults.add(number, cleaned(got(index)))

    def picture(self, index: int) -> Code:
        """(H, W, 3) code, 0 to 1."""
        clean = cleaned(self._got(index))
        known = ~self._foreign(index)
        if not clean.lost or not known.any():
            return clean.picture
        return membrane(self._sent(index) * known[..., None], known, cell=CELL)

    def measures(self, index: int) -> dict[str, float]:
        """Nothing is measured."""
        return {}

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What is to be known of the whole shot."""
        return {"model_pixels_cleaned": self._faults.pixels}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the artist should know, as clauses without a full stop."""
        return self._faults.warnings(no_change())
