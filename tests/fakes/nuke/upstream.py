"""What is known of a node's picture without its pixels: size, range, channels, facts, a hash.

Facts begin at the files and are passed on, by a Merge those of its B input. A node adds none of its
own: the hash among them is that of an EXR's header.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import time

from nuke import tcl
from nuke.choice_knobs import Format_Knob
from nuke.format import Format, FrameRange
from nuke.strict import current
from nuke.text_knobs import File_Knob

RGBA = ["rgba.red", "rgba.green", "rgba.blue", "rgba.alpha"]
_OF_LAYER = {"rgb": RGBA[:3], "rgba": RGBA, "alpha": RGBA[3:], "all": RGBA, "none": []}
_OF_FILE = dict(zip("RGBA", RGBA, strict=True))


def feeds(node):
    """The nodes whose pictures a node may use, in the order of its inputs."""
    if node._class == "Input":
        group = node._parent
        outside = group._input(int(node._knobs["number"].value())) if group._parent else None
        return [outside] if outside else []
    if node._class == "Group":
        return [node._output()] if node._output() else []
    if node._class == "Switch":
        chosen = node._input(int(node._knobs["which"].value()))
        return [chosen] if chosen else []
    return [one for one in node._inputs if one]


def above(node):
    """The node and every node that it depends on, nearest first."""
    found, waiting = [], [node]
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found.append(one)
            waiting += feeds(one)
            waiting += [each for each in one._inputs if each]
    return found


def format_of(node):
    """The size of what comes out; without anything above that of the script."""
    if node._class == "Read":
        header = header_of(node)
        return _display(header) if header else node._knobs["format"].value()
    source = feeds(node)
    if source and node._class not in ("Reformat", "Constant", "CheckerBoard2"):
        return _cropped(node, format_of(source[0]))
    if node._class == "Reformat":
        return _reformatted(node, source)
    own = node._knobs.get("format")
    return (own if isinstance(own, Format_Knob) else current().root._knobs["format"]).value()


def _cropped(node, given):
    if node._class != "Crop" or not node._knobs["reformat"].value():
        return given
    left, bottom, right, top = node._knobs["box"].value()
    return Format(right - left, top - bottom, pixelAspect=given._aspect)


def _reformatted(node, source):
    knobs = node._knobs
    given = format_of(source[0]) if source else current().root._knobs["format"].value()
    match knobs["type"].value():
        case "to box":
            size = (knobs["box_width"].value(), knobs["box_height"].value())
        case "scale":
            across, *rest = knobs["scale"]._now()
            size = (given._size[0] * across, given._size[1] * (rest or [across])[0])
        case _:
            return knobs["format"].value()
    return Format(*size, pixelAspect=given._aspect)


def range_of(node):
    """First to last frame of what comes out; without anything above that of the script."""
    if node._class in ("Read", "Constant") and "first" in node._knobs:
        return FrameRange(node._knobs["first"].value(), node._knobs["last"].value())
    ranges = [range_of(one) for one in feeds(node)]
    if not ranges:
        root = current().root
        return FrameRange(root._knobs["first_frame"].value(), root._knobs["last_frame"].value())
    return FrameRange(min(r.first() for r in ranges), max(r.last() for r in ranges))


def channels_of(node):
    """The channels of what comes out, as ``layer.channel``."""
    if node._class == "Read":
        header = header_of(node)
        names = header["channels"] if header else "RGBA"
        found = {_OF_FILE.get(name, f"other.{name}") for name in names}
        if node._knobs["auto_alpha"].value():
            found.add("rgba.alpha")
    else:
        found = {channel for one in feeds(node) for channel in channels_of(one)}
        found |= set(_made_by(node))
    return [*(one for one in RGBA if one in found), *sorted(found - set(RGBA))]


def _made_by(node):
    knobs = node._knobs
    match node._class:
        case "Constant":
            return _OF_LAYER.get(knobs["channels"]._value, [])
        case "CheckerBoard2":
            return RGBA
        case "Roto" | "RotoPaint" | "Merge2":
            return _OF_LAYER.get(knobs["output"]._value, [])
        case "Expression" | "Shuffle2":
            return RGBA
        case "Copy":
            return [knobs[f"to{i}"]._value for i in range(4) if knobs[f"to{i}"]._value != "none"]
    return []


def metadata_of(node, frame):
    """The facts that travel with a picture of the current view."""
    source = feeds(node)
    facts = metadata_of(source[0], frame) if source else {}
    if node._class == "Read":
        facts |= _file_facts(node, frame)
    if node._class == "ModifyMetaData":
        for line in tcl.words(node._knobs["metadata"]._value):
            match tcl.words(line):
                case ["set", key, value]:
                    facts[key] = value
                case ["remove", key]:
                    facts.pop(key, None)
    return facts


def hash_of(node, frame):
    """Hex digits that change with anything upstream: nodes, knobs at this frame, files."""
    digest = hashlib.sha256(f"{frame} {current().view}".encode())
    for one in above(node):
        digest.update(one._class.encode())
        for name, knob in one._knobs.items():
            if name not in _LOOKS and (one._class != "Group" or not knob._user):
                digest.update(f"{name}={_at_frame(knob, frame)};".encode())
        digest.update(str([each is not None for each in one._inputs]).encode())
    return digest.hexdigest()[:16]


_LOOKS = {"name", "label", "xpos", "ypos", "selected", "tile_color", "note_font", "help", "icon"}


def _at_frame(knob, frame):
    if isinstance(knob, File_Knob):
        path = knob.evaluate(math.floor(frame)) if knob._value else ""
        try:
            status = os.stat(path)  # noqa: PTH116 - a path as the script has it
        except OSError:
            return path
        return f"{path} {status.st_size} {status.st_mtime_ns}"
    now = getattr(knob, "_now", None)
    return str(now(float(frame)) if now else knob._value)


def has_error(node):
    """Whether a Read misses the current frame's file and is told to mind."""
    if node._class != "Read" or node._knobs["on_error"].value() != "error":
        return False
    frame = min(max(current().frame, node._knobs["first"].value()), node._knobs["last"].value())
    return not os.path.exists(node._knobs["file"].evaluate(frame))  # noqa: PTH110 - as above


