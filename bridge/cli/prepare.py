"""From what was typed to a request: find the pictures, check the frames, hash the files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge import color_config, like, sequence
from bridge.cli import output, show
from bridge.cli.inputs import find, void_folder
from bridge.errors import RequestError
from bridge.found import Found, aligned, needed
from bridge.hashing import bytes_to_read, hashed
from bridge.sequence import FrameRange
from bridge.shot import (
    Matte,
    Missing,
    OcioConfig,
    Parameter,
    Request,
    Role,
    Sequence,
    Shot,
    job_id,
    output_of,
)
from bridge.submission import Prepared
from bridge.user_path import user_path

_SUBJECTS: dict[Role, str] = {
    "remove": "matte",
    "affected": "affected matte",
    "keep": "keep matte",
    "quadmask": "quadmask",
}
_WORDS: dict[str, Parameter] = {"true": True, "on": True, "false": False, "off": False}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was typed after ``void remove``; the fields are its options.

    What is "" or None was not typed, and may be taken over from ``like``.
    """

    plate: str
    matte: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    prompt: str = ""
    engine: str = ""
    frames: str = ""
    colorspace: str = ""
    ocio: str = ""
    view: str = ""
    matte_channel: str = ""
    grow: float | None = None
    feather: float | None = None
    seed: int | None = None
    like: str = ""
    name: str = ""
    missing: Missing = "refuse"
    output: str = ""
    layers: bool = False
    parameters: tuple[str, ...] = ()


def prepared(order: Order) -> Prepared:
    """Turn what was typed into a request.

    Raises:
        RequestError: A file or frame is missing, a range or parameter cannot be read.
    """
    kinds = output.wanted(order.output, layers=order.layers)
    same = like.read(Path(order.like)) if order.like else {}
    config, config_files = _config(order)
    plate, mattes, prompt = _pictures(order)
    wanted = FrameRange.parse(order.frames) if order.frames else plate.range()
    used = [needed(plate, wanted, order.missing)]
    used += [needed(aligned(m, plate, wanted), wanted, order.missing) for _, m in mattes]
    sequences = _read(used)
    files = {
        source.sha256: path
        for found, described in zip(used, sequences, strict=True)
        for path, source in zip(found.files, described.files, strict=True)
    }
    shot = Shot(
        name=order.name or _default_name(order, plate),
        plate=sequences[0],
        mattes=tuple(
            Matte(role, described, "" if role == "quadmask" else order.matte_channel)
            for (role, _), described in zip(mattes, sequences[1:], strict=True)
        ),
        first_frame=wanted.first,
        last_frame=wanted.last,
        colorspace=order.colorspace,
        missing=order.missing,
        view=order.view,
        config=config,
    )
    fields = _fields(order, same, prompt)
    request = Request(shot=shot, output=output_of(kinds), layers=order.layers, **fields)
    return Prepared(
        request=request,
        job=job_id(request),
        files=files | config_files,
        padding=sequence.padding_of(file.name for file in plate.files),
    )


def _fields(order: Order, same: dict[str, Any], prompt: str) -> dict[str, Any]:
    """What was typed; else what an earlier result had; else nothing, which is the default."""
    typed = {name: getattr(order, name) for name in ("engine", "prompt", "seed", "grow", "feather")}
    typed = {name: value for name, value in typed.items() if value not in ("", None)}
    fields = {"prompt": prompt} | same | typed
    # The parameters of one engine mean nothing to another.
    taken = same["parameters"] if same and fields["engine"] == same["engine"] else {}
    return fields | {"parameters": taken | parameters(order.parameters)}


def _config(order: Order) -> tuple[OcioConfig | None, dict[str, Path]]:
    """The OCIO config, and its file by digest if it has one."""
    choice = color_config.discover(order.ocio, environ=os.environ)
    if choice is None:
        return None, {}
    config = choice.describe()
    return config, {} if config.file is None else {config.file.sha256: Path(choice.config)}


def parameters(texts: tuple[str, ...]) -> dict[str, Parameter]:
    """Engine parameters from ``name=value``: numbers, on and off, or text.

    Raises:
        RequestError: One has no ``=``, or a name comes twice.
    """
    found: dict[str, Parameter] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name or name in found:
            raise RequestError(
                f"--param {text}",
                "it is given twice" if name in found else "it cannot be read (expected name=value)",
                code="bad_parameter",
            )
        found[name] = _value(value.strip())
    return found


def _value(text: str) -> Parameter:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _pictures(order: Order) -> tuple[Found, list[tuple[Role, Found]], str]:
    """The plate, its mattes by role, and the prompt that came along."""
    folder = void_folder(user_path(order.plate, subject="plate"))
    typed: list[tuple[Role, str]] = [
        *(("remove", text) for text in order.matte),
        *(("affected", text) for text in order.affected),
        *(("keep", text) for text in order.keep),
    ]
    if folder is not None and (order.matte or order.affected):
        raise RequestError(
            "matte",
            f"{folder.quadmask.name} in {order.plate} says already what goes",
            f"Leave --matte and --affected out, or name the plate alone: {folder.plate}.",
            code="two_mattes",
        )
    if folder is None and not order.matte:
        raise RequestError(
            "matte", "none is given", "Pass --matte; white is what goes.", code="no_matte"
        )
    mattes = [(role, find(text, subject=_SUBJECTS[role])) for role, text in typed]
    if folder is None:
        return find(order.plate, subject="plate"), mattes, ""
    quadmask: tuple[Role, Found] = (
        "quadmask",
        find(str(folder.quadmask), subject=_SUBJECTS["quadmask"]),
    )
    return find(str(folder.plate), subject="plate"), [quadmask, *mattes], folder.prompt


def _read(used: list[Found]) -> list[Sequence]:
    with show.reading(bytes_to_read(used)) as on_bytes:
        return hashed(used, on_bytes=on_bytes)


def _default_name(order: Order, plate: Found) -> str:
    """The plate's base name without frame numbers, or a VOID folder's; then the view, if any."""
    path = user_path(order.plate, subject="plate")
    movie = plate.kind == "movie" and path.is_dir()
    name = sequence.shot_name(f"{path.name}.mov" if movie else plate.label)
    return f"{name}_{order.view}" if order.view else name
