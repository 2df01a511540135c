"""An artist, a run that can be held at any stage, and servers that wait, die and come back."""

import contextlib
import functools
import sys
from pathlib import Path

import pytest

from host_plugins.run import lifetime, line

_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from artist import Artist, Moment  # noqa: E402
from nuke_welcome import welcome  # noqa: E402
from patch_server import PatchServer  # noqa: E402
from reticent_server import ENGINE, ReticentServer  # noqa: E402


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    """The jobs here take no time, so they are looked at more often."""
    monkeypatch.setattr(line, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(lifetime, "ATTACH_SECONDS", 0.05)


@pytest.fixture(scope="session")
def standing(tmp_path_factory):
    """A server for all tests; one may kill it."""
    root = tmp_path_factory.getbasetemp().resolve()
    with contextlib.closing(PatchServer(tmp_path_factory.mktemp("patches"), root)) as server:
        yield server


@pytest.fixture
def patches(standing):
    """The same server, alive and without a job that goes on."""
    if not standing.lives:
        standing.start()
    standing.cancel_all()
    yield standing
    if standing.lives:
        standing.cancel_all()


@pytest.fixture
def fresh_server(tmp_path, tmp_path_factory):
    """Another server, which knows nothing of the first one's jobs."""
    root = tmp_path_factory.getbasetemp().resolve()
    with contextlib.closing(PatchServer(tmp_path / "fresh", root)) as server:
        yield server


@pytest.fixture
def reticent():
    """Starts servers that know Hello and GetJobs alone."""
    with contextlib.ExitStack() as stack:

        def start(*args):
            return stack.enter_context(contextlib.closing(ReticentServer(*args)))

        yield start


@pytest.fixture
def moment(session, monkeypatch):
    """Where a run shall be held."""
    from host_plugins.nuke_panel import buttons
    from host_plugins.nuke_panel.host import NukeHost

    held = Moment()

    class HeldHost(NukeHost):
        def show(self, progress):
            super().show(progress)
            held.passed(progress)

    monkeypatch.setattr(buttons, "NukeHost", HeldHost)
    yield held
    held.go_on()


@pytest.fixture
def impatient(session, monkeypatch):
    """Whoever asks a server soon believes that it is gone."""
    from host_plugins.nuke_panel import buttons
    from host_plugins.run.removal import Removal

    def made(**how):
        monkeypatch.setattr(buttons, "Removal", functools.partial(Removal, **how))

    monkeypatch.setattr(buttons, "_HELLO_SECONDS", 0.2)
    made(timeout=0.3)
    return made


@pytest.fixture
def another(session, tmp_path):
    """Makes a VoidRemove that knows its server, and somebody who works on it."""
    from host_plugins.nuke_panel import described, node

    script = tmp_path / "comp" / "sh010_comp_v003.nk"
    script.parent.mkdir(exist_ok=True)

    def made(server, gate="open"):
        artist = Artist(session, node.create(), script, tmp_path / gate)
        artist.node["server"].setValue(server.endpoint)
        described.describe(artist.node, welcome(ENGINE))
        artist.ask_for()
        return artist

    return made


@pytest.fixture
def artist(another, patches, rig, session):
    """Somebody with a plate of four frames and its roto, in proxy mode, script saved."""
    from host_plugins.nuke_panel import script

    session.root["proxy"].setValue(True)
    made = another(patches)
    made.connect(rig.plate(4), rig.matte(4))
    script.register()
    session.save(made.script)
    return made
