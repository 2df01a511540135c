"""The manual as pages for a browser, so that Help leads somewhere on any machine with the install.

They are the node's page and those it leads to. What these lead to beyond is plain text.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import host_plugins
from host_plugins.install import page, wheels

FIRST = "nuke.md"
"""The page that Help opens, as ``nuke.html``."""

_FOLDER = "void-bridge"


def write(folder: Path) -> None:
    """Write the pages and their pictures into a folder; nothing where this package has none.

    Raises:
        RequestError: This Python has the sources but not the package.
        OSError: It cannot be written.
    """
    source = _source()
    if source is None:
        return
    first = (source / FIRST).read_text("utf-8")
    linked = [link.partition("#")[0] for link in page.links(first)]
    names = [FIRST, *(name for name in linked if (source / name).is_file())]
    for name in dict.fromkeys(names):
        _write(source, name, set(names), folder)


def _source() -> Path | None:
    """Where the documents are: in the checkout, or where the package's documents are installed."""
    checkout = Path(host_plugins.__path__[0]).parent / "docs"
    if (checkout / FIRST).is_file():
        return checkout
    package = wheels.package()
    for file in package.files or ():
        if file.parts[-2:] == (_FOLDER, FIRST):
            place = Path(str(package.locate_file(file)))
            return place.parent if place.is_file() else None
    return None


def _write(source: Path, name: str, there: set[str], folder: Path) -> None:
    def link(target: str) -> str:
        document, mark, part = target.partition("#")
        if not document or "://" in target:
            return target
        return f"{_html(document)}{mark}{part}" if document in there else ""

    text = (source / name).read_text("utf-8")
    for picture in filter(lambda name: (source / name).is_file(), page.pictures(text)):
        place = folder / picture
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / picture, place)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _html(name)).write_bytes(page.page(text, link).encode("utf-8"))


def _html(document: str) -> str:
    return Path(document).with_suffix(".html").name
