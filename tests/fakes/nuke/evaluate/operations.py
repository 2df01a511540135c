"""What each node class does to the pictures of its inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nuke.evaluate.picture import RGBA, Picture, Window, named
from nuke.tcl import words

ONE = np.float32(1)


def merge(node, below, above):
    """Merge2, of input 0 (B) and input 1 (A)."""
    above = _on_corner(above, below)
    window = _bbox(node, below, above)
    b, a = below.over(window), above.over(window)
    alpha = a.plane("rgba.alpha")
    operation = _MERGES.get(node.knob("operation").value())
    if operation is None:
        raise RuntimeError(f"the fake does not merge by {node.knob('operation').value()}")
    present = {**b.channels, **a.channels}
    wanted = _text(node, "output").split() + _text(node, "also_merge").split()
    merged = {
        name: operation(a.plane(name), b.plane(name), alpha)
        for name in named(" ".join(wanted), present)
    }
    return b.with_channels(merged)


def _on_corner(picture, other):
    """A picture on another one's format: Nuke lays them lower left corner on lower left corner."""
    down = other.display.bottom - picture.display.bottom
    data = picture.data._replace(top=picture.data.top + down, bottom=picture.data.bottom + down)
    return replace(picture, data=data, display=other.display)


_MERGES = {
    "over": lambda a, b, alpha: a + b * (ONE - alpha),
    "difference": lambda a, b, _: np.abs(a - b),
    "plus": lambda a, b, _: a + b,
    "minus": lambda a, b, _: a - b,
    "from": lambda a, b, _: b - a,
    "multiply": lambda a, b, _: a * b,
    "copy": lambda a, b, _: a,
    "stencil": lambda a, b, alpha: b * (ONE - alpha),
    "mask": lambda a, b, alpha: b * alpha,
}


def _bbox(node, below, above):
    choice = node.knob("bbox").value()
    if choice == "union":
        return below.data.union(above.data)
    if choice == "intersection":
        return below.data.intersection(above.data)
    return below.data if choice == "B" else above.data


def unpremult(node, picture):
    """Divide by alpha; where that is 0 the value stays."""
    alpha = picture.plane(named(_text(node, "alpha"))[0])
    divisor = np.where(alpha == 0, ONE, alpha)
    return picture.with_channels(_each(node, picture, lambda plane: plane / divisor))


def premult(node, picture):
    alpha = picture.plane(named(_text(node, "alpha"))[0])
    return picture.with_channels(_each(node, picture, lambda plane: plane * alpha))


def _each(node, picture, change):
    chosen = named(_text(node, "channels"), picture.channels)
    return {name: change(picture.plane(name)) for name in chosen}


def expression(node, picture):
    """Rows of an Expression that name one channel or a number; blank ones leave their channels."""
    changed = {}
    for row in range(4):
        text = _text(node, f"expr{row}").strip()
        if text:
            plane = _term(text, picture)
            changed.update(dict.fromkeys(named(_text(node, f"channel{row}")), plane))
    return picture.with_channels(changed)


def _term(text, picture):
    if text in "rgba" and len(text) == 1:
        return picture.plane(RGBA["rgba".index(text)])
    try:
        return np.full_like(picture.plane("rgba.red"), np.float32(text))
    except ValueError:
        raise RuntimeError(f"the fake cannot evaluate the expression {text!r}") from None


def shuffle(node, picture):
    """A Shuffle2 of its first input: pairs of source and target channel."""
    planes = {"white": np.ones_like(picture.plane("rgba.red"))}
    changed = {}
    for source, target in _pairs(node.knob("mappings").value()):
        changed[target] = planes.get(source, picture.plane(source))
    return picture.with_channels(changed)


def _pairs(mappings):
    if not isinstance(mappings, str):
        return [(pair[0], pair[1]) for pair in mappings]
    parts = mappings.split()[1:]
    return [(parts[at], parts[at + 3]) for at in range(0, len(parts), 6)]


