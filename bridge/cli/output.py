"""``--output`` and ``--layers``: which pictures of a result are wanted, and in how many files."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.errors import RequestError
from bridge.sequence import PICTURE_KINDS, PictureKind

Option = Annotated[
    str,
    typer.Option(
        "--output",
        metavar="KINDS",
        help="What comes back, e.g. comp,patch. comp: the finished plate; patch: the new pixels, "
        "premultiplied, with alpha; straight: unpremultiplied; degrained: straight, without the "
        "grain made for it; matte: the alpha that was used; both: comp,patch; all.",
        show_default="comp; with --layers, all",
    ),
]
Layers = Annotated[
    bool,
    typer.Option(
        "--layers", help="One EXR a frame: the comp, with the other kinds as layers of it."
    ),
]

_WORDS: dict[str, tuple[PictureKind, ...]] = {
    **{kind: (kind,) for kind in PICTURE_KINDS},
    "both": ("comp", "patch"),
    "all": PICTURE_KINDS,
}


def wanted(text: str, *, layers: bool) -> tuple[PictureKind, ...]:
    """The kinds that were typed, in their usual order, each once.

    Args:
        text: Kinds or words for several, with commas between them; "" for the default.
        layers: Whether they go into one file, which then holds the comp in any case.

    Raises:
        RequestError: A word is unknown, or there is nothing to put into layers.
    """
    words = [word.strip() for word in text.lower().split(",") if word.strip()]
    unknown = [word for word in words if word not in _WORDS]
    if unknown:
        raise RequestError(
            f"--output {text}",
            f"'{unknown[0]}' is no kind of picture (expected {', '.join(_WORDS)})",
            "Write several with commas: --output comp,patch.",
            code="bad_output",
        )
    asked = {kind for word in words for kind in _WORDS[word]}
    if not asked:
        asked = set(PICTURE_KINDS) if layers else {"comp"}
    if layers and asked == {"comp"}:
        raise RequestError(
            "--layers",
            f"there is nothing to put into layers (got --output {text})",
            "Name what the comp is to carry, e.g. --output patch,matte, or leave --output out.",
            code="bad_output",
        )
    return tuple(kind for kind in PICTURE_KINDS if kind in asked or (layers and kind == "comp"))
