import pytest

TEXTS = [
    '<img src="file:///etc/hostname">',
    "a < b & c > d",
    "<b>frames</b> 1001-1040\n<a href='http://nowhere'>note</a>",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_tooltip_shows_every_letter_and_loads_nothing(application, text):
    from PySide6 import QtGui

    from host_plugins.panel.plain import tooltip

    shown = QtGui.QTextDocument()
    shown.setHtml(tooltip(text))
    assert shown.toPlainText() == text
    assert not any(one.isImageFormat() or one.isAnchor() for one in formats(shown))


def formats(document):
    return [one.toCharFormat() for one in document.allFormats()]


def test_nothing_to_say_is_no_tooltip(application):
    from host_plugins.panel.plain import tooltip

    assert tooltip("") == ""


def test_a_label_shows_every_letter(application):
    from PySide6 import QtCore, QtWidgets

    from host_plugins.panel.plain import plain

    assert plain(QtWidgets.QLabel()).textFormat() == QtCore.Qt.TextFormat.PlainText
