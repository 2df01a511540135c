"""The root: the script itself."""

from __future__ import annotations

from nuke.group import Group
from nuke.strict import current


class Root(Group):
    """The outermost group; its knobs are the project settings."""

    def __init__(self):
        super().__init__("Root", None)
        self._modified = False

    @property
    def _label(self):
        return "root"

    def name(self):
        return self._knobs["name"]._value or "Root"

    def fullName(self):
        return "root"

    def modified(self):
        return self._modified

    def setModified(self, modified):
        self._modified = bool(modified)

    def firstFrame(self):
        return self._knobs["first_frame"].value()

    def lastFrame(self):
        return self._knobs["last_frame"].value()

    def fps(self):
        return int(self._knobs["fps"].value())

    def realFps(self):
        return self._knobs["fps"].value()

    def setFrame(self, frame):
        current().frame = int(frame)

    def setProxy(self, proxy):
        self._knobs["proxy"].setValue(bool(proxy))

    def addView(self, name, color=""):
        current().add_view(name)

    def deleteView(self, name):
        current().delete_view(name)

    def input(self, index):
        return None

    def maxInputs(self):
        return 0