def copy(node, below, above):
    """Channels of input 1 (A) into input 0 (B)."""
    window = below.data.union(above.data)
    b, a = below.over(window), above.over(window)
    changed = {}
    for row in range(4):
        source, target = (named(_text(node, f"{end}{row}")) for end in ("from", "to"))
        if source and target:
            changed[target[0]] = a.plane(source[0])
    return b.with_channels(changed)


def modify_metadata(node, picture):
    """Lines ``{set key value}`` and ``{remove key}``."""
    metadata = dict(picture.metadata)
    for line in words(node.knob("metadata").toScript(quote=False)):
        action, key, *value = words(line)
        if action == "set":
            metadata[key] = " ".join(value)
        else:
            metadata.pop(key, None)
    return replace(picture, metadata=metadata)


def constant(node, size):
    color = node.knob("color").value()
    values = list(color) if isinstance(color, (list, tuple)) else [color] * 4
    filled = size.over(size.display)
    chosen = named(_text(node, "channels"))
    planes = {name: np.full_like(filled.plane(name), values[RGBA.index(name)]) for name in chosen}
    return filled.with_channels(planes)


def checkerboard(node, size):
    filled = size.over(size.display)
    rows, columns = np.indices(filled.plane("rgba.red").shape)
    box = node.knob("boxsize").value()
    side = int(box[0] if isinstance(box, (list, tuple)) else box)
    squares = np.where((rows // side + columns // side) % 2, 0.5, 0.1).astype(np.float32)
    return filled.with_channels(
        {**dict.fromkeys(RGBA[:3], squares), RGBA[3]: np.ones_like(squares)}
    )


def roto(node, frame, picture):
    """A rectangle instead of curves: ``rectangle left top right bottom [dx dy]`` in ``curves``.

    Rows count downwards. ``dx`` and ``dy`` move it by so much for each frame after frame 0.
    """
    parts = node.knob("curves").toScript(quote=False).split()
    if not parts:
        return picture
    if parts[0] != "rectangle":
        raise RuntimeError(f"the fake draws rectangles, not {parts[0]!r}")
    left, top, right, bottom, dx, dy = [*(float(part) for part in parts[1:]), 0.0, 0.0][:6]
    x, y = round(dx * frame), round(dy * frame)
    shape = Window(round(left) + x, round(top) + y, round(right) + x, round(bottom) + y)
    window = picture.data.union(shape)
    grown = picture.over(window)
    planes = {}
    for name in named(_text(node, "output")):
        planes[name] = grown.plane(name).copy()
        planes[name][shape.inside(window)] = ONE
    return grown.with_channels(planes)


def grade(node, picture):
    """Grade without a gamma."""
    low, high = _number(node, "blackpoint"), _number(node, "whitepoint")
    gain = _number(node, "multiply") * (_number(node, "white") - _number(node, "black"))
    slope = np.float32(gain / (high - low))
    offset = np.float32(_number(node, "add") + _number(node, "black") - slope * low)
    floor = np.float32(0 if node.knob("black_clamp").value() else -np.inf)
    changed = _each(node, picture, lambda plane: np.maximum(plane * slope + offset, floor))
    return picture.with_channels(changed)


def crop(node, picture):
    """``box`` counts rows upwards from the bottom of the format, as Nuke does."""
    left, bottom, right, top = (round(edge) for edge in node.knob("box").value())
    base = picture.display.bottom + 1
    box = Window(left, base - top, right - 1, base - bottom - 1)
    cropped = picture.over(picture.data.intersection(box))
    return replace(cropped, display=box) if node.knob("reformat").value() else cropped


def reformat(picture, width, height, pixel_aspect=1.0):
    """Another size, by the nearest pixel."""
    source = picture.over(picture.display)
    rows = np.arange(height) * source.data.height // height
    columns = np.arange(width) * source.data.width // width
    planes = {name: plane[np.ix_(rows, columns)] for name, plane in source.channels.items()}
    window = Window(0, 0, width - 1, height - 1)
    return Picture(window, window, planes, pixel_aspect, dict(source.metadata))


def _number(node, knob):
    value = node.knob(knob).value()
    return float(value[0] if isinstance(value, (list, tuple)) else value)


def _text(node, knob):
    return str(node.knob(knob).value() or "")
