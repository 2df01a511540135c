"""Exported frames on disk: made whole or not at all, and used again while nothing has changed.

::

    .export/VoidRemove1/
    ├── main/                      one view
    │   ├── plate.1001.exr ...
    │   ├── remove.1001.exr ...
    │   └── export.json            what it was made of, and what every file was when it was whole
    ├── main.preview/              the few frames of a preview, which leave the others alone
    └── .main.4711.part/           being made

An export is used again if its fingerprint and every file's size and time still agree; its digests
are kept as well, so that no frame is read twice.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bridge import write_once
from host_plugins.run.exported import Export, reopened, written
from host_plugins.run.order import Order

_ABANDONED_SECONDS = 24 * 3600.0


def folder_of(order: Order, view: str) -> Path:
    """Where a view's frames go. A preview's go elsewhere: they are few, and would replace all."""
    folder = order.exports_of(view)
    return folder if order.purpose == "remove" else folder.with_name(f"{folder.name}.preview")


def kept(order: Order, view: str, fingerprint: str) -> Export | None:
    """The export that is there, if it is what an export would make now."""
    if order.export_again or not fingerprint:
        return None
    return reopened(folder_of(order, view), order, fingerprint)


def made(order: Order, view: str, write: Callable[[Path], str]) -> Export:
    """Have a view exported. It takes an earlier export's place when it is whole, not before.

    Args:
        order: What is asked for.
        view: The view.
        write: Writes the frames into the empty folder that it is given, and says their
            fingerprint.

    Raises:
        RequestError: A frame is missing, or the disk is full or not writable.
    """
    folder = folder_of(order, view)
    with write_once.writing_to(order.exports), _beside(folder) as fresh:
        fingerprint = write(fresh)
        export = written(fresh, order, fingerprint)
        export.found(order)
        export.write()
        _replace(folder, fresh)
    return Export(folder, export.record)


def remove(order: Order, view: str) -> None:
    """Delete a view's export. Never raises."""
    shutil.rmtree(folder_of(order, view), ignore_errors=True)
    remove_empty((order.exports,))


def remove_empty(folders: tuple[Path, ...]) -> None:
    """Delete folders, the innermost first, as far as they are empty. Never raises."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def missing_folders(folder: Path) -> tuple[Path, ...]:
    """The folder and those around it that are not there yet, the innermost first."""
    return tuple(one for one in (folder, *folder.parents) if not one.exists())


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A fresh hidden folder beside another; nothing of it is left unless it took a place."""
    around = missing_folders(folder.parent)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _sweep(folder)
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        remove_empty(around)
        raise


def _sweep(folder: Path) -> None:
    """Remove what exports left behind whose process was killed, unless it may live yet."""
    for leftover in folder.parent.glob(f".{folder.name}.*.part"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)


def _replace(folder: Path, fresh: Path) -> None:
    """Put a folder in another's place, which may be taken; that one comes back if it fails."""
    if not folder.exists():
        fresh.rename(folder)
        return
    earlier = fresh.with_suffix(".earlier.part")
    folder.rename(earlier)
    try:
        fresh.rename(folder)
    except OSError:
        earlier.rename(folder)
        raise
    shutil.rmtree(earlier, ignore_errors=True)
