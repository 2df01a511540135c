import contextlib
import hashlib
import os
import pickle
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.errors import RequestError, ServerError
from bridge.messages import Chunk, Credit, Failed, Get, Have, Hello, Put, Stat
from bridge.wire import CREDIT, MAX_CHUNK, Dealer
from void_server.spool.bulk import BulkDesk
from void_server.spool.spool import Spool

PATIENCE = 10.0


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


CONTENT = os.urandom(2 * MAX_CHUNK + 1000)
DIGEST = sha256(CONTENT)


class Caller:
    """The calling end of a bulk connection."""

    def __init__(self, endpoint: str) -> None:
        self.dealer = Dealer(endpoint)

    def ask(self, message, payload=None):
        self.dealer.send(message, payload)
        return self.hear().message

    def hear(self):
        incoming = self.dealer.receive(PATIENCE)
        assert incoming is not None
        return incoming

    def put(self, content: bytes, *, offset: int = 0, length: int = MAX_CHUNK, **changes):
        payload = content[offset : offset + length]
        fields = {
            "sha256": sha256(content),
            "size": len(content),
            "offset": offset,
            "crc32": zlib.crc32(payload),
        }
        return self.ask(Put(**fields | changes), payload)

    def upload(self, content: bytes) -> None:
        answer = None
        for offset in range(0, max(1, len(content)), MAX_CHUNK):
            answer = self.put(content, offset=offset)
        assert answer == Credit(sha256(content), -1)

    def close(self) -> None:
        self.dealer.close()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with contextlib.closing(Spool(tmp_path, 1 << 30)) as spool:
        yield spool


@pytest.fixture
def stored() -> list[str]:
    return []


@pytest.fixture
def desk(spool, stored) -> Iterator[BulkDesk]:
    desk = BulkDesk("tcp://127.0.0.1:0", spool, on_stored=stored.append)
    desk.start()
    yield desk
    assert desk.alive
    desk.stop()


@pytest.fixture
def call(desk) -> Iterator[Callable[[], Caller]]:
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(contextlib.closing(Caller(desk.endpoint)))


def test_a_file_goes_in_and_comes_out_the_same(call, stored):
    caller = call()
    caller.upload(CONTENT)
    assert stored == [DIGEST]
    caller.dealer.send(Get(DIGEST, 0, CREDIT))
    fetched = bytearray()
    for _ in range(3):
        incoming = caller.hear()
        assert isinstance(incoming.message, Chunk)
        assert incoming.message.size == len(CONTENT)
        assert incoming.message.offset == len(fetched)
        assert incoming.message.crc32 == zlib.crc32(incoming.payload)
        fetched += incoming.payload
    assert fetched == CONTENT


def test_each_chunk_is_answered_with_what_is_safe(call):
    caller = call()
    assert caller.put(CONTENT) == Credit(DIGEST, MAX_CHUNK)
    assert caller.put(CONTENT, offset=MAX_CHUNK) == Credit(DIGEST, 2 * MAX_CHUNK)
    assert caller.ask(Stat((DIGEST, "0" * 64))) == Have({DIGEST: 2 * MAX_CHUNK, "0" * 64: 0})
    assert caller.put(CONTENT, offset=2 * MAX_CHUNK) == Credit(DIGEST, -1)
    assert caller.ask(Stat((DIGEST,))) == Have({DIGEST: -1})


def test_a_file_that_is_there_is_not_stored_again(call, stored):
    call().upload(CONTENT)
    assert call().put(CONTENT) == Credit(DIGEST, -1)
    assert stored == [DIGEST]


def test_an_upload_goes_on_over_another_connection(call):
    first = call()
    first.put(CONTENT)
    first.close()
    second = call()
    assert second.ask(Stat((DIGEST,))) == Have({DIGEST: MAX_CHUNK})
    second.put(CONTENT, offset=MAX_CHUNK)
    assert second.put(CONTENT, offset=2 * MAX_CHUNK) == Credit(DIGEST, -1)


def test_an_upload_goes_on_after_a_restart(tmp_path):
    for part in range(3):
        spool = Spool(tmp_path, 1 << 30)
        desk = BulkDesk("tcp://127.0.0.1:0", spool)
        desk.start()
        with contextlib.closing(Caller(desk.endpoint)) as caller:
            answer = caller.put(CONTENT, offset=part * MAX_CHUNK)
        desk.stop()
        spool.close()
    assert answer == Credit(DIGEST, -1)


def test_a_complete_upload_that_was_never_verified_is_verified_by_an_empty_chunk(call, spool):
    spool.append(DIGEST, len(CONTENT), 0, CONTENT)
    assert call().put(CONTENT, offset=len(CONTENT)) == Credit(DIGEST, -1)


def test_a_chunk_at_the_wrong_offset_is_answered_with_the_right_one(call):
    caller = call()
    caller.put(CONTENT)
    assert caller.put(CONTENT, offset=2 * MAX_CHUNK) == Credit(DIGEST, MAX_CHUNK)
    assert caller.put(CONTENT, offset=0) == Credit(DIGEST, MAX_CHUNK)


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        pytest.param({"crc32": 7}, ServerError, "checksum", id="damaged"),
        pytest.param({"sha256": "../../../../etc/passwd"}, RequestError, "bad_digest", id="path"),
        pytest.param({"size": 2**62}, RequestError, "too_large", id="exabytes"),
        pytest.param({"size": 2 << 30}, ServerError, "spool_full", id="beyond the limit"),
        pytest.param({"size": 1000}, RequestError, "bad_offset", id="beyond its size"),
        pytest.param({"offset": -1}, RequestError, "bad_offset", id="before its begin"),
    ],
)
def test_a_bad_chunk_is_refused_with_a_code_and_the_next_one_is_served(changes, kind, code, call):
    caller = call()
    answer = caller.put(CONTENT, **changes)
    assert isinstance(answer, Failed)
    assert (answer.error.kind, answer.error.code) == (kind.kind, code)
    assert caller.ask(Stat((DIGEST,))) == Have({DIGEST: 0})
    caller.upload(CONTENT)


