"""Cancelled or left in every stage: what is finished stays, and nothing else is left."""

import pytest

from bridge.client import Client
from host_plugins.run.cancelling import Cancelled
from host_plugins.run.removal import Removal

SLOW = {"pause": 0.15}
LONG = {"pause": 0.25}


def leftovers(order):
    """What is in the results folder, besides exports that are kept for the next time."""
    if not order.out.exists():
        return []
    found = [path.relative_to(order.out).as_posix() for path in order.out.rglob("*")]
    return sorted(path for path in found if not path.startswith(".export/VoidRemove1/main"))


def in_stage(stage):
    return lambda progress: progress.stage == stage


def on_show(host, condition, action):
    """Do something whenever what is shown is so."""
    host.on["show"] = lambda host: action() if condition(host.shown[-1]) else None


class Stopped:
    """A host whose run is cancelled as soon as something is shown."""

    def __init__(self, host, condition, **how):
        self.host = host
        self.removal = Removal(host, host.asked_for.purpose, **how)
        on_show(host, condition, self.removal.cancel)

    def run(self):
        ending = self.removal.run()
        assert ending.end == "cancelled", ending.text
        assert self.host.calls.count("finish") == 1
        return ending


def test_cancelled_while_the_node_is_read_nothing_was_made(idle, order_of, host_of):
    host = host_of(order_of(idle.endpoint))
    removal = Removal(host, "remove")
    host.on["order"] = lambda host: removal.cancel()
    ending = removal.run()
    assert (ending.end, ending.text) == (
        "cancelled",
        "Cancelled. No frame was finished; the plate is unchanged.",
    )
    assert not host.asked_for.out.exists()
    assert "export" not in host.calls


@pytest.mark.parametrize("how", ["its own bar", "the button", "an error"])
def test_cancelled_while_exporting_no_frame_is_left(idle, order_of, host_of, how):
    host = host_of(order_of(idle.endpoint))
    removal = Removal(host, "remove")

    def stop(host):
        if how == "the button":
            removal.cancel()
        elif how == "its own bar":
            raise Cancelled
        else:
            raise RuntimeError("the disk caught fire")

    host.on["export"] = stop
    ending = removal.run()
    assert ending.end == ("failed" if how == "an error" else "cancelled")
    assert not host.asked_for.out.exists()
    assert "remember" not in host.calls


def test_a_cancelled_export_leaves_the_earlier_one_alone(idle, order_of, host_of):
    order = order_of(idle.endpoint, kinds=("comp",))
    assert Removal(host_of(order), "remove").run().end == "done"
    before = {path.name: path.stat().st_mtime_ns for path in order.exports_of("").iterdir()}
    host = host_of(order)
    host.print_of = "changed upstream"
    removal = Removal(host, "remove")
    host.on["export"] = lambda host: removal.cancel()
    assert removal.run().end == "cancelled"
    after = {path.name: path.stat().st_mtime_ns for path in order.exports_of("").iterdir()}
    assert after == before
    assert [path.name for path in order.exports.iterdir()] == ["main"]


def test_cancelled_while_reading_nothing_is_sent(idle, order_of, host_of):
    host = host_of(order_of(idle.endpoint, script=SLOW, name="reading"))
    Stopped(host, in_stage("reading")).run()
    assert leftovers(host.asked_for) == [".export", ".export/VoidRemove1"]
    assert host.remembered == {}


def test_cancelled_while_sending_the_job_is_cancelled(idle, order_of, host_of, unseen):
    host = host_of(order_of(idle.endpoint, script=SLOW, name="sending", transport="stream"))
    host.footage = unseen
    Stopped(host, in_stage("sending")).run()
    assert idle.state(host.remembered[""]) == "cancelled"
    assert leftovers(host.asked_for) == [".export", ".export/VoidRemove1"]


def test_a_cancel_that_comes_before_the_job_is_told_again_once_it_is_there(idle, order_of, host_of):
    host = host_of(order_of(idle.endpoint, script=LONG, name="too_early"))
    removal = Removal(host, "remove")
    host.on["remember"] = lambda host: removal.cancel()
    assert removal.run().end == "cancelled"
    assert idle.state(host.remembered[""]) == "cancelled"
    assert list(host.asked_for.out.glob("too_early*")) == []


def test_cancelled_while_it_waits_for_its_turn(idle, order_of, host_of):
    other = host_of(order_of(idle.endpoint, script={"pause": 0.5}, name="other"))
    first = Removal(other, "remove")
    on_show(other, in_stage("running"), first.detach)
    assert first.run().end == "detached"
    host = host_of(order_of(idle.endpoint, script=SLOW, name="queued"))
    Stopped(host, in_stage("waiting")).run()
    assert host.questions == ["The server is working on other (0 of 4 frames). Queue this job?"]
    assert idle.state(host.remembered[""]) == "cancelled"
    assert idle.state(other.remembered[""]) == "running"
    assert list(host.asked_for.out.glob("queued*")) == []


