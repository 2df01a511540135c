"""``void weights fetch``: what is missing, from the hub into its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from bridge.errors import RequestError, ServerError
from void_server.engines.void.damage import damaged
from void_server.engines.void.weights import lock
from void_server.engines.void.weights.catalogue import SOURCES, Source
from void_server.engines.void.weights.download import Downloads, git_blob
from void_server.engines.void.weights.hub import Hub, Remote
from void_server.engines.void.weights.lock import Lock, LockedFile, LockedSource

PARTIAL = ".fetch"
"""Folder of unfinished files, in the weights folder."""


class Said(Protocol):
    """Tells the user what is going on."""

    def note(self, text: str) -> None:
        """One line."""
        ...

    def bar(self, stage: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A progress bar over ``total`` bytes; yields what to call with every number of bytes."""
        ...


@dataclass(frozen=True)
class _Item:
    source: Source
    remote: Remote
    place: str
    """Path relative to the weights folder."""


def fetch(
    root: Path,
    *,
    said: Said,
    sources: tuple[Source, ...] = SOURCES,
    revisions: Mapping[str, str] | None = None,
    rarely: bool = False,
    replace: bool = False,
    endpoint: str | None = None,
    pause: float = 1.0,
) -> Lock:
    """Fetch what is missing; what is there and right stays, what is there and strange is kept too.

    Args:
        root: The weights folder; made when it is not there.
        said: Where lines and progress go.
        sources: What is fetched.
        revisions: Branch, tag or commit by repository, before the lock's and the catalogue's.
        rarely: Fetch also what only 33-channel checkpoints need.
        replace: Replace files that are neither the hub's nor the lock's.
        endpoint: Address of the hub; None for the usual one.
        pause: Seconds before a broken connection is tried again.

    Returns:
        The lock as it now lies in the folder.

    Raises:
        RequestError: The network is switched off, or a repository or revision does not exist.
        ConnectionLost: The hub cannot be reached, or stopped answering; run it again.
        ServerError: A file of the user's is in the way, what came is wrong, or the disk is full.
    """
    _check_names(revisions or {}, sources)
    hub = Hub(endpoint)
    with _alone(root) as partial:
        held = lock.read(root)
        items = []
        for source in sources:
            revision = (revisions or {}).get(source.repository)
            try:
                items += _listed(hub, source, revision, held, rarely=rarely, said=said)
            except RequestError as error:
                if not source.optional or revision:
                    raise
                said.note(f"{error.subject}: {error.text}; the engine does without it")
        wanted = _not_there(root, items, held, replace=replace, said=said)
        downloads = Downloads(partial, authorization=hub.authorization, pause=pause)
        _check_room(root, sum(item.remote.size - downloads.waiting(item.remote) for item in wanted))
        _download(root, wanted, held, downloads, said)
        lock.write(root, held)
    return held


def _check_names(revisions: Mapping[str, str], sources: tuple[Source, ...]) -> None:
    known = [source.repository for source in sources]
    for name in revisions:
        if name not in known:
            raise RequestError(
                f"--revision {name}=...",
                f"there is no such repository (expected {' or '.join(known)})",
                code="weights",
            )


def _listed(
    hub: Hub, source: Source, revision: str | None, held: Lock, *, rarely: bool, said: Said
) -> list[_Item]:
    """Files of a repository; its commit goes into the lock."""
    before = held.sources.get(source.repository)
    asked = revision or (before.revision if before else None) or source.revision or "main"
    listing = hub.listing(source.repository, asked)
    said.note(f"{source.repository} at {listing.commit} ({source.licence})")
    if revision is None and not before and source.revision is None:
        said.note(
            "  no revision is pinned in this version: this one is from now on, in this folder"
        )
    files = [remote for remote in listing.files if source.wants(remote.name, rarely=rarely)]
    if not files:
        raise ServerError(
            source.repository,
            f"it has none of the files that are needed at {listing.commit}",
            f"Pass --revision {source.repository}=REVISION.",
            code="weights",
        )
    items = [_Item(source, remote, source.place(remote.name)) for remote in files]
    if before and before.revision == listing.commit:
        _check_promise(items, before)
    else:
        earlier = before.earlier | before.files if before else {}
        held.sources[source.repository] = LockedSource(listing.commit, earlier=earlier)
    return items


