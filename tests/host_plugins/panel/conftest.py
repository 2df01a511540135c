"""A real server with scripted workers, and Qt without a screen."""

import os
import sys
import time
from pathlib import Path

import pytest

_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from picture_server import PATIENCE, Served  # noqa: E402


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    running = Served(tmp_path_factory.mktemp("server"))
    yield running
    running.close()


@pytest.fixture
def server(shared):
    """A server without jobs."""
    if shared.process.poll() is not None:
        shared.start(shared.port)
    yield shared
    if shared.process.poll() is None:
        shared.empty()


@pytest.fixture(scope="session")
def application():
    """The one QApplication of a test run, without a screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    import PySide6
    from PySide6 import QtWidgets

    if PySide6.__version__ == "6.12.0" and sys.version_info < (3, 12):
        pytest.skip("PySide6 6.12.0 loses references to None before Python 3.12 and aborts")
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication([])


@pytest.fixture
def until(application):
    """Serves Qt's event loop until something holds."""
    from PySide6 import QtCore

    def wait(condition, what="it"):
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"waited for {what}"
            application.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)
            time.sleep(0.002)
        return found

    return wait
