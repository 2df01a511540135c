"""Servers that are not there, are too old, or die while they work."""

import contextlib
import threading

import msgspec
import pytest
from msgspec.structs import replace

from bridge.client import Client
from bridge.landing import begin
from bridge.messages import Control, EngineInfo, Hello, Jobs, Welcome
from bridge.wire import CREDIT, MAX_CHUNK, Router
from host_plugins.run.removal import Removal

NOBODY = "tcp://127.0.0.1:9"


@pytest.fixture
def speaking():
    """Starts servers that know Hello and GetJobs alone, and speak the protocol they are told.

    They offer nothing at the first Hello, as a server does whose workers are not up yet.
    """
    over = threading.Event()

    def answer(router, welcome, engines):
        while not over.is_set():
            incoming = router.receive(0.02)
            if incoming is not None:
                said = welcome if isinstance(incoming.message, Hello) else Jobs(())
                router.send(incoming.peer, incoming.request, said)
                welcome = replace(welcome, engines=engines)
        router.close()

    with contextlib.ExitStack() as stack:

        def start(protocol, *engines):
            router = Router("tcp://127.0.0.1:0", receives=Control)
            welcome = Welcome(protocol, "0.0.1", "epoch", MAX_CHUNK, CREDIT, False, (), (), 0)
            thread = threading.Thread(target=answer, args=(router, welcome, engines))
            thread.start()
            stack.callback(thread.join)
            return router.endpoint

        yield start
        over.set()


def test_a_server_that_is_not_there_is_said_before_anything_is_done(order_of, host_of, scripted):
    host = host_of(order_of(NOBODY))
    ending = Removal(host, "remove", timeout=0.2).run()
    assert (ending.end, ending.error.code) == ("failed", "server_down")
    assert ending.text == (
        f"Can't reach the VOID server at {NOBODY}. Start it with void-server, or set the address "
        "in the Server tab. Your script was not changed. [server_down]"
    )
    assert host.calls == ["show", "order", "show", "finish"]
    assert not host.asked_for.out.exists()


@pytest.mark.parametrize("protocol", [(0, 9), (2, 0)])
def test_another_protocol_is_said_before_the_export(order_of, host_of, speaking, protocol):
    host = host_of(order_of(speaking(protocol)))
    ending = Removal(host, "remove").run()
    assert ending.error.code == "protocol_version"
    assert f"it speaks protocol {protocol[0]}" in ending.text
    assert "Update the older one" in ending.text
    assert "export" not in host.calls


def test_a_server_too_old_for_an_order_is_said_before_the_export(order_of, host_of, speaking):
    host = host_of(order_of(speaking((1, 1)), kinds=("patch", "matte")))
    ending = Removal(host, "remove").run()
    assert ending.error.code == "protocol_version"
    assert "expected protocol 1.2, got 1.1" in ending.text
    assert "export" not in host.calls


def test_a_server_that_wakes_up_during_the_export_is_asked_again(order_of, host_of, speaking):
    """What it chooses for auto is not known before, and neither is what that needs."""
    diffusion = EngineInfo("void", "Void", "", "cuda:0")
    host = host_of(order_of(speaking((1, 2), diffusion)))
    ending = Removal(host, "remove").run()
    assert [len(welcome.engines) for welcome in host.described] == [0, 1]
    assert (ending.end, ending.error.code) == ("failed", "prompt")
    assert host.remembered == {}  # nothing was sent


def test_an_empty_prompt_is_said_before_the_export(order_of, host_of, speaking):
    """Source: a server with a GPU takes the engine void for auto."""
    address = speaking((1, 2), EngineInfo("void", "Void", "", "cuda:0"))
    with Client(address) as client:
        client.hello()
    host = host_of(order_of(address))
    ending = Removal(host, "remove").run()
    assert ending.error.code == "prompt"
    assert "the engine void, which this server chooses, works by it" in ending.text
    assert "export" not in host.calls
    assert len(host.described) == 1


def test_a_server_that_dies_and_comes_back_costs_nothing_but_time(order_of, host_of, mortal):
    order = order_of(mortal.endpoint, script={"pause": 0.1}, name="back", kinds=("comp",))
    host = host_of(order)

    def shown(host):
        progress = host.shown[-1]
        if progress.finished == 1 and mortal.process.poll() is None and len(host.texts) == 1:
            mortal.kill()
        if progress.text == "waiting for the server to answer" and len(host.texts) == 1:
            host.texts.append(progress.text)
            mortal.start()

    host.texts = ["it works"]
    host.on["show"] = shown
    ending = Removal(host, "remove", timeout=0.2).run()
    assert ending.end == "done", ending.text
    assert host.texts[1:] == ["waiting for the server to answer"]
    assert ending.landings[""].finished == (1001, 1002, 1003, 1004)


def test_a_server_that_stays_away_leaves_the_frames_and_the_button_goes_on(
    order_of, host_of, mortal
):
    order = order_of(mortal.endpoint, script={"pause": 0.1}, name="away", kinds=("comp",))
    host = host_of(order)

    def shown(host):
        if host.shown[-1].finished == 1 and mortal.process.poll() is None:
            mortal.kill()

    host.on["show"] = shown
    ending = Removal(host, "remove", timeout=0.2, patience=0.3).run()
    count = len(ending.landings[""].finished)
    assert (ending.end, ending.error.code) == ("failed", "server_down")
    assert ending.text == (
        f"The VOID server {mortal.endpoint} stopped answering. {count} of 4 frames kept in v001; "
        "the plate is unchanged. Press the button again to go on. [server_down]"
    )
    assert host.attached[-1] == {"": ending.landings[""].finished}
    mortal.start()
    again = host_of(order)
    ending = Removal(again, "remove").run()
    assert ending.end == "done"
    assert ending.landings[""].version.label == "v001"
    assert again.questions == []  # it is the same shot that the server works on
    assert "export" not in again.calls


