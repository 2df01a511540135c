"""Cancelled in every stage, from the node's button and from the bars: nothing is left behind.

What is finished stays and is shown, the server's job is stopped, and the button goes on from there.
"""

import pytest

from host_plugins.run import watch

KEPT = "Cancelled. No frame was finished; the plate is unchanged."
HOWS = ("button", "bar")


def goes_on(artist, session, *, rendered=False):
    """Remove pressed again comes to the end, in the same version."""
    artist.gate.touch()
    session.cancel_execute_at = None if rendered else 1001  # a render would be cancelled
    artist.remove()
    assert artist.node["version"].value() == "v001", session.describe()
    assert artist.frames() == [1001, 1002, 1003, 1004]
    assert artist.red(1004) == 4.0
    session.cancel_execute_at = None
    artist.look_round()


def stopped(artist, session, text=KEPT):
    artist.wait()
    assert artist.status == text
    assert not session.messages
    artist.look_round()


@pytest.mark.parametrize("how", HOWS)
def test_cancelled_while_the_server_is_asked_nothing_was_made(
    artist, session, reticent, patches, how
):
    server = reticent()
    artist.use(server.endpoint)
    session.save(artist.script)
    server.fall_silent()
    artist.press("run")
    artist.work_until(server.asked.is_set)
    artist.cancel(how)
    server.speak()
    stopped(artist, session)
    assert not artist.out.exists()
    assert not session.root.modified()
    artist.use(patches.endpoint)
    goes_on(artist, session, rendered=True)


def test_cancelled_before_the_first_frame_none_is_rendered(artist, session, moment):
    moment.at("exporting")
    artist.press("run")
    artist.work_until(moment.is_there)
    artist.cancel("bar")
    session.cancel_execute_at = 1001
    moment.go_on()
    stopped(artist, session)
    assert session.cancel_execute_at == 1001
    assert not artist.out.exists()
    goes_on(artist, session, rendered=True)


@pytest.mark.parametrize("how", ["button", "bar", "render bar"])
def test_cancelled_between_plate_and_matte_no_frame_is_left(artist, session, patches, how):
    session.root.setModified(False)
    artist.press("run")
    artist.work_until(artist.half_exported)
    if how == "render bar":
        session.cancel_execute_at = 1002
    else:
        artist.cancel(how)
    stopped(artist, session)
    assert not artist.out.exists()
    assert not session.root.modified()
    assert not artist.job
    goes_on(artist, session, rendered=True)


@pytest.mark.parametrize("how", HOWS)
def test_cancelled_while_reading_the_export_stays(artist, session, moment, patches, how):
    moment.at("reading")
    artist.press("run")
    artist.work_until(moment.is_there)
    artist.cancel(how)
    moment.go_on()
    stopped(artist, session)
    assert artist.left() == []
    assert not artist.job
    goes_on(artist, session)


@pytest.mark.parametrize("how", HOWS)
def test_cancelled_while_sending_the_server_hears_of_it_at_once(
    artist, session, moment, patches, nuke, how
):
    unseen = nuke.nodes.Grade(inputs=[artist.node.input(0)])
    unseen["multiply"].setValue(1.5 + HOWS.index(how) / 4)
    artist.node.setInput(0, unseen)
    artist.node["transport"].setValue("Stream")
    moment.at("sending")
    artist.press("run")
    artist.work_until(moment.is_there)
    assert patches.state(artist.job) == "uploading"
    artist.cancel(how)
    artist.work_until(lambda: patches.state(artist.job) == "cancelled")
    moment.go_on()
    stopped(artist, session)
    assert artist.left() == []
    goes_on(artist, session)


@pytest.fixture
def other(another, patches, artist, session):
    """Another node of the script, whose job keeps the server busy until its own gate opens."""
    other = another(patches, gate="other")
    other.ask_for(at=1002)
    other.connect(artist.node.input(0), artist.node.input(1))
    other.press("run")
    other.work_until(lambda: patches.state(other.job) == "running")
    yield other
    other.gate.touch()
    other.wait()


@pytest.mark.parametrize("how", HOWS)
def test_cancelled_while_it_waits_for_its_turn_the_other_job_goes_on(
    artist, other, session, moment, patches, how
):
    moment.at("waiting")
    artist.press("run", True)
    artist.work_until(moment.is_there)
    assert patches.state(artist.job) == "queued"
    artist.cancel(how)
    artist.work_until(lambda: patches.state(artist.job) == "cancelled")
    moment.go_on()
    artist.wait()
    assert artist.status == KEPT
    assert not artist.version.exists()
    assert patches.state(other.job) == "running"
    other.gate.touch()
    other.wait()
    artist.look_round()
    goes_on(artist, session)


