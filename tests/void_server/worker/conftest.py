"""A tiny shot on disk, and jobs performed in this process with a real line to a broker's socket."""

import contextlib
import hashlib
import os
from pathlib import Path

import pytest

from bridge.shot import Matte, Sequence, Shot, SourceFile, job_id
from bridge.wire import Router
from void_server.demo import footage
from void_server.demo.scene import Scene
from void_server.engines import catalog
from void_server.worker import job
from void_server.worker.link import Link
from void_server.worker.worker_link import Delivered, Ended, FromWorker, Run

FRAMES = range(1001, 1007)


@pytest.fixture(scope="session")
def shot(tmp_path_factory):
    """A tiny shot on disk; the boom is not in every frame."""
    folder = tmp_path_factory.mktemp("shot")
    scene = Scene(width=128, height=72, frames=len(FRAMES), camera="static")
    footage.write(scene, folder, advanced=lambda count: None)

    def sequence(what):
        paths = [Path(str(footage.pattern(folder, what)) % frame) for frame in FRAMES]
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
        files = tuple(
            SourceFile(path.name, path.stat().st_size, digest, str(path))
            for path, digest in zip(paths, digests, strict=True)
        )
        return Sequence(f"demo_{what}.%04d.exr", "stills", files, tuple(FRAMES))

    mattes = (Matte("remove", sequence("boom")), Matte("affected", sequence("shadow")))
    return Shot("demo", sequence("plate"), mattes, FRAMES[0], FRAMES[-1])


class Desk:
    """A broker's end of the line: gives an order and takes down what the job says."""

    def __init__(self, tmp_path):
        self.router = Router("tcp://127.0.0.1:*", receives=FromWorker)
        self.link = Link(self.router.endpoint, broker_pid=os.getppid())
        self.results = tmp_path / "results"
        self.results.mkdir(exist_ok=True)
        self.said = []
        self.offered = catalog.engines(device="cpu", weights=tmp_path, cache=tmp_path)

    def order(self, request, *, finished=(), attempt=1):
        sequences = [request.shot.plate, *(matte.sequence for matte in request.shot.mattes)]
        files = {file.sha256: file.path for sequence in sequences for file in sequence.files}
        return Run(job_id(request), attempt, request, files, str(self.results), finished)

    def perform(self, request, **changes):
        order = self.order(request, **changes)
        ended = job.perform(order, offered=self.offered, device="cpu", link=self.link)
        self.link.send(ended)
        self.listen(until=Ended)
        return ended

    def listen(self, *, until):
        while True:
            incoming = self.router.receive(10.0)
            assert incoming is not None, f"no {until.__name__} came"
            self.said.append(incoming.message)
            if isinstance(incoming.message, until):
                return incoming

    def tell(self, order, known):
        """Send an order to the worker and wait until its link has taken it."""
        peer = self.listen(until=object).peer
        assert self.router.send(peer, bytes(16), order)
        while not known():
            pass

    @property
    def delivered(self):
        return [message for message in self.said if isinstance(message, Delivered)]

    def path(self, kind, frame):
        return self.results / f"{kind}.{frame:04d}.exr"

    def close(self):
        self.link.close()
        self.router.close()


@pytest.fixture
def desk(tmp_path):
    with contextlib.closing(Desk(tmp_path)) as desk:
        yield desk
