"""EXR files through the OpenEXR module: native types in, the same bits out.

The only module that imports OpenEXR. Everything read here has passed the gate of `exr_header`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR

from bridge.errors import RequestError, ServerError
from void_server.images.exr_change import AttributeValue, Change, packed_attribute, plain
from void_server.images.exr_header import parse_header
from void_server.images.exr_layout import Header, PartHeader
from void_server.images.exr_splice import chunk_contents, chunk_rows, spliced, with_channels
from void_server.images.exr_views import check_view, main_part, view_names, views_of
from void_server.images.picture import ExrSource, Picture, Plane
from void_server.images.timecode import MOST_FRAMES
from void_server.images.window import Window

KEPT_CODECS = ("none", "rle", "zips", "zip", "piz", "pxr24")
"""Codecs that return every bit and that every host reads; anything else becomes zip.

Source: all 65 536 half patterns through each codec; b44 and dwa change most of them.
"""


_PIXEL_TYPES = {"uint32": 0, "float16": 1, "float32": 2}
_NO_LAYERS: Mapping[str, Plane] = MappingProxyType({})


def set_threads(count: int) -> None:
    """Let OpenEXR use ``count`` threads to pack and unpack; 0 means the calling thread."""
    OpenEXR.set_global_thread_count(count)


def decode(data: bytes, header: Header, *, frame: int, subject: str, view: str = "") -> Picture:
    """The frame in ``data``, every part and channel in its native type.

    Args:
        data: The whole file.
        header: Its checked header.
        frame: File number.
        subject: How messages name the frame.
        view: Which view is the picture; "" takes the file as a whole.

    Raises:
        RequestError: The pixels are cut short or damaged, or there is no such view.
    """
    check_view(header, view, subject)
    parts = _decode_parts(data, len(header.parts), subject)
    main = main_part(header, view)
    head = header.parts[main]
    return Picture(
        frame=frame,
        subject=subject,
        data_window=head.data_window,
        display_window=head.display_window,
        pixel_aspect=head.pixel_aspect,
        planes=parts[main],
        names=view_names(head, view) if view else {},
        colorspace=colorspace_of(header, view),
        rate=head.rate,
        timecode=head.timecode,
        exr=ExrSource(data=data, header=header, parts=parts, main=main, view=view),
    )


def colorspace_of(header: Header, view: str = "") -> str | None:
    """What the file says of its colour: an interop ID, or None when it says nothing.

    Source: ASWF Color Interop Forum, "Identifying the Color Space of OpenEXR Files" 1.0.0: the
    ACES container flag first, then ``colorInteropID`` of part 0; chromaticities come last here,
    as a rule of this pipeline, since they name linear primaries and nothing else.
    """
    part = header.parts[main_part(header, view)]
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


def warnings_about(header: Header, label: str, view: str = "") -> tuple[str, ...]:
    """What the artist should know when frames like this one are written back."""
    main = header.parts[main_part(header, view)]
    found = []
    if not keeps_codec(main):
        found.append(
            f"{label}: its {main.compression} compression changes pixels each time it is written; "
            "frames with a hole come back as zip"
        )
    views = views_of(header)
    if len(views) > 1 and not view:
        shown = main.text("view") or f"default ({main.views[0]})"
        found.append(
            f"{label}: it holds several views ({', '.join(views)}); only the {shown} one is worked "
            "on, --view takes another"
        )
    return tuple(found)


def encode_over(
    picture: Picture,
    planes: Mapping[str, Plane],
    attributes: Mapping[str, AttributeValue],
    *,
    rows: range,
    drop_prefix: str,
    layers: Mapping[str, Plane] = _NO_LAYERS,
) -> bytes:
    """The picture's own EXR file with some channels of its main part replaced, or more of them.

    All other parts, channels and attributes are returned as they were read. Where the file
    allows it, chunks without a changed row are copied undecoded; else the frame is encoded anew,
    and a codec that loses bits becomes zip. With further channels no chunk of the main part can
    be copied; the header and the other parts still are.

    Args:
        picture: A frame that came from an EXR file.
        planes: New pixels of ``rows`` by channel name, (rows, width) in the channel's type.
        attributes: Added to the main part.
        rows: Rows of the picture's arrays that ``planes`` hold; may be empty.
        drop_prefix: Attributes of the main part whose names begin so are replaced as a whole.
        layers: Channels that the main part gets besides its own: (h, w) over its data window,
            float16, float32 or uint32, with names that it has not.
    """
    source = _source(picture)
    change = Change(planes, attributes, rows, drop_prefix, layers)
    return _spliced(source, change) or _encoded_anew(source, change)


def _spliced(source: ExrSource, change: Change) -> bytes | None:
    part = source.header.parts[source.main]
    attributes = {name: packed_attribute(value) for name, value in change.attributes.items()}
    packed: dict[int, bytes] = {}
    # A chunk holds all channels of its rows: with more channels every chunk is another.
    rows = range(part.data_window.height) if change.layers else change.rows
    if rows:
        step = chunk_rows(part)
        if step is None or not keeps_codec(part):
            return None
        first, last = rows[0] // step, rows[-1] // step
        strip = range(first * step, min((last + 1) * step, part.data_window.height))
        pixels = change.strip(source.parts[source.main], strip)
        contents = _packed_strip(pixels, part, strip.start)
        if contents is None or len(contents) != last - first + 1:
            return None
        packed = dict(enumerate(contents, first))
    if change.layers:
        kinds = {name: _PIXEL_TYPES[plane.dtype.name] for name, plane in change.layers.items()}
        attributes["channels"] = with_channels(part.attributes["channels"], kinds)
    return spliced(
        source.data,
        source.header,
        main=source.main,
        attributes=attributes,
        packed=packed,
        drop_prefix=change.drop_prefix,
    )


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


def _encoded_anew(source: ExrSource, change: Change) -> bytes:
    file = OpenEXR.File(io.BytesIO(source.data), True, True)
    parts = []
    for index, part in enumerate(file.parts):
        pixels: Mapping[str, Plane] = source.parts[index]
        header = {key: value for key, value in part.header.items() if key != "channels"}
        layers: Mapping[str, Plane] = {}
        if index == source.main:
            height = source.header.parts[index].data_window.height
            pixels, layers = change.strip(pixels, range(height)), change.layers
            header = {k: v for k, v in header.items() if not k.startswith(change.drop_prefix)}
            header |= {name: plain(value) for name, value in change.attributes.items()}
        if not keeps_codec(source.header.parts[index]):
            header["compression"] = OpenEXR.ZIP_COMPRESSION
        channels = {
            channel.name: OpenEXR.Channel(
                pixels[channel.name], channel.xSampling, channel.ySampling, channel.pLinear
            )
            for channel in part.header["channels"]
        }
        channels |= {name: OpenEXR.Channel(plane, 1, 1, False) for name, plane in layers.items()}
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
        timecode: ``hh:mm:ss:ff``, with ``;`` before the frames for drop frame, or None. Left out
            at more than 30 frames a second, where a file can only count pairs of frames.
        original_data_window: The window that was cropped to ``data_window``, or None.
        attributes: Any further text or numbers, e.g. ``colorInteropID``.
    """
    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dataWindow": _box(data_window),
        "displayWindow": _box(display_window),
        "pixelAspectRatio": float(pixel_aspect),
        **{name: plain(value) for name, value in attributes.items()},
    }
    if original_data_window is not None:
        header["originalDataWindow"] = _box(original_data_window)
    if rate is not None:
        header["framesPerSecond"] = rate
    if timecode is not None and (rate is None or round(rate) <= MOST_FRAMES + 1):
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