def test_a_job_that_fails_says_why_and_keeps_its_frames(idle, order_of, host_of):
    script = {"fail": "the worker has had enough"}
    host = host_of(order_of(idle.endpoint, script=script, name="failing", kinds=("comp",)))
    ending = Removal(host, "remove").run()
    assert (ending.end, ending.error.code) == ("failed", "told_to")
    assert ending.text == (
        "failing: the worker has had enough. [told_to]\n"
        "4 of 4 frames kept in v001; the plate is unchanged."
    )


def test_frames_that_never_came_do_not_take_the_others_away(idle, order_of, host_of):
    script = {"skip": [1003]}
    host = host_of(order_of(idle.endpoint, script=script, name="gaps", kinds=("comp",)))
    ending = Removal(host, "remove").run()
    assert ending.error.code == "incomplete"
    assert "frames are missing: 1003 (expected 4, got 3). Press the button again" in ending.text
    assert "3 of 4 frames kept in v001" in ending.text
    assert host.attached[-1] == {"": (1001, 1002, 1004)}


def test_a_job_that_somebody_else_lands_is_left_to_them(idle, order_of, host_of):
    """The same script is open twice; the server reads the exports of both in place."""
    order = order_of(idle.endpoint, script={"pause": 0.3}, name="taken", keep_exports=False)
    first = host_of(order)
    removal = Removal(first, "remove")
    first.on["show"] = lambda host: removal.detach() if host.shown[-1].stage == "running" else None
    assert removal.run().end == "detached"
    job = first.remembered[""]
    with begin(order.out, name=order.name, job=job, padding=4):
        ending = Removal(host_of(order), "remove").run()
    assert (ending.end, ending.error.code) == ("failed", "in_use")
    assert "choose the version in the Result tab. [in_use]" in ending.text
    assert len(list(order.exports_of("").glob("plate.*.exr"))) == 4
    assert idle.state(job) != "cancelled"


def test_a_job_that_the_server_has_keeps_its_exports_when_its_frames_cannot_land(
    idle, order_of, host_of, tmp_path
):
    """The server reads them in place until it is done, and the button goes on from there."""
    folders = {"exports": tmp_path / "exports", "out": tmp_path / "results"}
    order = order_of(idle.endpoint, script={}, name="nowhere", keep_exports=False, **folders)
    host = host_of(order)
    host.on["remember"] = lambda host: order.out.write_text("a file where the folder should be")
    ending = Removal(host, "remove").run()
    assert (ending.end, ending.error.code) == ("failed", "not_writable")
    assert len(list(order.exports_of("").glob("plate.*.exr"))) == 4


def test_a_busy_server_is_only_used_if_the_artist_wants_to_wait(idle, order_of, host_of):
    other = host_of(order_of(idle.endpoint, script={"pause": 0.3}, name="first"))
    first = Removal(other, "remove")
    other.on["show"] = lambda host: (
        first.detach() if host.shown[-1].stage in ("waiting", "running") else None
    )
    assert first.run().end == "detached"
    host = host_of(order_of(idle.endpoint, name="second"))
    host.answer = False
    ending = Removal(host, "remove").run()
    assert (ending.end, ending.text) == ("cancelled", "Not sent. Your script was not changed.")
    assert host.questions[0].startswith("The server is working on first (0 of 4 frames)")
    assert "export" not in host.calls


def test_a_full_disk_is_said_before_the_export(idle, order_of, host_of, monkeypatch):
    monkeypatch.setattr(
        "shutil.disk_usage", lambda path: msgspec.defstruct("Usage", ["free"])(free=300_000_000)
    )
    host = host_of(order_of(idle.endpoint, name="full", frame_bytes=100_000_000))
    ending = Removal(host, "remove").run()
    assert ending.error.code == "disk_full"
    assert "the disk has 300.0 MB free; about 400.0 MB needed. Make room" in ending.text
    assert "export" not in host.calls
    assert not host.asked_for.out.exists()
    host = host_of(order_of(idle.endpoint, name="full", frame_bytes=70_000_000))
    assert Removal(host, "remove").run().end == "done"


@pytest.mark.parametrize("method", ["order", "export", "attach", "show"])
def test_a_surprise_in_the_host_is_an_ending_and_goes_into_the_log(
    idle, order_of, host_of, method, caplog
):
    host = host_of(order_of(idle.endpoint, name=method, kinds=("comp",)))

    def surprise(host):
        if host.calls.count(method) == 1:
            raise ZeroDivisionError("who\nwould have thought")

    host.on[method] = surprise
    ending = Removal(host, "remove").run()
    assert host.ending is ending
    assert (ending.end, ending.error.code) == ("failed", "unexpected")
    assert "(ZeroDivisionError: who would have thought)" in ending.text
    assert "Traceback" not in ending.text
    assert "ZeroDivisionError" in caplog.text


def test_a_host_that_cannot_show_the_end_does_not_take_it_away(idle, order_of, host_of, caplog):
    host = host_of(order_of(idle.endpoint, name="finish", kinds=("comp",)))

    def surprise(host):
        raise ZeroDivisionError

    host.on["finish"] = surprise
    removal = Removal(host, "remove")
    assert removal.run().end == "done"
    assert removal.wait(0.0) is removal.ending
    assert "ZeroDivisionError" in caplog.text
