"""What a frame of a running job looks like so far."""

from __future__ import annotations

from bridge.messages import Preview
from host_plugins.panel.plain import plain
from host_plugins.panel.qt import QtCore, QtGui, QtWidgets

Qt = QtCore.Qt


class Picture(QtWidgets.QWidget):
    """A preview in its own proportions, as large as there is room, with a line about it."""

    def __init__(self) -> None:
        super().__init__()
        self.job = ""
        self._pixmap = QtGui.QPixmap()
        self._canvas = _Canvas()
        self.caption = plain(QtWidgets.QLabel())
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.caption.setWordWrap(True)
        whole = QtWidgets.QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._canvas, 1)
        whole.addWidget(self.caption)
        self.hide()

    def show_preview(self, job: str, preview: Preview, png: bytes) -> None:
        """Show a newer one; what Qt cannot read is said to be so."""
        pixmap = QtGui.QPixmap()
        readable = pixmap.loadFromData(png)
        step = f", step {preview.step}" if preview.step else ""
        said = f"frame {preview.frame} so far{step}"
        self.job = job
        self._canvas.pixmap = pixmap
        self._canvas.setAccessibleName(f"Preview of {said}")
        self._canvas.update()
        self.caption.setText(said if readable else f"{said}: it is no picture that can be shown")
        self.show()

    def forget(self) -> None:
        """Show none."""
        self.job = ""
        self._canvas.pixmap = QtGui.QPixmap()
        self.hide()


class _Canvas(QtWidgets.QWidget):
    """Paints a pixmap scaled to fit; never larger than its own pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.pixmap = QtGui.QPixmap()
        self.setMinimumHeight(self.fontMetrics().height() * 5)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        if self.pixmap.isNull():
            return
        pixels = QtCore.QSizeF(self.pixmap.size())
        fitting = pixels.scaled(QtCore.QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)
        if fitting.width() > pixels.width():
            fitting = pixels
        place = QtCore.QRectF(QtCore.QPointF(0, 0), fitting)
        place.moveCenter(QtCore.QRectF(self.rect()).center())
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(place, self.pixmap, QtCore.QRectF(self.pixmap.rect()))
        painter.end()
