"""The reporter on a real line to a broker's socket."""

import contextlib
import os
import time
from pathlib import Path

import pytest

from bridge.messages import PREVIEW_LIMIT
from bridge.shot import Matte, Request, Sequence, Shot, SourceFile
from bridge.wire import Router
from void_server.engines.engine import Cancelled
from void_server.worker.link import Link
from void_server.worker.reporter import PREVIEW_SECONDS, Interrupted, Reporter
from void_server.worker.worker_link import (
    Alive,
    Drop,
    FromWorker,
    Leave,
    Previewed,
    Progressed,
    Run,
)

PNG = b"\x89PNG\r\n\x1a\n"
JOB = "ab" * 16


class Line:
    """A link, the socket at its other end, and a clock that stands still."""

    def __init__(self, folder) -> None:
        self.router = Router("tcp://127.0.0.1:*", receives=FromWorker)
        self.link = Link(self.router.endpoint, broker_pid=os.getppid())
        self.now = 50.0
        file = SourceFile("plate.1001.exr", 3, "ab" * 32, "")
        plate = Sequence("plate.%04d.exr", "stills", (file,), (1001,))
        request = Request(Shot("sh010", plate, (Matte("remove", plate),), 1001, 1010))
        order = Run(JOB, 3, request, {}, str(folder), (1001, 1002))
        self.reporter = Reporter(order, "void", self.link, clock=lambda: self.now)

    def hear(self, kind):
        """The next message of a kind."""
        deadline = time.monotonic() + 10.0
        while True:
            incoming = self.router.receive(1.0)
            assert time.monotonic() < deadline, f"no {kind.__name__} came"
            if incoming is None:
                continue
            self.peer = incoming.peer
            if isinstance(incoming.message, kind):
                return incoming.message

    def tell(self, order, known):
        self.hear(Alive)
        assert self.router.send(self.peer, bytes(16), order)
        while not known():
            pass

    def close(self):
        self.link.close()
        self.router.close()


@pytest.fixture
def line(tmp_path):
    with contextlib.closing(Line(tmp_path)) as line:
        yield line


def test_a_report_of_steps_carries_the_step_and_the_time_that_is_left(line):
    line.reporter("denoising", 12, 30, frame=1005, step=12, steps=30, left=36.0)
    said = line.hear(Progressed)
    assert (said.job, said.attempt, said.engine) == (JOB, 3, "void")
    assert (said.stage, said.done, said.total, said.frame) == ("denoising", 12, 30, 1005)
    assert (said.step, said.steps, said.eta) == (12, 30, 36.0)


def test_once_frames_come_out_they_are_what_is_counted(line):
    line.reporter("denoising", 5, 8)
    line.reporter.frame_done()
    line.reporter("decoding", 8, 8)
    heard = [line.hear(Progressed) for _ in range(2)]
    assert [(said.stage, said.done, said.total) for said in heard] == [
        ("denoising", 5, 8),
        ("decoding", 3, 10),
    ]


def test_a_preview_is_written_and_told_with_the_step_it_shows(line, tmp_path):
    line.reporter("denoising", 4, 30, step=4, steps=30)
    line.reporter.preview(1005, PNG + b"picture")
    preview = line.hear(Previewed).preview
    assert (preview.frame, preview.step, preview.size) == (1005, 4, 15)
    assert Path(preview.path).parent == tmp_path
    assert Path(preview.path).read_bytes() == PNG + b"picture"


def test_a_preview_too_soon_after_another_is_left_out(line):
    line.reporter.preview(1005, PNG + b"one")
    line.now += PREVIEW_SECONDS / 2
    line.reporter.preview(1005, PNG + b"two")
    line.now += PREVIEW_SECONDS / 2
    line.reporter.preview(1005, PNG + b"three")
    shown = [Path(line.hear(Previewed).preview.path) for _ in range(2)]
    assert [path.read_bytes()[8:] for path in shown] == [b"one", b"three"]
    assert shown[0] != shown[1]


@pytest.mark.parametrize(
    "png", [b"", b"GIF89a", PNG + bytes(PREVIEW_LIMIT)], ids=["empty", "no png", "too large"]
)
def test_what_is_no_preview_is_left_out(line, tmp_path, png):
    line.reporter.preview(1005, png)
    assert list(tmp_path.iterdir()) == []
    line.reporter.preview(1005, PNG)  # nor does it stand in the way of the next
    assert line.hear(Previewed).preview.size == len(PNG)


def test_a_preview_that_cannot_be_written_harms_nothing(line, tmp_path):
    tmp_path.rmdir()
    line.reporter.preview(1005, PNG)
    line.reporter("denoising", 5, 30, step=5, steps=30)
    assert line.hear(Progressed).step == 5


def test_a_cancelled_job_stops_at_the_next_report(line):
    line.tell(Drop(JOB), lambda: line.link.dropped(JOB))
    with pytest.raises(Cancelled):
        line.reporter("denoising", 1, 30, step=1, steps=30)


def test_to_leave_a_frame_in_hand_is_finished_but_no_steps(line):
    line.reporter("filling", 0, 8)
    line.reporter.frame_done()
    line.tell(Leave(), lambda: line.link.leaving)
    line.reporter("filling", 1, 8)
    with pytest.raises(Interrupted):
        line.reporter("denoising", 31, 60, step=1, steps=30)
    with pytest.raises(Interrupted):
        line.reporter.stop_if_told()
