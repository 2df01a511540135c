"""A script is opened whose removal was under way: its frames are collected, quietly.

Nobody has asked for it, so nothing opens a dialog, and a version that the artist has chosen stays
what is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace

import nuke

from bridge import landing as landings_on_disk
from bridge.errors import VoidError
from bridge.landing import Landing
from host_plugins.nuke_panel import folders, jobs, reads, result, rich_text, runs, versions
from host_plugins.nuke_panel.host import NukeHost
from host_plugins.nuke_panel.knobs import NONE
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.resting import resting
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.run import server
from host_plugins.run.collecting import Collecting, Remembered
from host_plugins.run.progress import Ending, Progress


def collect(node: nuke.Group, offered: Collection[str]) -> None:
    """Begin to collect what a node still lacks of its last jobs, if there is any.

    Args:
        node: A VoidRemove.
        offered: The versions that its script knows. A result that was finished after the script
            was saved is none of them, and is shown where no other version is.
    """
    known = remembered(node)
    if known is None or runs.of(node) is not None:
        return
    before = {view: _on_disk(known, view) for view in known.begun}
    there = {view: landing for view, landing in before.items() if landing and landing.complete}
    switch = _shows_nothing_else(node, known)
    if all(view in there or _is_shown(node, view, job) for view, job in known.jobs.items()):
        if not any(versions.label_of(one.version) in offered for one in there.values()):
            _show(node, there, switch=switch)
        return
    frames = {view: len(_patches(landing)) for view, landing in before.items()}
    runs.start(node, Collecting(_Quiet(node, frames, switch=switch), known))


def remembered(node: nuke.Group) -> Remembered | None:
    """The jobs that a node has left; None where it left none, or where they are another node's."""
    kept = jobs.of(node)
    name = folders.name_of(node)
    if kept is None or not kept.jobs or kept.over or kept.name != name:
        return None
    with suppress(VoidError):  # a script that is not saved: nothing lies beside it
        return Remembered(
            jobs=kept.jobs,
            name=name,
            out=folders.results(node),
            server=server.endpoint(str(node["server"].value())),
            server_key=server.server_key(),
        )
    return None


def _show(node: nuke.Group, there: Mapping[str, Landing], *, switch: bool) -> None:
    """Show what came while the script was closed, or say that it is there."""
    result.attach(node, there, switch=switch)
    labels = sorted({versions.label_of(one.version) for one in there.values()})
    also = "" if switch else f"\n{' and '.join(labels)} came after the script was saved."
    with unrecorded():
        node["status"].setValue(rich_text.shown(resting(node) + also))


def _shows_nothing_else(node: nuke.Group, known: Remembered) -> bool:
    """Whether the plate is shown, or one of these jobs."""
    if str(node["version"].value()) == NONE:
        return True
    return any(_shown_job(node, view) == job for view, job in known.begun.items())


def _shown_job(node: nuke.Group, view: str) -> str:
    folder = reads.folder_shown(node, view)
    return "" if folder is None else versions.read(folder).job


def _on_disk(known: Remembered, view: str) -> Landing | None:
    with suppress(OSError):
        return landings_on_disk.find(known.out, name=known.name_of(view), job=known.jobs[view])
    return None


def _is_shown(node: nuke.Group, view: str, job: str) -> bool:
    """Whether the whole result is what the node shows, in another folder than it would get now."""
    folder = reads.folder_shown(node, view)
    shown = None if folder is None else versions.read(folder)
    return shown is not None and shown.complete and shown.job == job


def _patches(landing: Landing | None) -> set[int]:
    return set() if landing is None else landing.standing["patch"]


class _Quiet:
    """A node, to a run that nobody has asked for; see `host_plugins.run.lifetime.Screen`.

    Args:
        node: A VoidRemove.
        frames: How many frames are there already, by view.
        switch: Whether what comes is shown, or only offered.
    """

    def __init__(self, node: nuke.Group, frames: dict[str, int], *, switch: bool) -> None:
        self._node = node
        self._host = NukeHost(node)
        self._frames = frames
        self._switch = switch

    def show(self, progress: Progress) -> None:
        """Nothing before the server has said that there is something to come."""
        if progress.stage != "checking":
            self._host.show(progress)

    def cancelled(self) -> bool:
        """Whether the progress bar was cancelled."""
        return self._host.cancelled()

    def attach(self, landings: dict[str, Landing]) -> None:
        """Show what has come; what was there already may be hidden by the artist's own choice."""
        if any(len(_patches(one)) > self._frames.get(view, 0) for view, one in landings.items()):
            on_main(self._attach, landings)

    def finish(self, ending: Ending) -> None:
        """Say it on the node and in the Script Editor, without a dialog."""
        self._host.finish(replace(ending, error=None))

    def _attach(self, landings: dict[str, Landing]) -> None:
        if _is_there(self._node):
            result.attach(self._node, landings, switch=self._switch)
            self._switch = False


def _is_there(node: nuke.Group) -> bool:
    """Whether a node has not been deleted, nor its script closed.

    Source: Nuke raises ValueError ("A PythonObject is not attached to a node") for such a node.
    """
    try:
        return bool(node.name())
    except ValueError:
        return False
