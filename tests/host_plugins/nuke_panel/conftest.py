"""A fake Nuke, a rig of real pictures in it, and a real server."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridge.cli.server import private

_FAKES = str(Path(__file__).parents[2] / "fakes")
if _FAKES not in sys.path:
    sys.path.insert(0, _FAKES)

from nuke_fixtures import nuke, session, start  # noqa: E402, F401 - fixtures
from nuke_rig import Rig  # noqa: E402


@pytest.fixture
def rig(studio, nuke):  # noqa: F811 - the fixture
    """Makes plates and mattes as files, and Reads of them."""
    return Rig(studio, nuke)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A real server on free ports: its ``endpoint``, ``folder``, and a ``client`` of it.

    It may read what tests write, so that the shared path is a transport too.
    """
    folder = tmp_path_factory.mktemp("server")
    roots = (tmp_path_factory.getbasetemp().resolve(),)
    with private(folder, roots=roots, keys=folder / "keys") as client:
        said = json.loads((folder / "server.json").read_text("utf-8"))
        yield SimpleNamespace(endpoint=said["endpoint"], folder=folder, client=client)
