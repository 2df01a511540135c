"""``--preview FILE.png``: a picture on disk that follows a job while it runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import show
from bridge.client import Client
from bridge.errors import RequestError, VoidError
from bridge.messages import JobStatus
from bridge.user_path import user_path
from bridge.write_once import hidden

Option = Annotated[
    Path | None,
    typer.Option(
        "--preview",
        metavar="FILE.png",
        help="Keep this picture up to date with what the middle of the shot looks like so far.",
        show_default=False,
    ),
]

Follow = Callable[[JobStatus], None]
"""Told every status of a job."""


def checked(file: Path | None) -> Path | None:
    """The file, if a picture can be written there.

    Raises:
        RequestError: It can be no path, is no PNG by its name, or its folder cannot be written.
    """
    if file is None:
        return None
    file = user_path(file, subject="--preview")
    if file.suffix.lower() != ".png":
        raise RequestError(
            f"preview {file.name}", "its name ends otherwise (expected .png)", code="bad_preview"
        )
    if file.is_dir() or not os.access(file.parent, os.W_OK):
        raise RequestError(
            f"preview {file}",
            "it cannot be written (expected a file in a folder that is there and may be written)",
            code="not_writable",
        )
    return file


def following(file: Path | None, client: Client, on_status: Follow) -> Follow:
    """What to call with every status, so that the file follows as well."""
    if file is None:
        return on_status
    picture = _Picture(file, client)

    def both(status: JobStatus) -> None:
        on_status(status)
        picture.follow(status)

    return both


class _Picture:
    """A file with the newest preview in it; trouble with it never stops a job."""

    def __init__(self, file: Path, client: Client) -> None:
        self._file = file
        self._client = client
        self._shown = ""

    def follow(self, status: JobStatus) -> None:
        preview = status.preview
        if preview is None or preview.sha256 == self._shown:
            return
        # One that fails is not tried again: the next one is about to come.
        self._shown = preview.sha256
        try:
            png = self._client.preview(preview)
            with hidden(self._file) as file:
                file.write(png)
        except OSError as error:
            show.note(f"preview {self._file}: it cannot be written ({error.strerror})")
        except VoidError as error:
            if error.code != "not_here":
                show.note(str(error))