@pytest.mark.parametrize("how", HOWS)
def test_cancelled_while_running_the_finished_frames_are_kept_and_shown(
    artist, session, patches, how
):
    artist.ask_for(at=1003)
    artist.press("run")
    artist.work_until(lambda: artist.range_shown == (1001, 1002))
    artist.cancel(how)
    artist.work_until(lambda: patches.state(artist.job) == "cancelled")
    stopped(artist, session, "Cancelled. 2 of 4 frames kept in v001; the plate is unchanged.")
    assert artist.frames() == [1001, 1002]
    assert artist.node["version"].value() == "v001"
    assert [artist.red(frame) for frame in (1001, 1002)] == [4.0, 4.0]
    assert artist.red(1003) == artist.red_of_plate(1003) < 1.0
    goes_on(artist, session)


def test_cancelled_with_a_whole_result_before_it_that_one_is_shown_again(artist, session):
    artist.remove()
    artist.ask_for(at=1003)
    artist.press("run")
    artist.work_until(lambda: artist.range_shown == (1001, 1002))
    assert artist.node["version"].value() == "v002"
    artist.cancel("button")
    artist.wait()
    assert artist.status == (
        "Cancelled. 2 of 4 frames kept in v002; the plate is unchanged.<br>v001 is shown again."
    )
    assert artist.node["version"].value() == "v001"
    assert artist.red(1004) == 4.0
    assert artist.standing() == [artist.version.name, artist.version.name[:-1] + "2"]
    artist.look_round()


def test_cancelled_after_the_last_frame_it_is_whole(artist, moment, patches):
    moment.at("landing")
    artist.press("run")
    artist.work_until(moment.is_there)
    artist.cancel("button")
    moment.go_on()
    artist.wait()
    assert artist.frames() == [1001, 1002, 1003, 1004]
    assert artist.node["version"].value() == "v001"
    assert artist.status.startswith("v001 is there: frames 1001-1004")
    assert patches.state(artist.job) == "done"
    artist.look_round()


def test_an_artist_who_thinks_better_of_it_stops_nothing(artist, session, patches):
    artist.ask_for(at=1002)
    artist.press("run")
    artist.work_until(lambda: artist.range_shown == (1001, 1001))
    artist.press("cancel", False)
    assert session.questions == ["Stop the removal? Finished frames are kept."]
    assert patches.state(artist.job) == "running"
    goes_on(artist, session)


def test_a_cancelled_preview_leaves_nothing_and_changes_nothing(artist, session, patches):
    session.frame = 1002
    artist.ask_for(at=1001)
    artist.press("preview")
    artist.work_until(lambda: "running" in patches.jobs().values())
    artist.cancel("button")
    stopped(artist, session)
    assert "running" not in patches.jobs().values()
    assert artist.left() == []
    assert artist.node["version"].value() == "none"
    assert not artist.job


def test_cancelled_while_the_server_is_away_the_run_ends_and_keeps_its_frames(
    artist, session, patches, impatient, monkeypatch
):
    monkeypatch.setattr(watch, "FAREWELL_SECONDS", 0.1)
    monkeypatch.setattr(watch, "_TIMEOUT", 0.2)
    artist.ask_for(at=1003)
    artist.press("run")
    artist.work_until(lambda: artist.range_shown == (1001, 1002))
    run = artist.run
    patches.kill()
    artist.work_until(lambda: run.progress.text == "waiting for the server to answer")
    artist.cancel("button")
    stopped(
        artist,
        session,
        "Cancelled. 2 of 4 frames kept in v001; the plate is unchanged. The server does not answer "
        "and may go on with it: cancel it in the job panel.",
    )
    patches.start()
    goes_on(artist, session)


def test_exports_that_are_not_to_be_kept_go_with_a_cancelled_job(artist, session, patches):
    artist.node["keep_exports"].setValue(False)
    artist.ask_for(at=1001)
    artist.press("run")
    artist.work_until(lambda: patches.state(artist.job) == "running")
    artist.cancel("button")
    stopped(artist, session)
    assert not artist.out.exists()


def test_cancelled_in_the_second_eye_the_first_one_is_kept(artist, session, moment, nuke, rig):
    nuke.addView("right")
    artist.connect(rig.plate(4, name="eyes", views=nuke.views()))
    moment.at("reading", view="right")
    artist.press("run")
    artist.work_until(moment.is_there)
    artist.cancel("button")
    moment.go_on()
    stopped(artist, session, "Cancelled. 4 of 8 frames kept in v001; the plate is unchanged.")
    assert artist.standing() == ["sh010_comp_VoidRemove1_main_void_v001"]
    assert artist.red(1002) == 4.0
    assert artist.red(1002, "right") == artist.red_of_plate(1002, "right") < 1.0
    session.cancel_execute_at = 1001  # a render would be cancelled
    artist.remove()
    assert [artist.red(1004, view) for view in nuke.views()] == [4.0, 4.0], session.describe()
    assert len(artist.standing()) == 2
    artist.look_round()