def header_of(node):
    """Windows, pixel aspect and channels of a Read's first file that is there, or None."""
    knobs = node._knobs
    if not knobs["file"]._value:
        return None
    session = current()
    frames = [session.frame, *range(knobs["first"].value(), knobs["last"].value() + 1)]
    pattern = knobs["file"].evaluate
    for frame in frames:
        path = pattern(frame)
        if os.path.isfile(path):  # noqa: PTH113 - as above
            return _header(path)
    return None


def _header(path):
    """Of one file; None when it cannot be read."""
    status = os.stat(path)  # noqa: PTH116 - as above
    return _read_header(path, status.st_ino, status.st_size, status.st_mtime_ns)


@functools.lru_cache
def _read_header(path, number, size, mtime_ns):
    """The same, read once as long as it is the same file, of one size and time."""
    import OpenEXR  # only where pictures are read: the fake is imported by bare interpreters too

    try:
        with OpenEXR.File(path, separate_channels=True, header_only=True) as file:
            header = file.header()
            return {
                "display": [tuple(map(int, corner)) for corner in header["displayWindow"]],
                "data": [tuple(map(int, corner)) for corner in header["dataWindow"]],
                "aspect": float(header.get("pixelAspectRatio", 1.0)),
                "channels": [channel.name for channel in header["channels"]],
                "texts": {key: text for key, text in header.items() if isinstance(text, str)},
            }
    except RuntimeError:
        return None


def _display(header):
    (left, top), (right, bottom) = header["display"]
    return Format(right - left + 1, bottom - top + 1, pixelAspect=header["aspect"])


def _file_facts(node, frame):
    path = node._knobs["file"].evaluate(math.floor(frame))
    facts = {"input/filename": path, "input/frame": frame}
    if not os.path.isfile(path):  # noqa: PTH113 - as above
        return facts
    status = os.stat(path)  # noqa: PTH116 - as above
    written = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.st_mtime))
    facts |= {"input/mtime": written, "input/filesize": status.st_size}
    if header := _header(path):
        shape = _display(header)
        facts |= {"input/width": shape._size[0], "input/height": shape._size[1]}
        facts["exr/pixelAspectRatio"] = header["aspect"]
        facts["exr/dataWindow"] = [n for corner in header["data"] for n in corner]
        facts["exr/displayWindow"] = [n for corner in header["display"] for n in corner]
        facts |= {attribute_key(name): text for name, text in header["texts"].items()}
    return facts


def attribute_key(name):
    """What an attribute of an EXR is called among the facts: one of them keeps its name."""
    return name if name == "nuke/node_hash" else f"exr/{name}"
