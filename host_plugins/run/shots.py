"""From exported frames to a request: what is in them by content, and what is asked of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import msgspec

from bridge.hashing import bytes_to_read, hashed
from bridge.landing import Landing
from bridge.like import same_again
from bridge.shot import Matte, OcioConfig, Parameter, Request, Shot, job_id, output_of
from bridge.submission import Prepared
from host_plugins.run.cancelling import Cancelled, Token
from host_plugins.run.exported import PLATE, Export
from host_plugins.run.order import Order

OnBytes = Callable[[int, int], None]
"""Called with the bytes that were read so far, and with all that there are."""

_LOOK_SECONDS = 0.1


def read(export: Export, order: Order, token: Token, on_bytes: OnBytes) -> None:
    """Find out the digest of every exported file, unless they are known; keeps them.

    The files are read in other threads; ``on_bytes`` is called in this one. An hour may lie between
    the export and this, if another view's job was in between.

    Raises:
        RequestError: A file is not what was exported, cannot be read, or the record cannot be
            written.
        Cancelled: The token was pressed.
    """
    export.check_untouched()
    if export.read:
        return
    found = export.found(order)
    total = bytes_to_read(found.values())
    counted = _Count(token)
    with ThreadPoolExecutor(1, thread_name_prefix="void-read") as pool, counted:
        reading = pool.submit(hashed, found.values(), on_bytes=counted.add)
        on_bytes(0, total)
        while not wait((reading,), _LOOK_SECONDS).done:
            on_bytes(counted.bytes, total)
        sequences = reading.result()
    export.check_untouched()
    export.keep_digests(dict(zip(found, sequences, strict=True)))


def prepared(
    order: Order,
    view: str,
    export: Export,
    *,
    parameters: Mapping[str, Parameter],
    same: Mapping[str, Any],
) -> Prepared:
    """The request for one view's frames, which were read.

    Args:
        order: What is asked for.
        view: The view.
        export: Its frames.
        parameters: Those of the engine that it will get.
        same: Fields of the request as another view had them, so that the eyes match.

    Raises:
        RequestError: A frame is missing, or the OCIO config cannot be read.
    """
    sequences = export.sequences(order)
    config, files = _config(order)
    for one in sequences.values():
        files |= {file.sha256: export.folder / file.name for file in one.files}
    shot = Shot(
        name=order.name_of(view),
        plate=sequences[PLATE],
        mattes=tuple(Matte(role, sequences[role]) for role in order.roles),
        first_frame=order.frames.first,
        last_frame=order.frames.last,
        colorspace=order.colorspace,
        missing=order.missing,
        config=config,
    )
    fields = _fields(order, parameters) | dict(same)
    request = Request(shot=shot, output=output_of(order.kinds), **fields)
    return Prepared(request=request, job=job_id(request), files=files, padding=order.padding)


def same_as(landing: Landing | None) -> dict[str, Any]:
    """The fields that make another view match this one; empty when it does not say how it ran."""
    try:
        return same_again(landing.record) if landing is not None else {}
    except msgspec.ValidationError:
        return {}


def _fields(order: Order, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    return {
        "engine": order.engine,
        "prompt": order.prompt,
        "seed": order.seed,
        "grow": order.grow,
        "feather": order.feather,
        "parameters": dict(parameters),
    }


def _config(order: Order) -> tuple[OcioConfig | None, dict[str, Path]]:
    """The OCIO config, and its file by digest if it has one."""
    if order.config is None:
        return None, {}
    config = order.config.describe()
    path = order.config.path
    return config, {config.file.sha256: path} if config.file is not None and path else {}


class _Count:
    """Bytes that several threads have read.

    Stops them when the token was pressed, and when the block ends that wanted to know: whoever
    leaves it early, by Ctrl-C for one, does not wait for the rest of the shot.
    """

    def __init__(self, token: Token) -> None:
        self._token = token
        self._lock = threading.Lock()
        self._over = False
        self.bytes = 0

    def __enter__(self) -> None:
        pass

    def __exit__(self, *reason: object) -> None:
        self._over = True

    def add(self, count: int) -> None:
        self._token.check()
        if self._over:
            raise Cancelled
        with self._lock:
            self.bytes += count
