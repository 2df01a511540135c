"""EXR files through the OpenEXR module: native types in, the same bits out.

The only module that imports OpenEXR. Everything read here has passed the gate of `exr_header`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR

from bridge.errors import RequestError, ServerError
from void_server.images.exr_header import parse_header
from void_server.images.exr_layout import Attribute, Header, PartHeader
from void_server.images.exr_splice import chunk_contents, chunk_rows, spliced
from void_server.images.picture import ExrSource, Picture, Plane, rgb_layers
from void_server.images.window import Window

AttributeValue = str | int | float
"""What our own attributes may hold."""

KEPT_CODECS = ("none", "rle", "zips", "zip", "piz", "pxr24")
"""Codecs that return every bit and that every host reads; anything else becomes zip.

Source: all 65 536 half patterns through each codec; b44 and dwa change most of them.
"""


def set_threads(count: int) -> None:
    """Let OpenEXR use ``count`` threads to pack and unpack; 0 means the calling thread."""
    OpenEXR.set_global_thread_count(count)


def decode(data: bytes, header: Header, *, frame: int, subject: str) -> Picture:
    """The frame in ``data``, every part and channel in its native type.

    Args:
        data: The whole file.
        header: Its checked header.
        frame: File number.
        subject: How messages name the frame.

    Raises:
        RequestError: The pixels are cut short or damaged.
    """
    parts = _decode_parts(data, len(header.parts), subject)
    main = main_part(header)
    head = header.parts[main]
    return Picture(
        frame=frame,
        subject=subject,
        data_window=head.data_window,
        display_window=head.display_window,
        pixel_aspect=head.pixel_aspect,
        planes=parts[main],
        colorspace=colorspace_of(header),
        rate=head.rate,
        exr=ExrSource(data=data, header=header, parts=parts, main=main),
    )


def main_part(header: Header) -> int:
    """Index of the part that holds the picture: the first with RGB, else the first."""
    for index, part in enumerate(header.parts):
        if rgb_layers(tuple(part.channels)):
            return index
    return 0


def colorspace_of(header: Header) -> str | None:
    """What the file says of its colour: an interop ID, or None when it says nothing.

    Source: ASWF Color Interop Forum, "Identifying the Color Space of OpenEXR Files" 1.0.0: the
    ACES container flag first, then ``colorInteropID`` of part 0; chromaticities come last here,
    as a rule of this pipeline, since they name linear primaries and nothing else.
    """
    part = header.parts[main_part(header)]
    if part.integer("acesImageContainerFlag") == 1:
        return "lin_ap0_scene"
    tag = part.text("colorInteropID") or header.parts[0].text("colorInteropID")
    if tag and tag != "unknown":
        return tag
    chromaticities = part.floats("chromaticities")
    if len(chromaticities) != 8:
        return None
    found = OpenEXR.chromaticitiesToColorInteropID(chromaticities)
    return str(found) if found else None


def warnings_about(header: Header, label: str) -> tuple[str, ...]:
    """What the artist should know when frames like this one are written back."""
    main = header.parts[main_part(header)]
    found = []
    if not keeps_codec(main):
        found.append(
            f"{label}: its {main.compression} compression changes pixels each time it is written; "
            "frames with a hole come back as zip"
        )
    views = [part.text("view") for part in header.parts if part.text("view")]
    if len(set(views)) > 1 or "multiView" in main.attributes:
        shown = main.text("view") or "default"
        found.append(f"{label}: it holds several views; only the {shown} one is worked on")
    return tuple(found)


def encode_over(
    picture: Picture,
    planes: Mapping[str, Plane],
    attributes: Mapping[str, AttributeValue],
    *,
    rows: range,
    drop_prefix: str,
) -> bytes:
    """The picture's own EXR file with some channels of its main part replaced.

    All other parts, channels and attributes are returned as they were read. Where the file
    allows it, chunks without a changed row are copied undecoded; else the frame is encoded anew,
    and a codec that loses bits becomes zip.

    Args:
        picture: A frame that came from an EXR file.
        planes: New pixels of ``rows`` by channel name, (rows, width) in the channel's type.
        attributes: Added to the main part.
        rows: Rows of the picture's arrays that ``planes`` hold; may be empty.
        drop_prefix: Attributes of the main part whose names begin so are replaced as a whole.
    """
    source = _source(picture)
    return _spliced(source, planes, attributes, rows, drop_prefix) or _encoded_anew(
        source, planes, attributes, rows, drop_prefix
    )


def _spliced(
    source: ExrSource,
    planes: Mapping[str, Plane],
    attributes: Mapping[str, AttributeValue],
    rows: range,
    drop_prefix: str,
) -> bytes | None:
    part = source.header.parts[source.main]
    packed: dict[int, bytes] = {}
    if rows:
        step = chunk_rows(part)
        if step is None or not keeps_codec(part):
            return None
        first, last = rows[0] // step, rows[-1] // step
        strip = range(first * step, min((last + 1) * step, part.data_window.height))
        pixels = _replaced(source.parts[source.main], planes, rows, strip)
        contents = _packed_strip(pixels, part, strip.start)
        if contents is None or len(contents) != last - first + 1:
            return None
        packed = dict(enumerate(contents, first))
    return spliced(
        source.data,
        source.header,
        main=source.main,
        attributes={name: _attribute(value) for name, value in attributes.items()},
        packed=packed,
        drop_prefix=drop_prefix,
    )


def _replaced(
    planes: Mapping[str, Plane], changed: Mapping[str, Plane], rows: range, strip: range
) -> dict[str, Plane]:
    """The rows ``strip`` of all planes, with ``rows`` of some of them changed."""
    result = {name: plane[strip.start : strip.stop] for name, plane in planes.items()}
    for name, plane in changed.items():
        result[name] = result[name].copy()
        result[name][rows.start - strip.start : rows.stop - strip.start] = plane
    return result


def _packed_strip(planes: Mapping[str, Plane], part: PartHeader, first: int) -> list[bytes] | None:
    """Packed contents of the chunks of a strip of rows, made by writing it as a file of its own."""
    height, width = next(iter(planes.values())).shape
    window = part.data_window
    box = Window.of_size(width, height, left=window.x_min, top=window.y_min + first)
    header = {
        "compression": OpenEXR.Compression(part.attributes["compression"].value[0]),
        "type": OpenEXR.scanlineimage,
        "dataWindow": _box(box),
        "displayWindow": _box(box),
    }
    channels = {name: np.ascontiguousarray(plane) for name, plane in planes.items()}
    data = _pack([OpenEXR.Part(header, channels, "")])
    return chunk_contents(data, parse_header(data, "strip"))


def _attribute(value: AttributeValue) -> Attribute:
    if isinstance(value, str):
        return Attribute("string", value.encode())
    if isinstance(value, int):
        return Attribute("int", struct.pack("<i", value))
    return Attribute("float", struct.pack("<f", value))


def _encoded_anew(
    source: ExrSource,
    planes: Mapping[str, Plane],
    attributes: Mapping[str, AttributeValue],
    rows: range,
    drop_prefix: str,
) -> bytes:
    file = OpenEXR.File(io.BytesIO(source.data), True, True)
    parts = []
    for index, part in enumerate(file.parts):
        pixels = dict(source.parts[index])
        header = {key: value for key, value in part.header.items() if key != "channels"}
        if index == source.main:
            height = source.header.parts[index].data_window.height
            pixels = _replaced(pixels, planes, rows, range(height))
            header = {k: v for k, v in header.items() if not k.startswith(drop_prefix)}
            header |= attributes
        if not keeps_codec(source.header.parts[index]):
            header["compression"] = OpenEXR.ZIP_COMPRESSION
        channels = {
            channel.name: OpenEXR.Channel(
                pixels[channel.name], channel.xSampling, channel.ySampling, channel.pLinear
            )
            for channel in part.header["channels"]
        }
        parts.append(OpenEXR.Part(header, channels, str(part.header.get("name", ""))))
    return _pack(parts)


def encode_new(
    planes: Mapping[str, Plane],
    *,
    data_window: Window,
    display_window: Window,
    pixel_aspect: float = 1.0,
    rate: Fraction | None = None,
    timecode: str | None = None,
    original_data_window: Window | None = None,
    attributes: Mapping[str, AttributeValue],
) -> bytes:
    """A new single-part zip EXR file.

    Args:
        planes: (h, w) float16, float32 or uint32 over the data window, by channel name.
        data_window: Where the pixels lie.
        display_window: The frame that the artist sees.
        pixel_aspect: Width of a pixel over its height.
        rate: Frames per second, or None to say nothing.
        timecode: ``hh:mm:ss:ff``, with ``;`` before the frames for drop frame, or None.
        original_data_window: The window that was cropped to ``data_window``, or None.
        attributes: Any further text or numbers, e.g. ``colorInteropID``.
    """
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dataWindow": _box(data_window),
        "displayWindow": _box(display_window),
        "pixelAspectRatio": float(pixel_aspect),
        **attributes,
    }
    if original_data_window is not None:
        header["originalDataWindow"] = _box(original_data_window)
    if rate is not None:
        header["framesPerSecond"] = rate
    if timecode is not None:
        header["timeCode"] = _timecode(timecode)
    channels = {name: np.ascontiguousarray(plane) for name, plane in planes.items()}
    return _pack([OpenEXR.Part(header, channels, "")])


def keeps_codec(part: PartHeader) -> bool:
    """Whether the part is written back with its own codec.

    pxr24 cuts float channels to 24 bits; of half and uint it keeps everything.
    """
    if part.compression == "pxr24":
        return all(channel.kind != 2 for channel in part.channels.values())
    return part.compression in KEPT_CODECS


def _decode_parts(data: bytes, expected: int, subject: str) -> list[dict[str, Plane]]:
    try:
        file = OpenEXR.File(
            io.BytesIO(data),
            separate_channels=True,
            num_threads=OpenEXR.global_thread_count(),
        )
        parts = [
            {name: channel.pixels for name, channel in part.channels.items()} for part in file.parts
        ]
    except (RuntimeError, ValueError, MemoryError) as error:
        raise _damaged(subject, str(error)) from error
    # The module warns on stdout and leaves a part out when its pixels cannot be read.
    if len(parts) != expected or any(plane is None for part in parts for plane in part.values()):
        raise _damaged(subject, f"{expected - len(parts)} of {expected} parts cannot be decoded")
    return parts


def _damaged(subject: str, detail: str) -> RequestError:
    return RequestError(
        subject,
        f"the EXR file is damaged: its pixels are cut short or corrupt ({detail})",
        "Render or copy this frame again.",
        code="corrupt",
    )


def _source(picture: Picture) -> ExrSource:
    if picture.exr is None:
        raise TypeError(f"{picture.subject} did not come from an EXR file")
    return picture.exr


def _pack(parts: Sequence[OpenEXR.Part]) -> bytes:
    buffer = io.BytesIO()
    try:
        OpenEXR.File(list(parts), OpenEXR.global_thread_count()).write(buffer)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ServerError(
            "result", f"the EXR frame cannot be encoded ({error})", code="encode"
        ) from error
    return buffer.getvalue()


def _box(window: Window) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    return (
        np.array([window.x_min, window.y_min], np.int32),
        np.array([window.x_max, window.y_max], np.int32),
    )


def _timecode(text: str) -> OpenEXR.TimeCode:
    hours, minutes, seconds, frames = (int(part) for part in text.replace(";", ":").split(":"))
    drop = ";" in text
    flags = (drop, False, False, False, False, False)
    return OpenEXR.TimeCode(hours, minutes, seconds, frames, *flags, *([0] * 8))
