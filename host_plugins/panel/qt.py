"""Qt as the host brings it along; the only module that imports it.

Enumerations are written in full (``Qt.ItemDataRole.DisplayRole``), which both bindings take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from host_plugins.panel.qt_binding import binding

__all__ = ["QtCore", "QtGui", "QtWidgets"]

if TYPE_CHECKING or binding() == "PySide6":
    from PySide6 import QtCore, QtGui, QtWidgets
elif binding() == "PySide2":
    from PySide2 import QtCore, QtGui, QtWidgets
else:
    raise ImportError("the job panel needs PySide6 or PySide2, and neither is here")
