"""The Nuke side of a run: what is shown, remembered and asked, and a node that is gone."""

import json
import threading
from types import SimpleNamespace

import pytest

from bridge.errors import RequestError
from host_plugins.run.cancelling import Cancelled
from host_plugins.run.progress import Ending, Progress


@pytest.fixture
def node(session, rig, tmp_path):
    from host_plugins.nuke_panel import node

    made = node.create()
    made.setInput(0, rig.plate(3))
    made.setInput(1, rig.matte(3))
    session.save(tmp_path / "sh010.nk")
    return made


@pytest.fixture
def host(node):
    from host_plugins.nuke_panel.host import NukeHost

    return NukeHost(node)


@pytest.fixture
def in_thread(session):
    """Does something in a thread, as a run does, while Nuke's main thread goes on."""

    def done(function, *args):
        came = SimpleNamespace(value=None, error=None, over=False)

        def work():
            try:
                came.value = function(*args)
            except Exception as error:
                came.error = error
            came.over = True

        threading.Thread(target=work, name="void-test", daemon=True).start()
        session.pump(until=lambda: came.over)
        session.pump()
        if came.error:
            raise came.error
        return came.value

    return done


def running(done, text="denoising 12 of 50"):
    return Progress(stage="running", text=text, done=done)


def test_progress_is_a_bar_and_a_status_on_the_node(host, node, session, in_thread):
    in_thread(host.show, running(0.42))
    (bar,) = session.progress
    assert (bar.values, bar.texts) == ([42], ["denoising 12 of 50"])
    assert node["status"].value() == "denoising 12 of 50"


def test_the_status_is_not_redrawn_with_every_call(host, node, session, in_thread):
    def often():
        for step in range(200):
            host.show(running(step / 200, f"step {step}"))

    in_thread(often)
    assert node["status"].value() == "step 0"


def test_the_status_is_no_change_of_the_script_and_no_undo_step(host, nuke, session, in_thread):
    nuke.root().setModified(False)
    steps = len(session.undo.steps)
    in_thread(host.show, running(0.1))
    assert not nuke.root().modified()
    assert len(session.undo.steps) == steps


def test_cancel_in_the_bar_is_seen(host, session, in_thread):
    assert not host.cancelled()
    in_thread(host.show, running(0.1))
    assert not host.cancelled()
    session.progress[0].cancel()
    assert host.cancelled()


def test_at_the_end_the_bar_is_gone_and_the_outcome_stays(host, node, session, in_thread):
    in_thread(host.show, running(0.9))
    in_thread(host.finish, Ending(end="done", text="v001 is there."))
    assert session.progress[0].closed
    assert node["status"].value() == "v001 is there."
    assert session.printed[-1] == "VoidRemove1: v001 is there."
    assert not session.messages
    in_thread(host.show, running(0.95))  # one that was late
    assert len(session.progress) == 1
    assert node["status"].value() == "v001 is there."


@pytest.mark.parametrize("end", ["cancelled", "detached", "done"])
def test_only_what_went_wrong_opens_a_dialog(host, session, in_thread, end):
    in_thread(host.finish, Ending(end=end, text="Over."))
    assert not session.messages


def test_what_went_wrong_is_said_with_what_is_kept(host, session, in_thread):
    error = RequestError("server", "it is not there", code="server_down")
    text = "Can't reach it.\n3 of 40 frames kept in v001."
    in_thread(host.finish, Ending(end="failed", text=text, error=error))
    assert session.messages == [text]


def test_the_jobs_are_kept_in_the_script_and_worth_saving(host, node, nuke, session, in_thread):
    nuke.root().setModified(False)
    steps = len(session.undo.steps)
    in_thread(host.remember, {"right": "b" * 32, "left": "a" * 32})
    assert json.loads(node["jobs"].value()) == {"left": "a" * 32, "right": "b" * 32}
    assert nuke.root().modified()
    assert len(session.undo.steps) == steps


@pytest.mark.parametrize("answer", [True, False])
def test_the_artist_is_asked(host, session, in_thread, answer):
    session.answers.append(answer)
    assert in_thread(host.confirm, "Queue this job?") is answer
    assert session.questions == ["Queue this job?"]


def test_in_a_terminal_nobody_is_asked_and_percents_are_lines(start, rig_files):
    session = start(gui=False)
    from host_plugins.nuke_panel import node
    from host_plugins.nuke_panel.host import NukeHost

    host = NukeHost(node.create())
    assert host.confirm("Queue this job?") is True
    for done in (0.1, 0.101, 0.104, 0.2):
        host.show(running(done))
    assert not host.cancelled()
    host.finish(Ending(end="failed", text="It failed.", error=RequestError("a", "b")))
    assert session.printed == [
        "VoidRemove1: 10 % denoising 12 of 50",
        "VoidRemove1: 20 % denoising 12 of 50",
        "VoidRemove1: It failed.",
    ]
    assert not session.messages
    assert not session.progress


@pytest.fixture
def rig_files():
    """Nothing: a session of a test's own has no plate."""


def test_a_node_that_was_deleted_is_left_in_peace(host, node, nuke, session, in_thread):
    nuke.delete(node)
    in_thread(host.remember, {"": "a" * 32})
    in_thread(host.attach, {})
    in_thread(host.show, running(0.5))
    in_thread(host.finish, Ending(end="done", text="v001 is there."))
    assert session.printed == ["VoidRemove1: v001 is there."]


def test_a_node_that_was_deleted_before_it_was_read_is_told(host, node, nuke, in_thread):
    nuke.delete(node)
    with pytest.raises(RequestError, match="VoidRemove1: the node was deleted") as caught:
        in_thread(host.order, "remove")
    assert caught.value.code == "node_gone"


def test_a_node_that_is_deleted_before_its_export_is_told(host, node, nuke, in_thread, tmp_path):
    order = in_thread(host.order, "remove")
    nuke.delete(node)
    for ask in (lambda: host.fingerprint(order, ""), lambda: host.export(order, "", tmp_path)):
        with pytest.raises(RequestError, match="the node was deleted"):
            in_thread(ask)


def test_an_export_is_every_input(host, in_thread, tmp_path):
    folder = tmp_path / "fresh"
    folder.mkdir()
    in_thread(host.export, in_thread(host.order, "remove"), "", folder)
    names = {path.name.split(".")[0] for path in folder.iterdir()}
    assert names == {"plate", "remove"}
    assert len(list(folder.iterdir())) == 6


def test_a_cancelled_export_leaves_no_frame_behind(host, session, in_thread, tmp_path):
    folder = tmp_path / "fresh"
    folder.mkdir()
    order = in_thread(host.order, "remove")
    session.cancel_execute_at = 1002
    with pytest.raises(Cancelled):
        in_thread(host.export, order, "", folder)
    assert list(folder.iterdir()) == []


def test_cancel_between_two_inputs_renders_no_more(host, session, in_thread, tmp_path):
    order = in_thread(host.order, "remove")
    in_thread(host.show, running(0.1))
    session.progress[0].cancel()
    with pytest.raises(Cancelled):
        in_thread(host.export, order, "", tmp_path)
    assert not list(tmp_path.glob("*.exr.*"))


def test_what_is_assumed_of_the_colors_is_said_once(host, session, in_thread):
    in_thread(host.order, "remove")
    assert [line for line in session.printed if "Rec.709 are assumed" in line] == session.printed
    assert len(session.printed) == 1
