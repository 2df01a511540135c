"""A small studio: writes plates, mattes and movies as real files, and shots that name them."""

import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bridge.shot import Matte, Sequence, Shot, SourceFile


def source_file(path: Path) -> SourceFile:
    """A file as a client would submit it."""
    data = path.read_bytes()
    return SourceFile(path.name, len(data), hashlib.sha256(data).hexdigest(), str(path))


class Studio:
    """Writes files into one folder. Libraries are imported where they are used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.part = exr_part
        self.source_file = source_file

    def exr(self, name, channels, *, data=None, display=None, compression="ZIP", **header) -> Path:
        """An EXR file; ``data`` and ``display`` are (x_min, y_min, x_max, y_max)."""
        import OpenEXR

        path = self.folder / name
        OpenEXR.File([exr_part(channels, data, display, compression, **header)]).write(str(path))
        return path

    def exr_parts(self, name, parts) -> Path:
        """A multi-part EXR file of `exr_part` results."""
        import OpenEXR

        path = self.folder / name
        OpenEXR.File(parts).write(str(path))
        return path

    def still(self, name, pixels, **attributes) -> Path:
        """A DPX, TIFF, PNG or JPG file from (h, w, c) uint8, uint16 or float32."""
        import OpenImageIO as oiio

        path = self.folder / name
        height, width, channels = pixels.shape
        spec = oiio.ImageSpec(width, height, channels, str(pixels.dtype).replace("32", ""))
        for key, value in attributes.items():
            spec.attribute(key.replace("__", ":"), value)
        out = oiio.ImageOutput.create(str(path))
        assert out.open(str(path), spec), out.geterror()
        assert out.write_image(np.ascontiguousarray(pixels)), out.geterror()
        out.close()
        return path

    def movie(self, name, frames, *, codec, pix_fmt, rate=24, options=None, matrix=None, **context):
        """A movie from a list of av.VideoFrame or (h, w, 3) uint8 RGB arrays."""
        import av

        path = self.folder / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate, options=options or {})
            first = frames[0]
            height, width = first.shape[:2] if hasattr(first, "shape") else (
                first.height, first.width)  # fmt: skip
            stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
            for key, value in context.items():
                setattr(stream.codec_context, key, value)
            for number, frame in enumerate(frames):
                if isinstance(frame, np.ndarray):
                    frame = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(
                        format=pix_fmt, dst_colorspace=matrix, dst_color_range="MPEG"
                    )
                frame.pts = number
                frame.time_base = Fraction(1, 1) / Fraction(rate)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    def sequence(self, paths, first=1001, *, frames=None, label="plate.%04d.exr") -> Sequence:
        """One file per frame."""
        files = tuple(source_file(path) for path in paths)
        numbers = tuple(frames) if frames else tuple(range(first, first + len(files)))
        return Sequence(label, "stills", files, numbers)

    def movie_sequence(self, path, first=1001) -> Sequence:
        """One movie."""
        return Sequence(path.name, "movie", (source_file(path),), (first,))

    def shot(self, plate, *mattes, name="sh010", frames=None, **values) -> Shot:
        """A shot; ``mattes`` are sequences to remove, or whole `Matte`s."""
        first, last = frames or (plate.frames[0], plate.frames[-1])
        made = tuple(m if isinstance(m, Matte) else Matte("remove", m) for m in mattes)
        return Shot(name, plate, made, first, last, **values)

    def plates(self, count=2, size=(24, 32), *, name="plate", **header) -> Sequence:
        """A plain sequence of half RGB frames, each different."""
        rng = np.random.default_rng(5)
        paths = [
            self.exr(f"{name}.{1001 + i}.exr", rgb_half(rng, size), **header) for i in range(count)
        ]
        return self.sequence(paths, label=f"{name}.%04d.exr")

    def mattes(self, count=2, size=(24, 32), *, name="roto", box=(8, 8, 15, 15)) -> Sequence:
        """Alpha frames that are 1 in ``box``: (x_min, y_min, x_max, y_max)."""
        alpha = np.zeros(size, np.float16)
        if box:
            alpha[box[1] : box[3] + 1, box[0] : box[2] + 1] = 1
        paths = [self.exr(f"{name}.{1001 + i}.exr", {"A": alpha}) for i in range(count)]
        return self.sequence(paths, label=f"{name}.%04d.exr")


def exr_part(channels, data=None, display=None, compression="ZIP", name="", **header):
    """One part of an EXR file."""
    import OpenEXR

    height, width = next(iter(channels.values())).shape
    data = data or (0, 0, width - 1, height - 1)
    display = display or data
    values = {key.replace("__", "/"): value for key, value in header.items()}
    return OpenEXR.Part(
        {
            "compression": getattr(OpenEXR, f"{compression}_COMPRESSION"),
            "type": OpenEXR.scanlineimage,
            "dataWindow": (np.array(data[:2], np.int32), np.array(data[2:], np.int32)),
            "displayWindow": (np.array(display[:2], np.int32), np.array(display[2:], np.int32)),
            **values,
        },
        dict(channels),  # the module puts objects of its own into the dict it is given
        name,
    )


def rgb_half(rng, size):
    """Random R, G, B planes in half."""
    return {name: rng.random(size, np.float32).astype(np.float16) for name in "RGB"}


@pytest.fixture
def studio(tmp_path) -> Studio:
    """Writes files into this test's folder."""
    return Studio(tmp_path)


@pytest.fixture
def locate():
    """Where a source file lies: at the path it was made with."""
    return lambda file: Path(file.path)
