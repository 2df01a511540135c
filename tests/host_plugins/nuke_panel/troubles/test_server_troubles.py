"""Servers that are not there, have other work, speak otherwise, or die in mid-job."""

import pytest

NOBODY = "tcp://127.0.0.1:9"


def as_saved(artist):
    """The script as it would be saved now; what only the panel shows is not in it."""
    from nuke import script_file

    return script_file.written(artist.session)


@pytest.fixture
def untouched(artist, session):
    """Sees to it that a run has left the script, its undo steps and its folder alone."""

    def prepare(server):
        artist.use(server)
        session.save(artist.script)
        text, steps = as_saved(artist), len(session.undo.steps)

        def look():
            assert as_saved(artist) == text
            assert not session.root.modified()
            assert len(session.undo.steps) == steps
            assert not artist.out.exists()
            artist.look_round()

        return look

    return prepare


def test_a_server_that_is_not_there_is_said_and_the_script_is_as_it_was(
    artist, session, untouched, impatient
):
    look = untouched(NOBODY)
    artist.remove()
    assert session.messages == [
        f"Can't reach the VOID server at {NOBODY}. Start it with void-server, or set the address "
        "in the Server tab. Your script was not changed. [server_down]"
    ]
    assert artist.status == session.messages[0]
    look()


@pytest.mark.parametrize("protocol", [(0, 9), (2, 0)], ids=["older", "newer"])
def test_a_server_of_another_protocol_is_said_before_the_export(
    artist, session, untouched, reticent, protocol
):
    server = reticent(protocol)
    look = untouched(server.endpoint)
    artist.remove()
    (said,) = session.messages
    assert said.startswith(
        f"server {server.endpoint}: it speaks protocol {protocol[0]} (expected 1, got "
        f"{protocol[0]}; void-bridge 0.0.1 there, "
    )
    assert said.endswith(
        "Update the older one: the same version of void-bridge belongs on both sides. "
        "Your script was not changed. [protocol_version]"
    )
    look()


def test_a_server_too_old_for_what_is_asked_is_said_before_the_export(
    artist, session, untouched, reticent
):
    server = reticent((1, 1))
    artist.node["files"].setValue("All")
    look = untouched(server.endpoint)
    artist.remove()
    (said,) = session.messages
    assert "it is too old for this (expected protocol 1.2, got 1.1" in said
    assert said.endswith("Your script was not changed. [protocol_version]")
    look()


def test_an_engine_that_the_server_lacks_is_said_before_the_export(
    artist, session, untouched, patches
):
    from nuke_welcome import CLEANPLATE, VOID, welcome

    from host_plugins.nuke_panel import described

    described.describe(artist.node, welcome(VOID, CLEANPLATE))
    artist.node["engine"].setValue("cleanplate")
    artist.press("test_server")
    artist.hear()
    look = untouched(patches.endpoint)
    artist.remove()
    assert session.messages == [
        "engine cleanplate: this server cannot run it (there is none; available: scripted). "
        "Choose another engine in the Remove tab. [engine]"
    ]
    look()


@pytest.fixture
def busy(another, patches, artist):
    """The server, which works for another node of the script until its gate opens."""
    other = another(patches, gate="other")
    other.ask_for(at=1003)
    other.connect(artist.node.input(0), artist.node.input(1))
    other.press("run")
    other.work_until(lambda: other.range_shown == (1001, 1002))
    yield other
    other.gate.touch()
    other.wait()


QUESTION = "The server is working on sh010_comp_VoidRemove2 (2 of 4 frames). Queue this job?"


def test_a_busy_server_is_used_only_if_the_artist_wants_to_wait(artist, busy, session, patches):
    before = patches.jobs()
    artist.remove(False)
    assert session.questions == [QUESTION]
    assert artist.status == "Not sent. Your script was not changed."
    assert session.messages == []
    assert not artist.job
    assert patches.jobs() == before
    assert not (artist.out / ".export" / artist.name).exists()
    assert artist.standing() == [busy.version.name]

    artist.press("run", True)
    artist.work_until(lambda: artist.job and patches.state(artist.job) == "queued")
    assert session.questions == [QUESTION] * 2
    assert patches.state(busy.job) == "running"
    busy.gate.touch()
    busy.wait()
    artist.wait()
    for one in (busy, artist):
        assert one.frames() == [1001, 1002, 1003, 1004]
        assert one.node["version"].value() == "v001"
        one.look_round()


@pytest.fixture
def half_done(artist):
    """A run whose first two frames are shown; the others come when the gate opens."""
    artist.ask_for(at=1003)
    artist.press("run")
    artist.work_until(lambda: artist.range_shown == (1001, 1002))
    return artist


def whole(artist):
    assert artist.node["version"].value() == "v001", artist.session.describe()
    assert artist.frames() == [1001, 1002, 1003, 1004]
    assert artist.red(1001) == artist.red(1004) == 4.0
    assert artist.standing() == [artist.version.name]
    artist.look_round()


def test_a_server_that_dies_and_comes_back_costs_nothing_but_time(
    impatient, half_done, session, patches
):
    artist, run = half_done, half_done.run
    patches.kill()
    artist.work_until(lambda: run.progress.text == "waiting for the server to answer")
    patches.start()
    artist.gate.touch()
    assert artist.run is run
    artist.wait()
    assert run.ending.end == "done"
    assert session.messages == []
    whole(artist)


@pytest.fixture
def given_up(artist, impatient, session, patches):
    """A run that has lost its server for good, after two frames."""
    impatient(timeout=0.2, patience=0.2)
    artist.ask_for(at=1003)
    artist.press("run")
    artist.work_until(lambda: artist.range_shown == (1001, 1002))
    patches.kill()
    artist.wait()
    return artist


@pytest.mark.parametrize("which", ["the same", "another"])
def test_a_server_that_stays_away_leaves_the_frames_and_the_button_goes_on_with(
    given_up, session, patches, which, request
):
    artist = given_up
    assert session.messages == [
        f"The VOID server {patches.endpoint} stopped answering. 2 of 4 frames kept in v001; the "
        "plate is unchanged. Press the button again to go on. [server_down]"
    ]
    assert artist.status == session.messages[0]
    assert artist.frames() == [1001, 1002]
    assert [artist.red(frame) for frame in (1001, 1002)] == [4.0, 4.0]
    assert artist.red(1003) == artist.red_of_plate(1003) < 1.0
    artist.look_round()

    if which == "the same":
        patches.start()
    else:
        artist.use(request.getfixturevalue("fresh_server").endpoint)
    artist.gate.touch()
    session.cancel_execute_at = 1001  # a render would be cancelled
    artist.remove()
    assert session.questions == []
    whole(artist)