def _check_promise(items: list[_Item], before: LockedSource) -> None:
    """The same commit must have the same files for ever."""
    for item in items:
        known, remote = before.files.get(item.place), item.remote
        if known and remote.sha256 and remote.sha256 != known.sha256:
            raise damaged(
                Path(item.place),
                f"the hub now names another content for the same revision "
                f"(expected {known.sha256}, got {remote.sha256})",
                "Do not use it before you know why. A --revision is needed to go on.",
            )


def _not_there(
    root: Path, items: list[_Item], held: Lock, *, replace: bool, said: Said
) -> list[_Item]:
    """What must be downloaded; files that are there and right go into the lock."""
    there = [item for item in items if (root / item.place).is_file()]
    wanted = [item for item in items if item not in there]
    with said.bar("checking", sum((root / item.place).stat().st_size for item in there)) as read:
        for item in there:
            digest = lock.sha256(root / item.place, read)
            if _is(item.remote, root / item.place, digest):
                _hold(held, item, digest)
            else:
                _check_ours(root, item, digest, held, replace=replace)
                wanted.append(item)
    return wanted


def _is(remote: Remote, file: Path, digest: str) -> bool:
    return digest == remote.sha256 if remote.sha256 else git_blob(file) == remote.blob


def _check_ours(root: Path, item: _Item, digest: str, held: Lock, *, replace: bool) -> None:
    """A file that was not fetched may be someone's work; it is not replaced unasked."""
    if not replace and not held.was_fetched(item.place, digest):
        raise ServerError(
            str(root / item.place),
            "a file is there that is not the hub's and was not fetched",
            "Move it away, or pass --replace if it is not needed.",
            code="weights",
        )


def _check_room(root: Path, needed: int) -> None:
    free = shutil.disk_usage(root).free
    if needed > free:
        raise ServerError(
            str(root),
            f"the disk is too small (expected {needed / 1e9:.1f} GB free, got {free / 1e9:.1f} GB)",
            "Make room, or name a folder on another disk with VOID_WEIGHTS or --weights.",
            code="disk_full",
        )


def _download(
    root: Path, wanted: list[_Item], held: Lock, downloads: Downloads, said: Said
) -> None:
    for item in sorted(wanted, key=lambda item: item.remote.size):
        with said.bar(item.place, item.remote.size) as advanced:
            digest = downloads.fetch(item.remote, root / item.place, advanced)
        _hold(held, item, digest)
        lock.write(root, held)
        said.note(f"{item.place}: {item.remote.size} bytes, SHA-256 {digest}")


def _hold(held: Lock, item: _Item, digest: str) -> None:
    locked = LockedFile(item.remote.size, digest)
    source = held.sources[item.source.repository]
    source.files[item.place] = locked
    source.earlier.pop(item.place, None)


@contextmanager
def _alone(root: Path) -> Iterator[Path]:
    """The folder of unfinished files, for one fetch at a time; its rests stay if it fails."""
    partial = root / PARTIAL
    try:
        partial.mkdir(parents=True, exist_ok=True)
        guard = FileLock(partial / "lock", timeout=0)
        guard.acquire()
    except Timeout as error:
        raise ServerError(
            str(root), "another fetch fills this folder", "Wait for it to end.", code="weights"
        ) from error
    except OSError as error:
        raise ServerError(
            str(root),
            f"it cannot be written ({error.strerror or error})",
            "Check its permissions, or name another folder with VOID_WEIGHTS or --weights.",
            code="disk",
        ) from error
    with guard:
        yield partial
    shutil.rmtree(partial, ignore_errors=True)
