"""A script is opened whose removal was under way: its frames are collected, quietly.

Nobody has asked for it, so nothing opens a dialog, and nothing changes what is shown unless there
are frames that were not there before.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import cast

import nuke

from bridge import landing as landings_on_disk
from bridge.errors import VoidError
from bridge.landing import Landing
from host_plugins.nuke_panel import folders, reads, result, runs, versions
from host_plugins.nuke_panel.host import NukeHost
from host_plugins.run import server
from host_plugins.run.collecting import Collecting, Remembered
from host_plugins.run.progress import Ending, Progress


def collect(node: nuke.Group, offered: Collection[str]) -> None:
    """Begin to collect what a node still lacks of its last jobs, if there is any.

    Args:
        node: A VoidRemove.
        offered: The versions that its script knows. A result that was finished after the script
            was saved is none of them, and is shown.
    """
    known = remembered(node)
    if known is None or runs.of(node) is not None:
        return
    before = {view: _on_disk(known, view) for view in known.jobs}
    there = {view: landing for view, landing in before.items() if landing and landing.complete}
    if all(view in there or _is_shown(node, view, job) for view, job in known.jobs.items()):
        if not any(versions.label_of(one.version) in offered for one in there.values()):
            result.attach(node, there)
        return
    frames = {view: len(_patches(landing)) for view, landing in before.items()}
    runs.start(node, Collecting(_Quiet(NukeHost(node), frames), known))


def remembered(node: nuke.Group) -> Remembered | None:
    """The jobs that a node began last; None where it began none."""
    jobs = _jobs(str(node["jobs"].value() or ""))
    with suppress(VoidError):  # a script that is not saved: nothing lies beside it
        if jobs:
            return Remembered(
                jobs=jobs,
                name=folders.name_of(node),
                out=folders.results(node),
                server=server.endpoint(str(node["server"].value())),
                server_key=server.server_key(),
            )
    return None


def _jobs(text: str) -> dict[str, str]:
    """The ids by view; nothing where the knob holds something else."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(view): str(job) for view, job in cast("dict[object, object]", found).items()}


def _on_disk(known: Remembered, view: str) -> Landing | None:
    with suppress(OSError):
        return landings_on_disk.find(known.out, name=known.name_of(view), job=known.jobs[view])
    return None


def _is_shown(node: nuke.Group, view: str, job: str) -> bool:
    """Whether the whole result is what the node shows, under a name it had before it was copied."""
    folder = reads.folder_shown(node, view)
    shown = None if folder is None else versions.read(folder)
    return shown is not None and shown.complete and shown.job == job


def _patches(landing: Landing | None) -> set[int]:
    return set() if landing is None else landing.standing["patch"]


class _Quiet:
    """A node, to a run that nobody has asked for; see `host_plugins.run.lifetime.Screen`."""

    def __init__(self, host: NukeHost, frames: dict[str, int]) -> None:
        self._host = host
        self._frames = frames

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
            self._host.attach(landings)

    def finish(self, ending: Ending) -> None:
        """Say it on the node and in the Script Editor, without a dialog."""
        self._host.finish(replace(ending, error=None))
