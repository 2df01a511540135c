"""A worker process: takes one job at a time from its broker and runs it on one device.

It may die at any moment without harm: results are committed by the broker frame by frame, and
another worker goes on from there.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from void_server.broker.parent import end_with_parent
from void_server.engines import catalog
from void_server.engines.engine import Engine
from void_server.images import exr, stills
from void_server.worker import job
from void_server.worker.link import Link
from void_server.worker.worker_link import (
    BROKER_PID_VARIABLE,
    ENDPOINT_VARIABLE,
    SETTINGS_VARIABLE,
    TOKEN_VARIABLE,
    Ready,
    Run,
    WorkerSettings,
)

log = logging.getLogger(__name__)


def main() -> int:
    """Serve jobs until the broker says `Leave`."""
    broker_pid = int(os.environ[BROKER_PID_VARIABLE])
    end_with_parent(broker_pid)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # The broker decides when a worker ends; Ctrl-C in a terminal reaches the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    exr.set_threads(os.cpu_count() or 1)
    stills.set_threads(os.cpu_count() or 1)
    device = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    settings = msgspec.json.decode(os.environ[SETTINGS_VARIABLE], type=WorkerSettings)
    offered = catalog.engines(
        device=device, weights=Path(settings.weights), cache=Path(settings.cache)
    )
    link = Link(os.environ[ENDPOINT_VARIABLE], broker_pid=broker_pid)
    try:
        infos = tuple(engine.describe() for engine in offered.values())
        token = os.environ.pop(TOKEN_VARIABLE)
        link.send(Ready(token=token, pid=os.getpid(), device=device, engines=infos))
        _import_aside(offered.values())
        while (order := next_order(link, offered.values(), idle=settings.idle_unload)) is not None:
            log.info("job %s, attempt %d", order.job, order.attempt)
            ended = job.perform(order, offered=offered, device=device, link=link)
            log.info("job %s: %s", order.job, ended.state or "interrupted")
            link.send(ended)
    finally:
        link.close()
    return 0


def _import_aside(engines: Iterable[Engine]) -> None:
    """Import what takes seconds while jobs can already come; one that needs it waits for it."""
    threading.Thread(
        target=catalog.import_available, args=(tuple(engines),), name="import", daemon=True
    ).start()


def next_order(link: Link, engines: Iterable[Engine], *, idle: float) -> Run | None:
    """Wait for a job; when none comes for ``idle`` seconds (0: never), let the engines rest."""
    if not idle:
        return link.next_order()
    try:
        return link.next_order(within=idle)
    except TimeoutError:
        log.info("no job for %g s: device memory is let go", idle)
        for engine in engines:
            engine.rest()
        return link.next_order()


if __name__ == "__main__":
    sys.exit(main())
