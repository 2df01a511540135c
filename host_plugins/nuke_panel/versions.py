"""Which results of a node there are on disk.

Eyes are numbered each for itself: one may have been done again alone. A label such as ``v003``
stands, for every view, for the newest result that is not newer than it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import nuke

from bridge import manifest, sequence
from bridge.errors import VoidError
from bridge.landing import Landing
from bridge.sequence import Version
from host_plugins.nuke_panel import folders, reads
from host_plugins.nuke_panel.knobs import NONE, PREVIEW
from host_plugins.nuke_panel.own_edit import own_edit
from host_plugins.run.order import MAIN, Purpose

PREVIEWS = "previews"
"""The folder of previews, inside that of the results."""

_LABEL = re.compile(r"v(\d{3,})")


@dataclass(frozen=True, kw_only=True)
class Published:
    """One view's result.

    Attributes:
        version: Its folder, and how the files in it are named.
        frames: The frames whose patch is there, ascending.
        job: The job's id; "" when the sidecar is gone.
        record: What the server recorded; without an ``engine`` while the job runs.
        complete: Whether every frame that was wanted is there.
    """

    version: Version
    frames: tuple[int, ...]
    job: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    complete: bool = False


def landed(landing: Landing) -> Published:
    """What has landed so far."""
    frames = tuple(sorted(landing.standing["patch"]))
    return Published(
        version=landing.version,
        frames=frames,
        job=landing.job,
        record=landing.record,
        complete=landing.complete,
    )


def label_of(version: Version) -> str:
    """What the knob ``version`` calls a result: ``v001``, or ``preview`` for any preview."""
    return PREVIEW if version.folder.parent.name == PREVIEWS else version.label


def labels(node: nuke.Node) -> list[str]:
    """What can be shown, newest first, a preview last; nothing where no folder can be told."""
    numbers = {_number(folder) for view in views(node) for folder in _folders(node, view)}
    previews = any(_folders(node, view, "preview") for view in views(node))
    found = [f"v{number:03d}" for number in sorted(numbers, reverse=True)]
    return [*found, PREVIEW] if previews else found


def published(node: nuke.Node, label: str) -> dict[str, Published]:
    """The results that a label stands for, by view; a view without one is not in it.

    A label whose own folder is gone stands for nothing, not for what came before it.
    """
    newest = {view: _newest(node, view, label) for view in views(node)}
    found = {view: result for view, result in newest.items() if result is not None}
    return found if _names(label, found) else {}


def shown(node: nuke.Node) -> dict[str, Published]:
    """The results that a node shows, by view: what its Reads say, else what its label stands for.

    The two differ after a preview that was found again, or in a script that was saved elsewhere.
    """
    label = str(node["version"].value())
    in_reads = {view: reads.folder_shown(node, view) for view in views(node)}
    results = {view: read(folder) for view, folder in in_reads.items() if folder is not None}
    found = {view: result for view, result in results.items() if result.frames}
    return found if _names(label, found) else published(node, label)


def expected(node: nuke.Node, view: str, label: str) -> Version:
    """Where a version that is not there would be; to say which one is missed."""
    purpose: Purpose = "preview" if label == PREVIEW else "remove"
    out = Path(PREVIEWS if label == PREVIEW else "")
    with suppress(VoidError):
        out = folders.results(node, purpose)
    number = "v001" if label == PREVIEW else label
    return Version(folder=out / f"{_base(node, view)}_void_{number}")


def offered(node: nuke.Node) -> tuple[str, ...]:
    """What the knob ``version`` offers now."""
    return tuple(str(name) for name in cast(nuke.Enumeration_Knob, node["version"]).values())


def refresh(node: nuke.Node, *, latest: str = "", choose: bool = False) -> None:
    """Offer what is on disk now; what is chosen stays chosen, even if it is not there.

    Args:
        node: A VoidRemove.
        latest: A label to offer in front of the others if it is not among them.
        choose: Whether that is chosen now.
    """
    chosen = latest if choose else str(node["version"].value())
    names = [NONE, *labels(node)]
    if latest and latest not in names:
        names.insert(1, latest)
    if chosen not in names:
        names.append(chosen)
    offer(node, names, chosen)


def offer(node: nuke.Node, names: list[str], chosen: str) -> None:
    """Set what the knob ``version`` offers and which of it is chosen, if that is not so already.

    What is shown does not follow from it: that is up to who calls.
    """
    knob = cast(nuke.Enumeration_Knob, node["version"])
    with own_edit():
        if list(knob.values()) != names:
            knob.setValues(names)
        if str(knob.value()) != chosen:
            knob.setValue(chosen)


def views(node: nuke.Node) -> tuple[str, ...]:
    """The views of which there can be results; a script with one view has none to speak of."""
    there = tuple(nuke.views())
    return there if len(there) > 1 else (MAIN,)


def read(folder: Path) -> Published:
    """A version folder as it stands."""
    found = manifest.read(Version(folder=folder))
    names = [path.name for path in _patches(folder)]
    version = Version(folder=folder, padding=sequence.padding_of(names))
    numbers = (sequence.frame_number(name) for name in names)
    frames = tuple(sorted(number for number in numbers if number is not None))
    if found is None:
        return Published(version=version, frames=frames)
    complete = found.state == "done"
    return Published(
        version=version, frames=frames, job=found.job, record=found.record, complete=complete
    )


def _names(label: str, results: Mapping[str, Published]) -> bool:
    return any(label_of(result.version) == label for result in results.values())


def _patches(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.glob(f"{folder.name}_patch.*.exr")


def _newest(node: nuke.Node, view: str, label: str) -> Published | None:
    purpose: Purpose = "preview" if label == PREVIEW else "remove"
    limit = _LABEL.fullmatch(label)
    if label != PREVIEW and limit is None:
        return None
    for folder in _folders(node, view, purpose):
        if limit is None or _number(folder) <= int(limit[1]):
            return read(folder)
    return None


def _folders(node: nuke.Node, view: str, purpose: Purpose = "remove") -> list[Path]:
    """The version folders of a view, newest first.

    A node that was renamed or copied still finds what it shows, and what lies beside that.
    """
    found: list[Path] = []
    with suppress(VoidError, OSError):
        found += sequence.versions(folders.results(node, purpose), _base(node, view))
    shown = reads.folder_shown(node, view)
    if shown is not None and (shown.parent.name == PREVIEWS) == (purpose == "preview"):
        with suppress(OSError):
            found += sequence.versions(shown.parent, shown.name.rsplit("_void_v", 1)[0])
    own_first = {_number(folder): folder for folder in reversed(found)}
    return [own_first[number] for number in sorted(own_first, reverse=True)]


def _base(node: nuke.Node, view: str) -> str:
    """What a view's results are called, as `Order.name_of` does it."""
    name = folders.name_of(node)
    return f"{name}_{view}" if view else name


def _number(folder: Path) -> int:
    return int(folder.name.rsplit("_v", 1)[1])
