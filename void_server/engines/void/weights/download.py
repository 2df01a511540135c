"""One file over HTTP, going on where an earlier attempt broke off, taken only if its digest fits.

huggingface_hub's own download starts a file anew when the process was stopped (measured in its
version 2.4); at 11 GB a file that is not good enough.
"""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import bridge
from bridge.errors import ConnectionLost, ServerError
from void_server.engines.void.damage import damaged
from void_server.engines.void.weights import lock
from void_server.engines.void.weights.hub import Remote

Advanced = Callable[[int], None]

_CHUNK = 2**20
_PATIENCE = 60.0
_ATTEMPTS = 5
"""Tries in a row that bring nothing new before it is given up."""

_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which the same question may succeed."""


class Downloads:
    """Files on their way.

    Args:
        folder: Where unfinished ones wait; named by digest, so that nobody's rest is mixed up
            with another file.
        authorization: Header for the hub itself; it is not passed on where the hub redirects to.
        pause: Seconds before the second try; doubled for each one after it.
    """

    def __init__(self, folder: Path, *, authorization: str = "", pause: float = 1.0) -> None:
        self._folder = folder
        self._authorization = authorization
        self._pause = pause

    def waiting(self, remote: Remote) -> int:
        """Bytes of a file that are here already."""
        part = self._part(remote)
        return part.stat().st_size if part.is_file() else 0

    def fetch(self, remote: Remote, target: Path, advanced: Advanced) -> str:
        """Get a file, check its digest, and only then put it in its place.

        Args:
            remote: The file.
            target: Its place; what is there is replaced.
            advanced: Called with every number of bytes that has come, those here already included.

        Returns:
            Its SHA-256.

        Raises:
            ConnectionLost: The server does not answer, or stops answering; what came is kept.
            ServerError: What came is not what the hub promised, or the disk is full.
        """
        part = self._part(remote)
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._complete(remote, part, advanced)
            digest = _checked(remote, part)
            part.replace(target)
        except OSError as error:
            raise ServerError(
                str(target),
                f"it cannot be written ({error.strerror or error})",
                "Make room or check the folder's permissions, then run the same command again; "
                "it goes on from here.",
                code="disk",
            ) from error
        return digest

    def _part(self, remote: Remote) -> Path:
        return self._folder / f"{remote.sha256 or remote.blob}.part"

    def _complete(self, remote: Remote, part: Path, advanced: Advanced) -> None:
        """Ask until all is there; only tries that bring nothing count against the patience."""
        have = self.waiting(remote)
        if have > remote.size:
            part.unlink()
            have = 0
        advanced(have)
        failures = 0
        while have < remote.size or not part.exists():
            reason = self._try(remote, part, have, advanced)
            came = self.waiting(remote)
            failures = 0 if came > have else failures + 1
            have = came
            if failures >= _ATTEMPTS:
                raise ConnectionLost(
                    remote.name,
                    f"the download broke off at byte {have} of {remote.size} ({reason})",
                    "Run the same command again; it goes on from here.",
                    code="weights",
                )
            if failures:
                time.sleep(self._pause * 2 ** (failures - 1))

    def _try(self, remote: Remote, part: Path, have: int, advanced: Advanced) -> str:
        """Read as much as comes; returns why it ended early, or ""."""
        request = urllib.request.Request(remote.url, headers={"User-Agent": _agent()})
        if have:
            request.add_header("Range", f"bytes={have}-")
        if self._authorization:
            request.add_unredirected_header("Authorization", self._authorization)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
                resumed = answer.status == http.client.PARTIAL_CONTENT and have > 0
                if not resumed:
                    advanced(-have)
                with part.open("ab" if resumed else "wb") as file:
                    _append(answer, file, remote.size - (have if resumed else 0), advanced)
            return "the connection was closed"
        except urllib.error.HTTPError as error:
            with error:
                return _answered(error, remote, part, advanced)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
            return str(getattr(error, "reason", error)) or type(error).__name__
        except ConnectionError as error:
            return error.strerror or str(error)


def _agent() -> str:
    return f"void-bridge/{bridge.__version__}"


def _append(
    answer: http.client.HTTPResponse, file: BinaryIO, wanted: int, advanced: Advanced
) -> None:
    """Write what comes, but never more than is wanted."""
    while wanted and (data := _read(answer, min(_CHUNK, wanted))):
        file.write(data)
        advanced(len(data))
        wanted -= len(data)


def _read(answer: http.client.HTTPResponse, count: int) -> bytes:
    """Read; a failing connection must not look like a failing disk, which is an OSError too."""
    try:
        return answer.read(count)
    except OSError as error:
        raise urllib.error.URLError(error) from error


def _answered(error: urllib.error.HTTPError, remote: Remote, part: Path, advanced: Advanced) -> str:
    """What an error of the server means: try again, start over, or give up."""
    if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and part.exists():
        advanced(-part.stat().st_size)
        part.unlink()
        return "the server does not go on where it broke off"
    if error.code in _PASSING:
        return f"the server answers {error.code}"
    raise ConnectionLost(
        remote.name,
        f"the hub does not hand it out (it answers {error.code} {error.reason})",
        "A login may be needed: accept the repository's terms in a browser, run 'hf auth login'.",
        code="weights",
    )


def _checked(remote: Remote, part: Path) -> str:
    """SHA-256 of what came; what is not as promised is thrown away."""
    digest = lock.sha256(part)
    got, wanted = (digest, remote.sha256) if remote.sha256 else (git_blob(part), remote.blob)
    if got != wanted:
        part.unlink()
        raise damaged(
            Path(remote.name),
            f"what came is not what the hub promised (expected digest {wanted}, got {got})",
            "It was thrown away. Run the same command again.",
        )
    return digest


def git_blob(file: Path) -> str:
    """The name that git gives a file's content.

    Source: git's documentation, "Git Internals - Git Objects".
    """
    data = file.read_bytes()
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()