def test_a_file_with_another_digest_is_refused_and_thrown_away(call, spool, stored):
    caller = call()
    answer = caller.put(b"other bytes", sha256=DIGEST)
    assert isinstance(answer, Failed)
    assert answer.error.code == "wrong_digest"
    assert spool.used_bytes == 0
    assert stored == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param(Get(DIGEST, 0, 1), "not_here", id="unknown file"),
        pytest.param(Get("../" * 21 + "x", 0, 1), "bad_digest", id="path"),
        pytest.param(Stat(("nonsense",)), "bad_digest", id="no digest"),
        pytest.param(Stat(("0" * 64,) * 10_001), "too_large", id="too many"),
        pytest.param(Hello("x", "1", (1, 1)), "bad_message", id="a control message"),
    ],
)
def test_what_cannot_be_served_is_answered_with_a_code(message, code, call):
    answer = call().ask(message)
    assert isinstance(answer, Failed)
    assert answer.error.code == code


@pytest.mark.parametrize(
    ("offset", "chunks"), [(-1, 1), (0, 0), (0, CREDIT + 1), (len(CONTENT) + 1, 1)]
)
def test_impossible_questions_for_a_file_are_refused(offset, chunks, call):
    caller = call()
    caller.upload(CONTENT)
    answer = caller.ask(Get(DIGEST, offset, chunks))
    assert isinstance(answer, Failed)
    assert answer.error.code == "bad_offset"


@pytest.mark.parametrize("offset", [0, 1, MAX_CHUNK - 1, MAX_CHUNK, len(CONTENT) - 1, len(CONTENT)])
def test_a_file_can_be_fetched_from_any_byte(offset, call):
    caller = call()
    caller.upload(CONTENT)
    caller.dealer.send(Get(DIGEST, offset, 1))
    assert caller.hear().payload == CONTENT[offset : offset + MAX_CHUNK]


def test_more_is_not_owed_to_one_client_than_its_credit(call):
    caller = call()
    caller.upload(CONTENT)
    for _ in range(200):
        caller.dealer.send(Get(DIGEST, 0, CREDIT))
    answers = [caller.hear().message for _ in range(200)]
    refused = [answer for answer in answers if isinstance(answer, Failed)]
    assert refused
    assert {answer.error.code for answer in refused} == {"credit"}


def test_a_client_that_takes_nothing_does_not_hold_up_another(call):
    lazy, eager = call(), call()
    eager.upload(CONTENT)
    for _ in range(CREDIT):
        lazy.dealer.send(Get(DIGEST, 0, CREDIT))
    for _ in range(20):
        eager.dealer.send(Get(DIGEST, 0, 1))
        assert eager.hear().payload == CONTENT[:MAX_CHUNK]


def test_a_client_that_is_gone_does_not_hold_up_another(call, monkeypatch):
    monkeypatch.setattr("void_server.spool.bulk._GONE_SECONDS", 0.1)
    lazy, eager = call(), call()
    eager.upload(CONTENT)
    for _ in range(CREDIT):
        lazy.dealer.send(Get(DIGEST, 0, CREDIT))
    lazy.close()
    eager.dealer.send(Get(DIGEST, 0, 1))
    assert eager.hear().payload == CONTENT[:MAX_CHUNK]


def test_many_small_files_at_once_are_all_verified(call, stored):
    caller = call()
    contents = [f"matte {number}".encode() for number in range(200)]
    for content in contents:
        put = Put(sha256(content), len(content), 0, zlib.crc32(content))
        caller.dealer.send(put, content)
    answers = [caller.hear().message for _ in contents]
    assert {answer.sha256 for answer in answers} == set(map(sha256, contents))
    assert {answer.offset for answer in answers} == {-1}
    assert sorted(stored) == sorted(map(sha256, contents))


def test_a_mistake_in_the_desk_is_an_answer_and_not_its_end(call, spool, monkeypatch, caplog):
    def mistake(*arguments):
        raise ZeroDivisionError

    caller = call()
    with monkeypatch.context() as patch:
        patch.setattr(spool, "append", mistake)
        answer = caller.put(CONTENT)
    assert isinstance(answer, Failed)
    assert answer.error.code == "internal"
    assert "ZeroDivisionError" in caplog.text
    caller.upload(CONTENT)


def test_a_pickle_is_not_opened(call, tmp_path):
    class Canary:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    pickled = pickle.dumps(Canary())
    caller = call()
    assert caller.put(pickled) == Credit(sha256(pickled), -1)
    caller.dealer.send(Get(sha256(pickled), 0, 1))
    assert caller.hear().payload == pickled
    assert not (tmp_path / "ran").exists()


def test_the_address_needs_keys_when_others_can_reach_it(spool):
    with pytest.raises(RequestError, match="no keys"):
        BulkDesk("tcp://0.0.0.0:0", spool)


def test_it_can_be_stopped_before_it_was_started(spool):
    BulkDesk("tcp://127.0.0.1:0", spool).stop()
