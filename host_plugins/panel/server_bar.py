"""Which server is watched, and whether it answers."""

from __future__ import annotations

import time
from collections.abc import Callable

from bridge.messages import Welcome
from host_plugins.panel import server_text
from host_plugins.panel.plain import plain
from host_plugins.panel.qt import QtCore, QtGui, QtWidgets
from host_plugins.panel.shades import shade

Qt = QtCore.Qt

_SAYS = {"good": "server answers", "waiting": "server is not ready", "bad": "no answer"}
"""What the dot means, for those who do not see it."""


class ServerBar(QtWidgets.QWidget):
    """A dot, the address, and what answers there.

    Args:
        endpoint: The address.
        chosen: Called with another address that the artist types.
        refresh: Called when the artist wants to know now.
    """

    def __init__(
        self, endpoint: str, *, chosen: Callable[[str], None], refresh: Callable[[], None]
    ) -> None:
        super().__init__()
        self._chosen = chosen
        self._endpoint = endpoint
        self._heard: float | None = None
        self.dot = Dot()
        self.address = QtWidgets.QLineEdit(endpoint)
        self.address.setAccessibleName("Address of the server")
        self.address.setToolTip("Where void-server listens, e.g. tcp://127.0.0.1:5599")
        self.address.setPlaceholderText("tcp://127.0.0.1:5599")
        self.address.editingFinished.connect(self._typed)
        self.button = QtWidgets.QPushButton("Refresh")
        self.button.setToolTip("Ask the server now (F5)")
        self.button.clicked.connect(lambda: refresh())
        self.words = plain(QtWidgets.QLabel())
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What the server is")
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self.wait()

    def fix(self, fixed: bool) -> None:
        """Whether the address is not for the artist to choose."""
        self.address.setReadOnly(fixed)
        if fixed:
            self.address.setToolTip("The environment variable VOID_SERVER names the server.")

    def wait(self) -> None:
        """Nobody has answered yet."""
        self._heard = None
        self._say("waiting", "asking for the server ...")

    def answered(self, welcome: Welcome) -> None:
        """The server has answered."""
        self._heard = time.monotonic()
        missing = [engine for engine in welcome.engines if not engine.available]
        state = "waiting" if not welcome.engines or len(missing) == len(welcome.engines) else "good"
        self._say(state, "\n".join([server_text.heading(welcome), *server_text.lines(welcome)]))

    def silent(self) -> None:
        """The server does not answer."""
        since = None if self._heard is None else time.monotonic() - self._heard
        self._say("bad", server_text.silence(since))

    def _say(self, meaning: str, words: str) -> None:
        self.dot.mean(meaning)
        self.words.setText(words)

    def _typed(self) -> None:
        endpoint = self.address.text().strip()
        if not endpoint:
            self.address.setText(self._endpoint)
        elif endpoint != self._endpoint:
            self._endpoint = endpoint
            self.wait()
            self._chosen(endpoint)

    def _lay_out(self) -> None:
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self.dot)
        line.addWidget(self.address, 1)
        line.addWidget(self.button)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(line)
        whole.addWidget(self.words)


class Dot(QtWidgets.QWidget):
    """A state as a colour and a form: full when all is well, a ring otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.meaning = "waiting"
        side = round(self.fontMetrics().height() * 0.9)
        self.setFixedSize(side, side)

    def mean(self, meaning: str) -> None:
        """Show ``good``, ``waiting`` or ``bad``."""
        self.meaning = meaning
        self.setAccessibleName(_SAYS[meaning])
        self.setToolTip(_SAYS[meaning])
        self.update()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Draw it."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        color = shade(self.meaning, self.palette())
        painter.setPen(QtGui.QPen(color, 2))
        if self.meaning == "good":
            painter.setBrush(color)
        painter.drawEllipse(self.rect().adjusted(3, 3, -3, -3))
        painter.end()
