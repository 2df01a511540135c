"""Everything that is wrong, said at once: an artist mends a node in one go, not in five."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.errors import RequestError, VoidError


class Problems(RequestError):
    """Several errors of one check, each on a line of its own.

    Attributes:
        errors: At least two of them, as they were found.
    """

    def __init__(self, errors: Sequence[VoidError]) -> None:
        self.errors = tuple(errors)
        said = "; ".join(f"{error.subject}: {error.text}" for error in self.errors)
        super().__init__(f"{len(self.errors)} problems", said, code="several_problems")

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))


def together(errors: Sequence[VoidError]) -> VoidError:
    """One error for all of them; a single one stays what it is.

    Raises:
        ValueError: There is none.
    """
    if not errors:
        raise ValueError("no errors to put together")
    flat = [one for error in errors for one in _parts(error)]
    return flat[0] if len(flat) == 1 else Problems(flat)


def _parts(error: VoidError) -> tuple[VoidError, ...]:
    return error.errors if isinstance(error, Problems) else (error,)
