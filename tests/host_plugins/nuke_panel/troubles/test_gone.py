"""The node goes, the script goes, the room on the disk goes; and a button pressed twice."""

import errno
from contextlib import contextmanager

import pytest

from bridge import write_once


@pytest.fixture
def half_done(artist):
    """A run whose first two frames are shown; the others come when the gate opens."""
    artist.ask_for(at=1003)
    artist.press("run")
    artist.work_until(lambda: artist.range_shown == (1001, 1002))
    return artist


def left_to_the_server(artist, run):
    """The run has ended, quietly; the frames that have landed stay, and the sidecar says so."""
    session = artist.session
    session.pump(until=lambda: run.ending is not None)
    session.pump()
    assert run.ending.end == "detached"
    assert session.messages == []
    assert session.tracebacks == []
    assert all(bar.closed for bar in session.progress)
    assert artist.frames() == [1001, 1002]
    assert not [path for path in artist.left() if path.endswith(".part")]


def test_a_node_deleted_in_mid_run_leaves_its_job_and_its_frames(half_done, session, nuke, patches):
    artist, run, job = half_done, half_done.run, half_done.job
    nuke.delete(artist.node)
    left_to_the_server(artist, run)
    assert run.ending.text == "The job goes on at the server; 2 of 4 frames are here."
    assert patches.state(job) == "running"


def test_a_node_deleted_while_it_exports_leaves_nothing(artist, session, nuke):
    artist.press("run")
    run = artist.run
    artist.work_until(artist.half_exported)
    nuke.delete(artist.node)
    session.pump(until=lambda: run.ending is not None)
    session.pump()
    assert run.ending.end == "detached"
    assert session.messages == []
    assert not artist.out.exists()
    assert all(bar.closed for bar in session.progress)
    assert session.root["proxy"].value()


def test_a_script_closed_in_mid_run_leaves_its_job_and_collects_it_when_it_is_opened(
    half_done, session, nuke, patches
):
    artist, run, job = half_done, half_done.run, half_done.job
    session.traps.close_destroys = False  # nobody knows whether it does in a host
    session.save(artist.script)
    nuke.scriptClear()
    left_to_the_server(artist, run)
    assert patches.state(job) == "running"
    assert not session.root.modified()

    session.open(artist.script)
    artist.node = session.root.node("VoidRemove1")
    artist.gate.touch()
    artist.wait()
    assert artist.frames() == [1001, 1002, 1003, 1004]
    assert artist.red(1004) == 4.0
    assert artist.standing() == [artist.version.name]


def test_a_script_closed_while_it_exports_leaves_nothing(artist, session, nuke):
    artist.press("run")
    run = artist.run
    artist.work_until(artist.half_exported)
    nuke.scriptClear()
    session.pump(until=lambda: run.ending is not None)
    session.pump()
    assert run.ending.end == "detached"
    assert session.messages == []
    assert not artist.out.exists()
    assert not session.root.modified()
    assert session.root.nodes() == []


def test_a_second_press_shows_the_run_and_starts_nothing(half_done, session, patches):
    artist, run = half_done, half_done.run
    before = patches.jobs()
    for button in ("run", "preview"):
        artist.press(button)
        assert session.messages.pop() == (
            f"VoidRemove1 is running: {run.progress.text}\n\nPress Cancel to stop it."
        )
    assert artist.run is run
    assert patches.jobs() == before
    artist.gate.touch()
    artist.wait()
    assert artist.frames() == [1001, 1002, 1003, 1004]


@pytest.fixture
def full(artist, monkeypatch):
    """Has a disk on which a version folder takes no more than so many frames."""
    real = write_once.hidden

    def from_frame(count):
        @contextmanager
        def hidden(target):
            if target.parent == artist.version and len(artist.frames()) >= count:
                raise OSError(errno.ENOSPC, "No space left on device")
            with real(target) as file:
                yield file

        monkeypatch.setattr(write_once, "hidden", hidden)

    yield from_frame
    monkeypatch.setattr(write_once, "hidden", real)


def test_a_full_disk_leaves_the_frames_that_fit_and_the_button_goes_on(
    artist, session, full, monkeypatch
):
    full(2)
    artist.remove()
    assert session.messages == [
        f"{artist.version}: there is no room (No space left on device). Make room, or choose "
        "another results folder in Advanced. Finished frames are kept; press the button again to "
        "go on. [disk_full]\n2 of 4 frames kept in v001; the plate is unchanged."
    ]
    assert artist.frames() == [1001, 1002]
    assert artist.range_shown == (1001, 1002)
    assert artist.red(1002) == 4.0
    artist.look_round()

    full(99)
    session.cancel_execute_at = 1001  # a render would be cancelled
    artist.remove()
    assert artist.frames() == [1001, 1002, 1003, 1004], session.describe()
    assert artist.standing() == [artist.version.name]
