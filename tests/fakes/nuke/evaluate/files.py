"""EXR files as the host's reader and writer see them, and the names of their sequences."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import OpenEXR

from nuke.evaluate.picture import Picture, Window
from nuke.upstream import attribute_key

_TO_EXR = {"rgba.red": "R", "rgba.green": "G", "rgba.blue": "B", "rgba.alpha": "A"}
_TO_EXR["depth.Z"] = "Z"
_FROM_EXR = {name: channel for channel, name in _TO_EXR.items()}
_COMPRESSIONS = {
    "none": OpenEXR.NO_COMPRESSION,
    "Zip (1 scanline)": OpenEXR.ZIPS_COMPRESSION,
    "Zip (16 scanlines)": OpenEXR.ZIP_COMPRESSION,
    "PIZ Wavelet (32 scanlines)": OpenEXR.PIZ_COMPRESSION,
    "RLE": OpenEXR.RLE_COMPRESSION,
}
_NOT_METADATA = ("channels", "type")


def frame_path(pattern, frame, view):
    """The file of a frame and view: ``%04d`` or ``####`` for the number, ``%V`` for the view."""
    text = pattern.replace("%V", view).replace("%v", view[:1])
    text = re.sub(r"%0?(\d*)d", lambda match: f"{frame:0{int(match[1] or 0)}d}", text)
    return Path(re.sub(r"#+", lambda match: f"{frame:0{len(match[0])}d}", text))


def windows(path):
    """Data window, display window and pixel aspect of a file, without its pixels."""
    with OpenEXR.File(str(path), header_only=True) as file:
        header = file.header()
        return _window(header["dataWindow"]), _window(header["displayWindow"]), _aspect(header)


def read(path):
    """The frame in a file, as float32.

    Raises:
        RuntimeError: It is no EXR, or damaged.
    """
    with OpenEXR.File(str(path), separate_channels=True) as file:
        header = dict(file.header())
        planes = {
            _FROM_EXR.get(name, name): np.array(channel.pixels, np.float32)
            for name, channel in file.channels().items()
        }
    metadata = {
        attribute_key(key): value for key, value in header.items() if key not in _NOT_METADATA
    }
    metadata["input/filename"] = Path(path).as_posix()
    return Picture(
        _window(header["dataWindow"]),
        _window(header["displayWindow"]),
        planes,
        _aspect(header),
        metadata,
    )


def write(path, picture, channels, *, datatype, compression, header=None):
    """Write channels of a picture; its data window becomes the file's.

    Raises:
        RuntimeError: A compression that the fake does not write.
    """
    if compression not in _COMPRESSIONS:
        raise RuntimeError(f"the fake does not write {compression}")
    attributes = {
        **(header or {}),
        "compression": _COMPRESSIONS[compression],
        "type": OpenEXR.scanlineimage,
        "dataWindow": _corners(picture.data),
        "displayWindow": _corners(picture.display),
        "pixelAspectRatio": float(picture.pixel_aspect),
    }
    planes = {_TO_EXR.get(name, name): _packed(picture.plane(name), datatype) for name in channels}
    with OpenEXR.File(attributes, planes) as file:
        file.write(str(path))


def _packed(plane, datatype):
    kind = np.float16 if datatype == "16 bit half" else np.float32
    with np.errstate(over="ignore"):  # beyond the largest half is infinity, in the writer too
        return np.ascontiguousarray(plane.astype(kind))


def _corners(window):
    low = np.array([window.left, window.top], np.int32)
    return low, np.array([window.right, window.bottom], np.int32)


def _window(corners):
    (left, top), (right, bottom) = corners
    return Window(int(left), int(top), int(right), int(bottom))


def _aspect(header):
    return float(header.get("pixelAspectRatio", 1.0))
