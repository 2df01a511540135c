"""The Nuke side of a run: what is shown, remembered and asked, and a node that is gone."""

import json
import threading
from types import SimpleNamespace

import pytest
from nuke_results import Results

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


def running(done, text="denoising 12 of 50", **how):
    return Progress(stage="running", text=text, done=done, **how)


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


def test_what_a_busy_nuke_leaves_on_the_screen_is_what_it_does(host, node, session, in_thread):
    def begin():
        host.show(Progress(stage="checking", text="reading the node", done=0.0))
        host.show(Progress(stage="checking", text="asking the server", done=0.0))
        host.show(Progress(stage="exporting", text="exporting left", done=0.1, view="left"))
        host.show(Progress(stage="exporting", text="exporting right", done=0.2, view="right"))

    in_thread(begin)
    assert node["status"].value() == "exporting right"
    assert session.progress[0].texts[-1] == "exporting right"


def test_how_long_it_still_takes_is_said(host, node, session, in_thread):
    in_thread(host.show, running(0.5, eta=200.0))
    assert node["status"].value() == "denoising 12 of 50, about 3 min 20 s left"
    assert session.progress[0].texts == ["denoising 12 of 50, about 3 min 20 s left"]


def test_a_servers_words_are_no_html(host, node, session, in_thread):
    in_thread(host.show, running(0.5, '<img src="file:///x.png">'))
    assert node["status"].value() == '&lt;img src="file:///x.png"&gt;'
    assert session.progress[0].texts == ['‹img src="file:///x.png">']
    error = RequestError("server", "<b>no</b>\nnot 1 <= 2", code="x")
    in_thread(host.finish, Ending(end="failed", text=error.text, error=error))
    assert session.messages == ["‹b>no‹/b>\nnot 1 <= 2"]
    assert node["status"].value() == "&lt;b&gt;no&lt;/b&gt;<br>not 1 &lt;= 2"
    session.answers.append(True)
    in_thread(host.confirm, "It works on <b>?")
    assert session.questions == ["It works on ‹b>?"]


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
    assert json.loads(node["jobs"].value()) == {
        "name": "sh010_VoidRemove1",
        "jobs": {"left": "a" * 32, "right": "b" * 32},
        "over": False,
    }
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
    host.show(running(0.3, eta=50))
    assert not host.cancelled()
    host.finish(Ending(end="failed", text="It failed.", error=RequestError("a", "b")))
    assert session.printed == [
        "VoidRemove1: 10 % denoising 12 of 50",
        "VoidRemove1: 20 % denoising 12 of 50",
        "VoidRemove1: 30 % denoising 12 of 50, about 50 s left",
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


def is_over(node):
    return json.loads(node["jobs"].value())["over"]


@pytest.mark.parametrize(
    ("end", "over"), [("done", True), ("cancelled", True), ("failed", False), ("detached", False)]
)
def test_a_run_that_came_to_its_end_leaves_nothing_to_come_back_for(
    host, node, in_thread, end, over
):
    in_thread(host.remember, {"": "a" * 32})
    in_thread(host.finish, Ending(end=end, text="Over."))
    assert is_over(node) is over


def test_a_preview_leaves_what_is_remembered_of_a_removal_alone(host, node, in_thread):
    from host_plugins.nuke_panel.host import NukeHost

    in_thread(host.remember, {"": "a" * 32})
    preview = NukeHost(node)
    in_thread(preview.order, "remove")
    in_thread(preview.finish, Ending(end="done", text="The preview is there."))
    assert not is_over(node)


def test_a_run_that_collects_ends_what_is_remembered(host, node, in_thread):
    from host_plugins.nuke_panel.host import NukeHost

    in_thread(host.remember, {"": "a" * 32})
    in_thread(NukeHost(node).finish, Ending(end="done", text="v001 is there."))
    assert is_over(node)


@pytest.fixture
def results(studio, tmp_path):
    return Results(studio, tmp_path / "void", "sh010_VoidRemove1")


@pytest.fixture
def partial(node, results, host, in_thread):
    """The landing of a second removal, which has taken the place of a whole first one."""
    from host_plugins.nuke_panel import result

    result.attach(node, {"": results.version(1001, 1002)})
    landing = results.begin()
    in_thread(host.remember, {"": landing.job})
    in_thread(host.attach, {"": landing})
    assert node["version"].value() == "v001"  # nothing of it is there
    results.land(landing, 1001)
    in_thread(host.attach, {"": landing})
    assert node["version"].value() == "v002"
    return landing


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_what_is_left_unfinished_does_not_stay_in_a_whole_results_place(
    host, node, session, in_thread, partial, end
):
    in_thread(host.finish, Ending(end=end, text="1 of 2 frames kept in v002."))
    assert node["version"].value() == "v001"
    assert "v002" in node["version"].values()
    assert node["status"].value() == "1 of 2 frames kept in v002.<br>v001 is shown again."
    assert session.printed[-1].endswith("v001 is shown again.")


@pytest.mark.parametrize("end", ["done", "detached"])
def test_what_is_whole_or_still_to_come_stays(host, node, in_thread, partial, end):
    in_thread(host.finish, Ending(end=end, text="Over."))
    assert node["version"].value() == "v002"
    assert node["status"].value() == "Over."


def test_the_artists_choice_stays_while_frames_arrive_and_at_the_end(
    host, node, results, in_thread, partial
):
    node["version"].setValue("none")
    results.land(partial, 1002)
    in_thread(host.attach, {"": partial})
    assert node["version"].value() == "none"
    in_thread(host.finish, Ending(end="cancelled", text="Cancelled."))
    assert node["version"].value() == "none"
    assert node["status"].value() == "Cancelled."


def test_what_the_server_said_is_there_as_soon_as_a_run_has_asked(host, node, in_thread):
    from nuke_welcome import VOID, welcome

    in_thread(host.describe, welcome(VOID))
    assert node["p_void_steps"].visible()
    assert node["server_text"].value().startswith("tcp://127.0.0.1:5599<br>void-server 0.9.0")


def test_on_a_node_that_is_gone_a_servers_words_have_no_place(host, node, nuke, in_thread, caplog):
    from nuke_welcome import VOID, welcome

    nuke.delete(node)
    in_thread(host.describe, welcome(VOID))
    assert not caplog.records
