"""A server that knows Hello and GetJobs alone, and says nothing while a test forbids it."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "void_server"))

from scripted_worker import ENGINE

from bridge.messages import Control, Hello, Jobs, Welcome
from bridge.wire import CREDIT, MAX_CHUNK, PROTOCOL, Router


class ReticentServer:
    """One that is asked in a thread of its own.

    Args:
        protocol: What it says that it speaks.

    Attributes:
        asked: Set when somebody has asked it since it fell silent.
    """

    def __init__(self, protocol=PROTOCOL):
        self._router = Router("tcp://127.0.0.1:0", receives=Control)
        self._welcome = Welcome(
            protocol, "0.0.1", "epoch", MAX_CHUNK, CREDIT, False, (ENGINE,), (), 0
        )
        self.endpoint = self._router.endpoint
        self.asked, self._speaks, self._over = (threading.Event() for _ in range(3))
        self.speak()
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def fall_silent(self):
        self._speaks.clear()
        self.asked.clear()

    def speak(self):
        self._speaks.set()

    def close(self):
        self._over.set()
        self._speaks.set()
        self._thread.join()

    def _answer(self):
        while not self._over.is_set():
            incoming = self._router.receive(0.02)
            if incoming is not None:
                self.asked.set()
                self._speaks.wait()
                said = self._welcome if isinstance(incoming.message, Hello) else Jobs(())
                self._router.send(incoming.peer, incoming.request, said)
        self._router.close()
