"""A document that is opened again finds what it left to the server."""

from dataclasses import replace

import pytest

from bridge.client import Client
from bridge.landing import begin
from host_plugins.run.collecting import Collecting, Remembered, collect
from host_plugins.run.order import MAIN
from host_plugins.run.removal import Removal


class Reopened:
    """What shows a collected result: only what a run needs of any host."""

    def __init__(self):
        self.attached = []
        self.shown = []
        self.ending = None

    def show(self, progress):
        self.shown.append(progress)

    def cancelled(self):
        return False

    def attach(self, landings):
        assert self.ending is None
        self.attached.append({view: landing.finished for view, landing in landings.items()})

    def finish(self, ending):
        assert self.ending is None
        self.ending = ending


def remembered(order, jobs):
    return Remembered(jobs=jobs, name=order.name, out=order.out, server=order.server)


@pytest.fixture
def left(idle, order_of, host_of):
    """Begins a job, leaves it to the server, and says what the document remembers of it."""

    def leave(name, stage="running", footage=None, views=(MAIN,), **script):
        fields = {"name": name, "views": views, "kinds": ("comp",), "transport": "auto"}
        order = order_of(idle.endpoint, script=script, **fields)
        host = host_of(order)
        host.footage = footage or host.footage
        removal = Removal(host, "remove")
        host.on["show"] = lambda host: removal.detach() if host.shown[-1].stage == stage else None
        ending = removal.run()
        assert ending.end == "detached"
        assert "attach" not in host.calls  # the document is closed
        return order, host.remembered, ending

    return leave


def test_a_job_that_goes_on_is_followed_to_the_end(left):
    order, jobs, ending = left("goes_on", pause=0.05)
    assert ending.text == "The job goes on at the server; 0 of 4 frames are here."
    screen = Reopened()
    ending = collect(screen, remembered(order, jobs))
    assert ending is screen.ending
    assert ending.end == "done"
    assert screen.attached[-1] == {"": (1001, 1002, 1003, 1004)}
    assert [path.name for path in order.out.glob("goes_on*")] == ["goes_on_void_v001"]


def test_a_job_that_was_done_meanwhile_lands_in_the_folder_it_had(left, idle, wait_for):
    order, jobs, _ = left("meanwhile", pause=0.05)
    wait_for(lambda: idle.state(jobs[""]) == "done", "the job to be done")
    landing = begin(order.out, name=order.name, job=jobs[""], padding=4)
    screen = Reopened()
    assert collect(screen, remembered(order, jobs)).landings[""].version == landing.version
    assert screen.attached == [{"": (1001, 1002, 1003, 1004)}]


def test_what_is_whole_on_disk_needs_no_server(order_of, host_of, idle):
    order = order_of(idle.endpoint, name="whole", kinds=("comp",))
    host = host_of(order)
    Removal(host, "remove").run()
    away = Remembered(
        jobs=host.remembered, name=order.name, out=order.out, server="tcp://127.0.0.1:9"
    )
    screen = Reopened()
    assert collect(screen, away).end == "done"
    assert screen.attached == [{"": (1001, 1002, 1003, 1004)}]


def test_a_server_that_is_not_there_is_no_error_and_what_has_landed_is_shown(left, idle, wait_for):
    order, jobs, _ = left("away", pause=0.05)
    wait_for(lambda: idle.state(jobs[""]) == "done", "the job to be done")
    with (
        Client(idle.endpoint) as client,
        begin(order.out, name=order.name, job=jobs[""], padding=4) as landing,
    ):
        for result in client.status(jobs[""]).results[:3]:
            landing.land(result, client)
        landing.leave()
    away = Remembered(jobs=jobs, name=order.name, out=order.out, server="tcp://127.0.0.1:9")
    screen = Reopened()
    ending = Collecting(screen, away, timeout=0.2).run()
    assert (ending.end, ending.error) == ("detached", None)
    assert ending.text == "The server does not answer just now; 3 frames are here."
    assert screen.attached == [{"": (1001, 1002, 1003)}]


