"""Lines that come and go: what went wrong, how it went, and frames that arrive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bridge.errors import VoidError
from host_plugins.panel.error_text import details, said
from host_plugins.panel.news import Collected, Collecting
from host_plugins.panel.plain import plain, tooltip
from host_plugins.panel.qt import QtCore, QtGui, QtWidgets
from host_plugins.panel.shades import shade

Qt = QtCore.Qt


class Notice(QtWidgets.QLabel):
    """One line in words, in the colour of what it means; hidden while there is nothing to say."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._meaning = "good"
        self.setAccessibleName(name)
        self.setWordWrap(True)
        plain(self)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hide()

    def error(self, error: VoidError) -> None:
        """What went wrong, and on a longer look the name that the documentation has for it."""
        self._say("bad", said(error), details(error))

    def good(self, text: str) -> None:
        """What went well."""
        self._say("good", text, "")

    def clear(self) -> None:
        """Nothing to say."""
        super().clear()
        self.hide()

    def _say(self, meaning: str, text: str, details: str) -> None:
        palette = QtWidgets.QApplication.palette(self)
        palette.setColor(QtGui.QPalette.ColorRole.WindowText, shade(meaning, palette))
        self.setPalette(palette)
        self.setText(text)
        self.setToolTip(tooltip(details))
        self.show()


class Arrival(QtWidgets.QWidget):
    """Frames that arrive, with a way to stop and, at the end, the way to their folder."""

    def __init__(self, stop: Callable[[], None]) -> None:
        super().__init__()
        self._folder: Path | None = None
        self.bar = QtWidgets.QProgressBar()
        self.bar.setAccessibleName("Frames collected")
        self.words = plain(QtWidgets.QLabel())
        self.words.setWordWrap(True)
        self.button = QtWidgets.QPushButton("Stop")
        self.button.clicked.connect(lambda: self._pressed(stop))
        self._collecting = False
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self.bar, 1)
        line.addWidget(self.button)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.words)
        whole.addLayout(line)
        self.hide()

    def begin(self, name: str, total: int) -> None:
        """Frames will arrive."""
        self._collecting = True
        self.button.setText("Stop")
        self.button.setEnabled(True)
        self.button.setToolTip("Frames that have arrived stay; the job itself goes on")
        self.bar.show()
        self.bar.setRange(0, total)
        self.arrive(Collecting(name, 0, total))
        self.show()

    def arrive(self, news: Collecting) -> None:
        """Frames have arrived."""
        doing = f" ({news.doing})" if news.doing else ""
        self.words.setText(f"collecting {news.name}{doing}")
        self.bar.setValue(news.landed)
        self.bar.setFormat(f"{news.landed}/{news.total}")

    def end(self, news: Collected) -> None:
        """No more will."""
        self._collecting = False
        self._folder = news.folder
        self.bar.hide()
        where = f"\n{news.folder}" if news.folder else ""
        self.words.setText(f"{news.text}{where}")
        self.button.setText("Open folder" if news.folder else "Close")
        self.button.setToolTip("")
        self.button.setEnabled(True)

    def _pressed(self, stop: Callable[[], None]) -> None:
        if self._collecting:
            self.button.setEnabled(False)
            self.words.setText("stopping ...")
            stop()
            return
        if self._folder is not None:
            QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(self._folder)))
        self.hide()
