"""A server's texts are shown letter by letter: Qt takes some for HTML, and loads what it names.

Source: Qt 6, QLabel.textFormat and Qt.mightBeRichText: without being told, Qt guesses.
"""

from __future__ import annotations

from html import escape

from host_plugins.panel.qt import QtCore, QtWidgets


def plain(label: QtWidgets.QLabel) -> QtWidgets.QLabel:
    """The same label, for which a text is only a text."""
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    return label


def tooltip(text: str) -> str:
    """A text as a tooltip, which is always guessed at: as HTML in which nothing is a tag."""
    lines = escape(text, quote=False).replace("\n", "<br>")
    return f"<qt>{lines}</qt>" if text else ""
