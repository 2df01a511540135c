"""Dialogs that do not hold up the host while they are open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from host_plugins.panel.plain import plain
from host_plugins.panel.qt import QtCore, QtWidgets
from host_plugins.panel.questions import Question

_ON_CLOSE = QtCore.Qt.WidgetAttribute.WA_DeleteOnClose


def ask(parent: QtWidgets.QWidget, question: Question, then: Callable[[], None]) -> None:
    """Ask before something is done; Enter and Escape leave it undone.

    Args:
        parent: The widget over which the question opens.
        question: What to ask.
        then: Called when the answer is yes.
    """
    box = QtWidgets.QMessageBox(parent)
    box.setAttribute(_ON_CLOSE)
    box.setIcon(QtWidgets.QMessageBox.Icon.Question)
    box.setWindowTitle(question.title)
    box.setText(question.text)
    box.setInformativeText(question.detail)
    for label in box.findChildren(QtWidgets.QLabel):  # setTextFormat leaves out the smaller text
        plain(label)
    yes = box.addButton(question.yes, QtWidgets.QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton(question.no, QtWidgets.QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    yes.clicked.connect(lambda: then())
    box.open()


def choose_folder(parent: QtWidgets.QWidget, title: str, then: Callable[[Path], None]) -> None:
    """Let the artist choose a folder.

    Args:
        parent: The widget over which the dialog opens.
        title: What it is for.
        then: Called with the folder.
    """
    dialog = QtWidgets.QFileDialog(parent, title)
    dialog.setAttribute(_ON_CLOSE)
    dialog.setFileMode(QtWidgets.QFileDialog.FileMode.Directory)
    dialog.setOption(QtWidgets.QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda folder: then(Path(folder)))
    dialog.open()
