"""Knobs that hold text: plain, evaluated by TCL, file names, Python commands."""

from __future__ import annotations

import os
import re

from nuke import tcl
from nuke.knob import Knob
from nuke.strict import current, host_call


class String_Knob(Knob):
    """Text as it is; it takes a str and nothing else."""

    def __init__(self, name, label=None, value=None):
        super().__init__(name, label)
        if value is not None:
            self._value = self._accept(value)

    def _accept(self, value):
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes str, not {type(value).__name__} ({value!r})")
        return value

    def setValue(self, value, view="default"):
        self._set(self._accept(value))

    setText = setValue

    def value(self, oc=None):
        return self._value

    getText = value


class EvalString_Knob(String_Knob):
    """Text in which ``[commands]`` are evaluated when it is used."""

    def evaluate(self, frame=None):
        return self._evaluated()

    def _evaluated(self):
        return tcl.substituted(self._value, self._look_up)

    def _look_up(self, name):
        knob = current().knob_named(name, self._node)
        return knob._evaluated() if isinstance(knob, EvalString_Knob) else knob._text()


class Multiline_Eval_String_Knob(EvalString_Knob):
    """The same in several lines."""


class File_Knob(EvalString_Knob):
    """A file name; a backslash in it is TCL's escape and does not survive the script file."""

    def evaluate(self, frame=None):
        """The name for one frame, the current one unless told, and the current view."""
        session = current()
        number = session.frame if frame is None else int(frame)
        name = tcl.unescaped(self._evaluated())
        return frame_name(name.replace("%V", session.view).replace("%v", session.view[:1]), number)

    def getEvaluatedValue(self, oc=None):
        return self.evaluate()

    def _read(self, text):
        trap = current().traps.backslashes_are_escapes
        self._value = tcl.unescaped(text) if trap else text

    def fromUserText(self, text):
        """As if typed: a range behind the name sets the node's first and last frame."""
        match = re.fullmatch(r"(.*\S)\s+(-?\d+)-(-?\d+)", _only_text(text))
        self.setValue(match[1] if match else text)
        if match and self._node is not None:
            for name, value in zip(
                ("first", "origfirst", "last", "origlast"),
                (match[2], match[2], match[3], match[3]),
                strict=True,
            ):
                if (knob := self._node._knobs.get(name)) is not None:
                    knob.setValue(int(value))


def frame_name(pattern, number):
    """The file of one frame: ``%04d`` or ``####``."""
    name = re.sub(r"%0?(\d*)d", lambda match: f"{number:0{match[1] or 1}d}", pattern)
    return re.sub(r"#+", lambda match: f"{number:0{len(match[0])}d}", name)


class Text_Knob(Knob):
    """A label, or a line without a name."""

    _nameless = True

    def __init__(self, name, label=None, text=None):
        super().__init__(name, label)
        self._value = self._accept(text or "")

    def _accept(self, value):
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes str, not {type(value).__name__}")
        return value


class Script_Knob(String_Knob):
    """A button; its value is the command that a click runs."""

    def command(self):
        return self._value

    def setCommand(self, command):
        self.setValue(command)

    def setValue(self, command):
        self._set(self._accept(command))

    def execute(self):
        """What a click does, without the click."""
        session = current()
        if self._user:
            session.run_command(self)
        else:
            session.executed.append(self.fullyQualifiedName())


class PyScript_Knob(Script_Knob):
    """A button with a Python command."""


class PyCustom_Knob(Script_Knob):
    """A widget made by a Python expression."""


class PythonKnob(String_Knob):
    """A hidden piece of Python, such as a node's own knobChanged."""


class Password_Knob(String_Knob):
    """Text that is not shown."""


class MetaData_Knob(String_Knob):
    """Lines of ``{set key value}``."""


class MultiView_Knob(String_Knob):
    """Names of views."""


class Font_Knob(String_Knob):
    """A font's name."""


def _only_text(value):
    if not isinstance(value, str):
        raise TypeError(f"text must be str, not {type(value).__name__}")
    return value


@host_call
def script_directory():
    """The folder of the script; "" while it has none."""
    name = current().root._knobs["name"]._value
    return os.path.dirname(name)  # noqa: PTH120 - forward slashes as they are in the script
