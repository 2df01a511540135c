"""A removal, from the press of a button to the shown result, whatever the host.

::

    check ─► export every view ─► for each view: read ─► send ─► follow ─► attach
      │            │                               │       │        │
      └────────────┴──────── cancelled, left or failed ────┴────────┘──► one ending

All views are exported first, because a host may be blocked while it renders: after that the artist
works on. The views' jobs follow one another, because the second eye takes over what the engine has
chosen for the first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bridge import write_once
from bridge.client import PATIENCE, Client
from bridge.errors import ConnectionLost, RequestError
from bridge.landing import Landing, begin, find
from bridge.messages import Welcome
from bridge.shot import Parameter
from bridge.submission import Prepared, submit
from host_plugins.run import abilities, busy, endings, exports, room, shots
from host_plugins.run.exported import Export
from host_plugins.run.host import Host
from host_plugins.run.lifetime import Run
from host_plugins.run.line import Line
from host_plugins.run.order import Order, Purpose
from host_plugins.run.progress import Ending
from host_plugins.run.server import TIMEOUT, connect

_TURN_SECONDS = 1.0
"""How long one hello waits for its answer."""


class Removal(Run):
    """One press of a button.

    In a GUI `host_plugins.run.running.start` gives it a thread; in a terminal `run` is called as
    it is.

    Args:
        host: The node and the application around it.
        purpose: What it is for.
        timeout: Seconds to wait for an answer of the server.
        patience: Seconds of silence after which it counts as gone.
    """

    def __init__(
        self,
        host: Host,
        purpose: Purpose,
        *,
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(host, purpose=purpose, timeout=timeout, patience=patience)
        self._host = host
        self._jobs: dict[str, str] = {}

    def _steps(self) -> Ending:
        self._telling.checking("reading the node")
        order = self._host.order(self.purpose)
        self._wanted = len(order.frames) * len(order.views)
        self._telling.views = len(order.views)
        with connect(order, timeout=self._timeout) as client, self._tidied(order):
            self._telling.checking("asking the server")
            welcome = self._welcomed(order)
            if not self._may_queue(order, client):
                return endings.declined()
            exported = self._exported(order)
            self._remove_all(order, exported, client, welcome)
        return endings.done(self._landings(), self.purpose)

    def _welcomed(self, order: Order) -> Welcome:
        """What the server is; asked in short turns, so that Cancel need not wait for silence."""
        deadline = time.monotonic() + self._timeout
        with connect(order, timeout=min(_TURN_SECONDS, self._timeout)) as client:
            while True:
                try:
                    welcome = client.hello()
                    break
                except ConnectionLost:
                    self._token.check()
                    if time.monotonic() >= deadline:
                        raise
        self._host.describe(welcome)
        abilities.check(order, welcome)
        return welcome

    def _may_queue(self, order: Order, client: Client) -> bool:
        own = {order.name_of(view) for view in order.views}
        question = busy.question(client.jobs(), own=own)
        self._token.check()
        return not question or self._host.confirm(question)

    def _exported(self, order: Order) -> dict[str, Export]:
        """Every view's frames: those that are there already, the others made now."""
        self._telling.checking("looking for what has changed")
        prints = {view: self._host.fingerprint(order, view) for view in order.views}
        found = {view: exports.kept(order, view, prints[view]) for view in order.views}
        room.check(order, exports=sum(export is None for export in found.values()))
        whole = {}
        for index, (view, export) in enumerate(found.items()):
            self._token.check()
            whole[view] = export or self._export(order, view, prints[view], index)
        return whole

    def _export(self, order: Order, view: str, fingerprint: str, index: int) -> Export:
        of_view = f" of {view}" if view else ""
        text = f"exporting {len(order.frames)} frames{of_view} ({order.frames})"
        self._telling.exporting(index, text, view=view)
        return exports.made(order, view, partial(self._rendered, order, view, fingerprint))

    def _rendered(self, order: Order, view: str, fingerprint: str, folder: Path) -> str:
        """Have the frames written; what changed meanwhile must never be taken for unchanged."""
        self._host.export(order, view, folder, self._token.check)
        self._token.check()
        return fingerprint if self._host.fingerprint(order, view) == fingerprint else ""

    def _remove_all(
        self, order: Order, exported: Mapping[str, Export], client: Client, welcome: Welcome
    ) -> None:
        line = Line(client, self._token, patience=self._patience, on_silence=self._telling.silence)
        if not welcome.engines:  # its first worker was not up yet; the export gave it time
            welcome = line.insist(partial(self._welcomed, order))
        parameters = abilities.parameters_of(order, welcome.engines)
        same: dict[str, Any] = {}
        self._jobs = dict.fromkeys(order.views, "")
        for index, (view, export) in enumerate(exported.items()):
            self._telling.begin(index)
            shot = self._prepared(order, view, export, parameters, same)
            landing = self._landed(order, view, shot, client, line)
            same = same or shots.same_as(landing)

    def _prepared(
        self,
        order: Order,
        view: str,
        export: Export,
        parameters: Mapping[str, Parameter],
        same: Mapping[str, Any],
    ) -> Prepared:
        self._token.check()
        shots.read(export, order, self._token, partial(self._telling.reading, view=view))
        return shots.prepared(order, view, export, parameters=parameters, same=same)

    def _landed(
        self, order: Order, view: str, shot: Prepared, client: Client, line: Line
    ) -> Landing:
        """One view's result: the one that is there already, or a new one."""
        name = order.name_of(view)
        with write_once.writing_to(order.out):
            landing = find(order.out, name=name, job=shot.job)
        if landing is not None and landing.complete:
            self._begun[view] = landing
            self._remember(view, shot.job)
            landing.mend(client)
            return landing
        self._send(order, view, shot, client, line)
        landing = begin(order.out, name=name, job=shot.job, padding=shot.padding)
        try:
            self._followed(view, landing, line)
        except RequestError as error:
            if error.code != "would_overwrite":
                raise
            # Another machine has done the same job a little differently: a version of its own.
            landing = begin(
                order.out, name=name, job=shot.job, padding=shot.padding, new_version=True
            )
            self._followed(view, landing, line)
        return landing

    def _send(self, order: Order, view: str, shot: Prepared, client: Client, line: Line) -> None:
        self._token.check()
        self._remember(view, shot.job)
        self._watch.submitting(shot.job, lambda seconds: connect(order, timeout=seconds))
        lacking = line.insist(lambda: submit(shot, client, order.transport))
        self._watch.submitted()
        self._token.check()
        if lacking:
            total = sum(source.size for source, _ in lacking)
            self._telling.sending(0, total, view=view)
            line.upload(lacking, lambda done: self._telling.sending(done, total, view=view))
        self._at_server = True

    def _remember(self, view: str, job: str) -> None:
        """A preview is over in a moment and nothing to come back for."""
        self._jobs[view] = job
        if self.purpose == "remove":
            self._host.remember(dict(self._jobs))

    @contextmanager
    def _tidied(self, order: Order) -> Iterator[None]:
        """Leave no empty folder behind, and no export that nobody wants or reads any more."""
        new = [exports.missing_folders(folder) for folder in (order.exports, order.out)]
        try:
            yield
        finally:
            if not order.keep_exports and not self._at_server:
                for view in order.views:
                    exports.remove(order, view)
            for folders in new:
                exports.remove_empty(folders)
