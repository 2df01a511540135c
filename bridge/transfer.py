"""Uploads and downloads over a bulk connection: the states of one, the socket of the other."""

from __future__ import annotations

import hashlib
import zlib

import msgspec

from bridge.download import Download
from bridge.envelope import Incoming
from bridge.errors import RequestError, ServerError, from_record
from bridge.exchange import ask, expected, silence
from bridge.messages import (
    PREVIEW_LIMIT,
    Chunk,
    Credit,
    Failed,
    Get,
    Have,
    Preview,
    Put,
    Stat,
)
from bridge.upload import Upload
from bridge.wire import Dealer

_STAT_BATCH = 1000


def send(dealer: Dealer, upload: Upload, *, timeout: float) -> None:
    """Upload, beginning with the question how much of it the server has.

    Raises:
        ConnectionLost: No answer for ``timeout`` seconds; what has arrived is safe.
        RequestError: A file changed or cannot be read, or the server refuses.
        ServerError: The server has no room, or the line damages data.
    """
    upload.resume(_offsets(dealer, upload.missing, timeout))
    sent: dict[bytes, Put] = {}
    while not upload.done:
        while chunk := upload.next():
            sent[dealer.send(*chunk)] = chunk[0]
        if sent:
            incoming = _answer(dealer, sent, timeout)
            _settle(upload, sent.pop(incoming.request), incoming.message)


def fetch(dealer: Dealer, download: Download, *, timeout: float) -> None:
    """Download, and give the file its name.

    Raises:
        ConnectionLost: No answer for ``timeout`` seconds; what has arrived is kept.
        RequestError: The server does not have it, or the disk here refuses.
        ServerError: The file is damaged at the server, or the line damages data.
    """
    download.resume()
    asked: dict[bytes, Get] = {}
    while not download.kept:
        while get := download.next():
            asked[dealer.send(get)] = get
        if asked:
            incoming = _answer(dealer, asked, timeout)
            del asked[incoming.request]
            download.took(expected(incoming.message, Chunk), incoming.payload or b"")
        if download.done:
            download.keep()


def read(dealer: Dealer, preview: Preview, *, timeout: float) -> bytes:
    """Fetch a preview into memory.

    Raises:
        ConnectionLost: No answer for ``timeout`` seconds.
        RequestError: It is gone; there is a newer one, or the job does not run any more.
        ServerError: It is larger than a preview may be, or damaged.
    """
    if preview.size > PREVIEW_LIMIT:
        raise _bad_preview(
            preview, f"it is too large (expected at most {PREVIEW_LIMIT} bytes, got {preview.size})"
        )
    png = bytearray()
    while len(png) < preview.size:
        get = Get(preview.sha256, len(png), 1)
        png += _preview_chunk(preview, get, _answer(dealer, {dealer.send(get): get}, timeout))
    if hashlib.sha256(png).hexdigest() != preview.sha256:
        raise _bad_preview(preview, "what arrived is another file")
    return bytes(png)


def _preview_chunk(preview: Preview, get: Get, incoming: Incoming) -> bytes:
    answer = incoming.message
    if isinstance(answer, Failed) and answer.error.code == "not_here":
        raise RequestError(
            f"preview of frame {preview.frame}",
            "it is gone; there is a newer one, or the job does not run any more",
            "Ask for the job's status again.",
            code="not_here",
        )
    chunk, payload = expected(answer, Chunk), bytes(incoming.payload or b"")
    fits = 0 < len(payload) <= preview.size - get.offset
    if not fits or chunk.offset != get.offset or zlib.crc32(payload) != chunk.crc32:
        raise _bad_preview(preview, "it was damaged on its way")
    return payload


def _bad_preview(preview: Preview, text: str) -> ServerError:
    return ServerError(f"preview of frame {preview.frame}", text, code="bad_preview")


def _offsets(dealer: Dealer, digests: tuple[str, ...], timeout: float) -> dict[str, int]:
    have: dict[str, int] = {}
    for first in range(0, len(digests), _STAT_BATCH):
        stat = Stat(digests[first : first + _STAT_BATCH])
        have |= ask(dealer, stat, Have, timeout=timeout).offsets
    return have


def _answer(
    dealer: Dealer, open_questions: dict[bytes, Put] | dict[bytes, Get], timeout: float
) -> Incoming:
    while incoming := dealer.receive(timeout):
        if incoming.request in open_questions:
            return incoming
    raise silence(dealer, timeout)


def _settle(upload: Upload, put: Put, answer: msgspec.Struct) -> None:
    if isinstance(answer, Failed) and answer.error.code == "checksum":
        upload.damaged()
    elif isinstance(answer, Failed) and answer.error.code == "wrong_digest":
        upload.wrong(put)
    elif isinstance(answer, Failed):
        raise from_record(answer.error)
    else:
        upload.stored(put, expected(answer, Credit).offset)
