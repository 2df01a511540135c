"""Comps made from real files, and looked at without any of our code."""

import numpy as np
import OpenEXR
import pytest

from void_server.composite import write_comp
from void_server.images.exr_header import parse_header
from void_server.images.exr_source import ExrSequence
from void_server.patch import Patch
from void_server.plate import PlateColor

ALL_HALF = np.arange(65536, dtype=np.uint16).reshape(256, 256).view(np.float16)
"""Every half there is: NaN payloads, infinities, -0 and denormals included."""


class Comps:
    """Plates, patches and what comes of them, in one folder."""

    plain = PlateColor("lin_ap1_scene", "lin_ap1_scene")
    mine = {"job": "0123", "seed": 7}  # noqa: RUF012

    def __init__(self, studio, locate):
        self.studio, self.locate, self.folder = studio, locate, studio.folder
        self.out = studio.folder / "out.exr"

    def read(self, path, frame=1001, view=""):
        return ExrSequence(self.studio.sequence([path], frame), self.locate, view).read(frame)

    def plate(self, channels, **header):
        """A plate on disk: its path, and the picture read from it."""
        path = self.studio.exr("plate.exr", channels, **header)
        return path, self.read(path)

    def patch(self, box, *, value=0.25, alpha=None, frame=1001, degrained=None):
        shape = box.shape
        return Patch(
            frame=frame,
            box=box,
            rgb=np.full((*shape, 3), value, np.float32),
            alpha=np.ones(shape, np.float32) if alpha is None else alpha,
            seen=np.full(shape, 3, np.uint16),
            degrained=None if degrained is None else np.full((*shape, 3), degrained, np.float32),
        )

    def write(self, picture, patch, *, color=plain, attributes=mine, layers=()):
        write_comp(picture, patch, self.out, color=color, attributes=attributes, layers=layers)
        return self.out

    def noise(self, height, width, names="RGB", dtype=np.float16):
        rng = np.random.default_rng(height * 1000 + width)
        return {name: rng.random((height, width), np.float32).astype(dtype) for name in names}

    def nasty(self):
        """Every half in R, G, B and A, and any bits at all in a float and a uint channel."""
        rng = np.random.default_rng(1)
        return {
            "R": ALL_HALF,
            "G": ALL_HALF[::-1].copy(),
            "B": np.ascontiguousarray(ALL_HALF.T),
            "A": ALL_HALF[:, ::-1].copy(),
            "depth.Z": rng.integers(0, 2**32, (256, 256), np.uint32).view(np.float32),
            "id.N": rng.integers(0, 2**32, (256, 256), np.uint32),
        }

    def pixels(self, path, part=0):
        file = OpenEXR.File(str(path), separate_channels=True)
        return {name: channel.pixels for name, channel in file.parts[part].channels.items()}

    def header(self, path, part=0):
        return OpenEXR.File(str(path)).parts[part].header

    def planes(self, path):
        """Every plane of a file as bit patterns, by part and channel."""
        file = OpenEXR.File(str(path), separate_channels=True)
        return {
            (index, name): channel.pixels.view(f"u{channel.pixels.dtype.itemsize}")
            for index, part in enumerate(file.parts)
            for name, channel in part.channels.items()
        }

    def changed(self, before, after):
        """(part, channel) of the first file -> mask of bits that differ in the second."""
        old, new = self.planes(before), self.planes(after)
        return {key: plane != new[key] for key, plane in old.items()}

    def attributes(self, path):
        """The attributes of each part as they are stored, without ours."""
        header = parse_header(path.read_bytes(), path.name)
        return [
            {name: value for name, value in part.attributes.items() if name[:5] != "void/"}
            for part in header.parts
        ]


@pytest.fixture
def comps(studio, locate):
    return Comps(studio, locate)
