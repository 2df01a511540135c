"""From what was typed to a request: find the pictures, check the frames, hash the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from bridge import sequence
from bridge.cli import show
from bridge.cli.found import Found, aligned, needed
from bridge.cli.hashing import bytes_to_read, hashed
from bridge.cli.inputs import find, void_folder
from bridge.errors import RequestError
from bridge.sequence import FrameRange
from bridge.shot import (
    Matte,
    Missing,
    Output,
    Parameter,
    Request,
    Role,
    Sequence,
    Shot,
    SourceFile,
    job_id,
    source_files,
)

_SUBJECTS: dict[Role, str] = {
    "remove": "matte",
    "affected": "affected matte",
    "keep": "keep matte",
    "quadmask": "quadmask",
}
_WORDS: dict[str, Parameter] = {"true": True, "on": True, "false": False, "off": False}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was typed after ``void remove``; the fields are its options."""

    plate: str
    matte: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    prompt: str = ""
    engine: str = "auto"
    frames: str = ""
    colorspace: str = ""
    matte_channel: str = ""
    grow: float = 8.0
    feather: float = 6.0
    seed: int = 0
    name: str = ""
    missing: Missing = "refuse"
    output: Output = "comp"
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request, and where its files are.

    Attributes:
        request: What goes to the server, without paths.
        job: Its id.
        files: The path of every source file, by digest.
        padding: Digits of the plate's frame numbers.
    """

    request: Request
    job: str
    files: dict[str, Path]
    padding: int

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders in which the files really lie."""
        return tuple(sorted({file.resolve().parent for file in self.files.values()}))

    def with_paths(self) -> Request:
        """The same request, with the paths at which a server may find the files."""
        shot = self.request.shot
        mattes = tuple(replace(m, sequence=self._placed(m.sequence)) for m in shot.mattes)
        placed = replace(shot, plate=self._placed(shot.plate), mattes=mattes)
        return replace(self.request, shot=placed)

    def lacking(self, digests: tuple[str, ...]) -> list[tuple[SourceFile, Path]]:
        """The files that a server lacks."""
        sources = source_files(self.request.shot)
        return [(sources[digest], self.files[digest]) for digest in digests]

    def _placed(self, pictures: Sequence) -> Sequence:
        files = (replace(f, path=str(self.files[f.sha256].resolve())) for f in pictures.files)
        return replace(pictures, files=tuple(files))


def prepared(order: Order) -> Prepared:
    """Turn what was typed into a request.

    Raises:
        RequestError: A file or frame is missing, a range or parameter cannot be read.
    """
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
    )
    request = Request(
        shot=shot,
        engine=order.engine,
        prompt=order.prompt or prompt,
        seed=order.seed,
        grow=order.grow,
        feather=order.feather,
        output=order.output,
        parameters=parameters(order.parameters),
    )
    padding = sequence.padding_of(file.name for file in plate.files)
    return Prepared(request=request, job=job_id(request), files=files, padding=padding)


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
    folder = void_folder(Path(order.plate).expanduser())
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
    """The plate's base name without frame numbers; for a VOID folder, the folder's name."""
    path = Path(order.plate).expanduser().absolute()
    if plate.kind == "movie" and path.is_dir():
        return sequence.shot_name(f"{path.name}.mov")
    return sequence.shot_name(plate.label)
