"""Colours that fit the host's palette, whether that is dark or light."""

from __future__ import annotations

from host_plugins.panel.qt import QtGui

_HUES = {"good": 0.36, "waiting": 0.12, "bad": 0.01, "busy": 0.58}
"""What a colour means, and its hue, 0 to 1. It is never the only thing that says so."""

_SATURATION = 0.5


def shade(meaning: str, palette: QtGui.QPalette) -> QtGui.QColor:
    """The colour for a meaning, as light as text has to be on this palette.

    Args:
        meaning: ``good``, ``waiting``, ``bad`` or ``busy``.
        palette: Of the widget that is painted.
    """
    dark = palette.color(QtGui.QPalette.ColorRole.Window).lightnessF() < 0.5
    return QtGui.QColor.fromHslF(_HUES[meaning], _SATURATION, 0.62 if dark else 0.36)


def faded(color: QtGui.QColor, alpha: float) -> QtGui.QColor:
    """The same colour, less of it: 0 is nothing, 1 is all."""
    result = QtGui.QColor(color)
    result.setAlphaF(alpha)
    return result
