"""The picture of a node: its class's operation on the pictures of what is plugged into it."""

from __future__ import annotations

import nuke
from nuke.evaluate import operations, reading
from nuke.evaluate.picture import Window, black

_PASSING = ("Output", "Dot", "NoOp", "Viewer", "Write", "BackdropNode")


def picture(node, frame, view):
    """What a node shows.

    Args:
        node: The node; None for an input with nothing plugged in.
        frame: Frame number.
        view: A view of the script.

    Raises:
        RuntimeError: A frame is missing, or the fake knows no picture for a class of node.
    """
    if node is None:
        return script_black()
    disabled = node.knob("disable")
    if disabled and disabled.value() and node.Class() != "Input":
        return picture(node.input(0), frame, view)
    show = _SHOWN.get(node.Class())
    if show is None:
        raise RuntimeError(f"the fake knows no picture of a {node.Class()}")
    return show(node, frame, view)


def script_black():
    """Nothing, in the format of the script."""
    return _of_format(nuke.root().knob("format").value())


def _of_format(chosen):
    window = Window(0, 0, chosen.width() - 1, chosen.height() - 1)
    return black(window, chosen.pixelAspect())


def _one(operation):
    def show(node, frame, view):
        return operation(node, picture(node.input(0), frame, view))

    return show


def _two(operation):
    def show(node, frame, view):
        first, second = (picture(node.input(number), frame, view) for number in (0, 1))
        return operation(node, first, second)

    return show


def _passed(node, frame, view):
    return picture(node.input(0), frame, view)


def _read(node, frame, view):
    return reading.read_picture(node, frame, view, script_black())


def _group(node, frame, view):
    outputs = [inner for inner in node.nodes() if inner.Class() == "Output"]
    if not outputs:
        raise RuntimeError(f"{node.name()} has no Output")
    return picture(outputs[0].input(0), frame, view)


def _group_input(node, frame, view):
    number = int(node.knob("number").value())
    return picture(node.parent().input(number), frame, view)


def _switch(node, frame, view):
    which = min(max(int(node.knob("which").value()), 0), max(node.inputs() - 1, 0))
    return picture(node.input(which), frame, view)


def _join_views(node, frame, view):
    names = str(node.knob("viewassoc").value()).split() or nuke.views()
    ordered = names if view in names else nuke.views()
    return picture(node.input(ordered.index(view)), frame, view)


def _one_view(node, frame, view):
    return picture(node.input(0), frame, str(node.knob("view").value()))


def _generator(operation):
    def show(node, frame, view):
        return operation(node, _of_format(node.knob("format").value()))

    return show


def _roto(node, frame, view):
    plugged = node.input(0)
    below = picture(plugged, frame, view) if plugged else _of_format(node.knob("format").value())
    return operations.roto(node, frame, below)


def _reformat(node, frame, view):
    below = picture(node.input(0), frame, view)
    kind = node.knob("type").value()
    if kind == "to format":
        target = node.knob("format").value()
        size = target.width(), target.height(), target.pixelAspect()
    elif kind == "to box":
        size = int(node.knob("box_width").value()), int(node.knob("box_height").value())
    else:
        scale = node.knob("scale").value()
        factor = float(scale[0] if isinstance(scale, (list, tuple)) else scale)
        size = round(below.display.width * factor), round(below.display.height * factor)
    return operations.reformat(below, *size)


_SHOWN = {
    **dict.fromkeys(_PASSING, _passed),
    "Read": _read,
    "Group": _group,
    "Input": _group_input,
    "Switch": _switch,
    "JoinViews": _join_views,
    "OneView": _one_view,
    "Merge2": _two(operations.merge),
    "Copy": _two(operations.copy),
    "Unpremult": _one(operations.unpremult),
    "Premult": _one(operations.premult),
    "Expression": _one(operations.expression),
    "Shuffle2": _one(operations.shuffle),
    "ModifyMetaData": _one(operations.modify_metadata),
    "Grade": _one(operations.grade),
    "Crop": _one(operations.crop),
    "Reformat": _reformat,
    "Constant": _generator(operations.constant),
    "CheckerBoard2": _generator(operations.checkerboard),
    "Roto": _roto,
    "RotoPaint": _roto,
}