def test_cancelled_while_running_the_finished_frames_are_kept(idle, order_of, host_of):
    order = order_of(idle.endpoint, script={"pause": 0.2}, name="running", kinds=("comp",))
    host = host_of(order)
    ending = Stopped(host, lambda progress: progress.finished >= 1).run()
    frames = ending.landings[""].finished
    assert 1 <= len(frames) < 4
    assert ending.text == (
        f"Cancelled. {len(frames)} of 4 frames kept in v001; the plate is unchanged."
    )
    assert host.attached[-1] == {"": frames}
    assert idle.state(host.remembered[""]) == "cancelled"
    folder = order.out / "running_void_v001"
    names = [f"running_void_v001.{frame}.exr" for frame in frames]
    assert sorted(path.name for path in folder.iterdir()) == [*names, "running_void_v001.json"]

    again = Removal(host_of(order), "remove").run()
    assert again.end == "done"
    assert again.landings[""].version.folder == folder


def test_frames_that_another_machine_made_differently_become_a_version_of_their_own(
    idle, order_of, host_of
):
    order = order_of(idle.endpoint, script={"pause": 0.2}, name="other", kinds=("comp",))
    first = Stopped(host_of(order), lambda progress: progress.finished >= 1).run()
    kept = first.landings[""].version.picture("comp", first.landings[""].finished[0])
    kept.write_bytes(b"as another GPU would make it")
    ending = Removal(host_of(order), "remove").run()
    assert ending.end == "done", ending.text
    assert ending.landings[""].version.label == "v002"
    assert kept.read_bytes() == b"as another GPU would make it"


def test_a_cancelled_preview_is_not_called_by_a_version_that_a_result_has(idle, order_of, host_of):
    fields = {"script": {"pause": 0.2}, "name": "look", "kinds": ("comp",), "purpose": "preview"}
    ending = Stopped(
        host_of(order_of(idle.endpoint, **fields)), lambda progress: progress.finished >= 1
    ).run()
    assert ending.landings[""].version.label == "v001"
    assert ending.text.endswith(" of 4 frames kept in the preview; the plate is unchanged.")


def test_a_cancel_in_the_hosts_own_bar_counts_like_the_button(idle, order_of, host_of):
    host = host_of(order_of(idle.endpoint, script=LONG, name="bar"))

    def press():
        host.pressed = True

    on_show(host, in_stage("running"), press)
    assert Removal(host, "remove").run().end == "cancelled"
    assert idle.state(host.remembered[""]) == "cancelled"


def test_a_cancel_reaches_the_server_while_the_host_is_busy(idle, order_of, host_of, wait_for):
    host = host_of(order_of(idle.endpoint, script={"pause": 0.2}, name="busy", kinds=("comp",)))
    removal = Removal(host, "remove")

    def attach(host):
        removal.cancel()
        wait_for(lambda: idle.state(host.remembered[""]) == "cancelled", "the server to know")

    host.on["attach"] = attach
    assert removal.run().end == "cancelled"
    assert host.attached


def test_ctrl_c_in_a_terminal_cancels_the_job(idle, order_of, host_of):
    host = host_of(order_of(idle.endpoint, script=LONG, name="ctrl_c"))

    def interrupt():
        raise KeyboardInterrupt

    on_show(host, in_stage("running"), interrupt)
    ending = Removal(host, "remove").run()
    assert ending.end == "cancelled"
    assert idle.state(host.remembered[""]) == "cancelled"


def test_somebody_else_may_cancel_the_job_at_the_server(idle, order_of, host_of):
    host = host_of(order_of(idle.endpoint, script=LONG, name="elsewhere"))

    def cancel():
        with Client(idle.endpoint) as client:
            client.cancel(host.remembered[""])

    on_show(host, in_stage("running"), cancel)
    assert Removal(host, "remove").run().end == "cancelled"


def test_left_while_sending_the_artist_is_told_that_it_is_not_all_there(
    idle, order_of, host_of, unseen
):
    host = host_of(order_of(idle.endpoint, name="left", transport="stream"))
    host.footage = unseen
    removal = Removal(host, "remove")
    on_show(host, in_stage("sending"), removal.detach)
    ending = removal.run()
    assert ending.end == "detached"
    assert ending.text == "Stopped before everything was sent; 0 of 4 frames are here."
    assert idle.state(host.remembered[""]) == "uploading"
