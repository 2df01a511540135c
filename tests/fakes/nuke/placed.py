"""Where a node lies in the node graph, and how it is shown there."""

from __future__ import annotations

from nuke.strict import HostObject


class Placed(HostObject):
    """The part of a node that no pixel depends on."""

    def setXYpos(self, x, y):
        self._knobs["xpos"].setValue(x)
        self._knobs["ypos"].setValue(y)

    def setXpos(self, x):
        self._knobs["xpos"].setValue(x)

    def setYpos(self, y):
        self._knobs["ypos"].setValue(y)

    def xpos(self):
        return self._knobs["xpos"].value()

    def ypos(self):
        return self._knobs["ypos"].value()

    def screenWidth(self):
        return 80 if self._session.gui else 0

    def screenHeight(self):
        return 18 if self._session.gui else 0

    def autoplace(self):
        """Nothing is drawn here."""

    def setSelected(self, selected):
        self._knobs["selected"]._value = (bool(selected),)

    def isSelected(self):
        return self._knobs["selected"]._value[0]

    def selectOnly(self):
        for node in self._parent._children:
            node.setSelected(node is self)

    def showControlPanel(self, forceFloat=False):
        if self._session.gui:
            self._panel = True
            self._session.callbacks.knob_changed(self, "showPanel")

    def hideControlPanel(self):
        self._panel = False

    def shown(self):
        return self._panel

    def redraw(self):
        """Nothing is drawn here."""

    def help(self):
        return self._knobs["help"].value()
