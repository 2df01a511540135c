"""Whether there is room for an export, asked before the first frame is rendered."""

from __future__ import annotations

import shutil
from pathlib import Path

from bridge.errors import RequestError
from bridge.wording import size
from host_plugins.run.order import Order


def check(order: Order, *, exports: int) -> None:
    """Refuse what cannot fit.

    Args:
        order: What is asked for; one that does not know the size of a frame always fits.
        exports: Views to be exported.

    Raises:
        RequestError: The disk has less room than the frames may take.
    """
    needed = exports * len(order.frames) * order.frame_bytes
    if not needed:
        return
    free = shutil.disk_usage(_standing(order.exports)).free
    if free < needed:
        raise RequestError(
            str(order.exports),
            f"the disk has {size(free)} free; about {size(needed)} needed",
            "Make room, or choose another folder.",
            code="disk_full",
        )


def _standing(folder: Path) -> Path:
    """The folder, or the nearest one around it that is there."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