def test_a_job_that_the_server_has_forgotten_is_said(order_of, idle):
    order = order_of(idle.endpoint, name="forgotten")
    ending = collect(Reopened(), remembered(order, {"": "0" * 32}))
    assert (ending.end, ending.error.code) == ("failed", "unknown_job")
    assert "Press the button again" in ending.text
    assert not order.out.exists()


def test_a_job_that_was_not_sent_whole_is_not_waited_for(idle, order_of, host_of, unseen):
    order = order_of(idle.endpoint, name="half_sent", transport="stream")
    host = host_of(order)
    host.footage = unseen
    removal = Removal(host, "remove")
    host.on["show"] = lambda host: removal.detach() if host.shown[-1].stage == "sending" else None
    assert removal.run().end == "detached"
    ending = collect(Reopened(), remembered(order, host.remembered))
    assert (ending.end, ending.error.code) == ("failed", "not_sent")
    assert list(order.out.glob("half_sent*")) == []


def test_cancelling_a_collection_cancels_the_job(left, idle):
    order, jobs, _ = left("regretted", pause=0.4)
    screen = Reopened()
    screen.show = lambda progress: collecting.cancel() if progress.stage == "running" else None
    collecting = Collecting(screen, remembered(order, jobs))
    assert collecting.run().end == "cancelled"
    assert idle.state(jobs[""]) == "cancelled"


def test_two_views_are_collected_into_their_own_folders(idle, order_of, host_of):
    order = order_of(idle.endpoint, name="eyes", kinds=("comp",), views=("left", "right"))
    host = host_of(order)
    Removal(host, "remove").run()
    for folder in order.out.glob("eyes_right*"):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    screen = Reopened()
    ending = collect(screen, remembered(order, host.remembered))
    assert ending.end == "done"
    assert screen.attached[-1] == {
        "left": (1001, 1002, 1003, 1004),
        "right": (1001, 1002, 1003, 1004),
    }
    assert ending.landings["right"].version.stem == "eyes_right_void_v001"


def test_a_view_that_was_still_to_come_is_said(left, idle):
    order, jobs, _ = left("closed", pause=0.05, views=("left", "right"))
    assert jobs["left"]
    assert jobs["right"] == ""
    screen = Reopened()
    ending = collect(screen, remembered(order, jobs))
    assert (ending.end, ending.error.code) == ("failed", "not_begun")
    assert ending.text.startswith(
        "right: it was not begun before the document was closed. Press the button again"
    )
    assert screen.attached[-1] == {"left": (1001, 1002, 1003, 1004)}


def test_frames_that_somebody_else_brings_already_are_left_to_them(left, idle, wait_for):
    """A script that is open twice: one brings the frames, the other shows what is there."""
    order, jobs, _ = left("twice", pause=0.05)
    wait_for(lambda: idle.state(jobs[""]) == "done", "the job to be done")
    landing = begin(order.out, name=order.name, job=jobs[""], padding=4)
    with Client(idle.endpoint) as client, landing:
        for result in client.status(jobs[""]).results[:3]:
            landing.land(result, client)
        landing.write_sidecar("partial")
        screen = Reopened()
        ending = collect(screen, remembered(order, jobs))
        assert (ending.end, ending.error) == ("detached", None)
        assert "somebody else brings these frames here" in ending.text
        assert ending.text.endswith("[in_use]")
        assert screen.attached == [{"": (1001, 1002, 1003)}]
    assert collect(Reopened(), remembered(order, jobs)).end == "done"


def test_a_job_of_another_shot_is_not_brought(left):
    """A document that is a copy of another remembers that one's jobs."""
    order, jobs, _ = left("original", pause=0.05)
    copied = replace(remembered(order, jobs), name="copy")
    ending = collect(Reopened(), copied)
    assert (ending.end, ending.error.code) == ("failed", "unknown_job")
    assert "copy: the job that it remembers is original's" in ending.text
    assert list(order.out.glob("copy*")) == []
