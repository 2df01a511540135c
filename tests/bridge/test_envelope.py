import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.envelope import MAX_CHUNK, MAX_HEADER, PROTOCOL, ProtocolError, decode, encode
from bridge.messages import (
    Cancel,
    Chunk,
    Credit,
    Get,
    GetStatus,
    Have,
    Hello,
    Message,
    Ping,
    Pong,
    Purge,
    Put,
    Stat,
    Submit,
)
from bridge.shot import Matte, Request, Sequence, Shot, SourceFile

ID = bytes(range(16))
START = b"VOID\x01" + ID

text = st.text(max_size=40)
whole = st.integers(min_value=0, max_value=2**63)
small = st.integers(min_value=0, max_value=2**31)
messages = st.one_of(
    st.builds(Hello, client=text, version=text, speaks=st.tuples(small, small)),
    st.builds(Ping),
    st.builds(Pong, epoch=text),
    st.builds(GetStatus, job=text, since=whole),
    st.builds(Cancel, job=text),
    st.builds(Purge, job=text, before=st.none() | st.floats(allow_nan=False)),
    st.builds(Stat, digests=st.lists(text, max_size=5).map(tuple)),
    st.builds(Have, offsets=st.dictionaries(text, st.integers(-1, 2**62), max_size=5)),
    st.builds(Credit, sha256=text, offset=st.integers(-1, 2**62)),
    st.builds(Get, sha256=text, offset=whole, chunks=small),
)
carriers = st.one_of(
    *(st.builds(kind, sha256=text, size=whole, offset=whole, crc32=small) for kind in (Put, Chunk))
)


def request_of(name: str, **fields) -> Request:
    file = SourceFile(name, 1, "0" * 64)
    sequence = Sequence(name, "stills", (file,), (1001,))
    return Request(Shot("sh010", sequence, (Matte("remove", sequence),), 1001, 1001), **fields)


@given(messages)
def test_a_message_comes_back_as_it_was(message):
    incoming = decode(encode(message, None, ID))
    assert incoming.message == message
    assert incoming.request == ID
    assert incoming.payload is None


@given(carriers, st.binary(max_size=2000))
def test_a_payload_comes_back_as_it_was(message, payload):
    incoming = decode(encode(message, payload, ID))
    assert incoming.message == message
    assert incoming.payload == payload


def test_the_first_frame_is_magic_major_and_request_id():
    first, header = encode(Ping(), None, ID)
    assert first == START
    assert header == b"\x81\xa4type\xa4Ping"


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_frames_are_a_message_or_a_protocol_error(frames):
    assert_message_or_protocol_error(frames)


@given(st.binary(max_size=300), st.none() | st.binary(max_size=10))
def test_any_header_is_a_message_or_a_protocol_error(header, payload):
    frames = [START, header] if payload is None else [START, header, payload]
    assert_message_or_protocol_error(frames)


@given(
    messages | st.just(Submit(request_of("plate.1001.exr"))),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_mutated_message_is_a_message_or_a_protocol_error(message, changes):
    first, header = (bytearray(frame) for frame in encode(message, None, ID))
    for position, value in changes:
        frame = first if position % 20 == 0 else header
        frame[position % len(frame)] = value
    assert_message_or_protocol_error([bytes(first), bytes(header)])


def assert_message_or_protocol_error(frames):
    try:
        message = decode(frames).message
    except ProtocolError:
        return
    assert isinstance(message, Message)


PACK = msgspec.msgpack.encode


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        pytest.param([], "bad_message", id="nothing"),
        pytest.param([b"VOI"], "bad_message", id="short start"),
        pytest.param([b"HTTP\x01" + ID, PACK({"type": "Ping"})], "bad_message", id="other magic"),
        pytest.param([START], "bad_message", id="no header"),
        pytest.param([START, b""], "bad_message", id="empty header"),
        pytest.param([START] + [PACK({"type": "Ping"})] * 3, "bad_message", id="four frames"),
        pytest.param([START, PACK({"type": "Reboot"})], "bad_message", id="unknown kind"),
        pytest.param([START, PACK({"type": "Ping", "x": 1})], "bad_message", id="unknown field"),
        pytest.param([START, PACK({"type": "Cancel"})], "bad_message", id="missing field"),
        pytest.param([START, PACK({"type": "Cancel", "job": 7})], "bad_message", id="wrong type"),
        pytest.param([START, PACK({"type": "Ping"}), b"x"], "bad_message", id="needless payload"),
        pytest.param([START, PACK(Put("a", 1, 0, 0))], "bad_message", id="missing payload"),
        pytest.param([START, b"\xdd\xff\xff\xff\xff"], "bad_message", id="declares 4 G entries"),
        pytest.param([START, b"\x91" * 200_000], "bad_message", id="nested 200000 deep"),
        pytest.param(
            [START, b"\x82\xa4type\xa6Cancel\xa3job\xa2\xff\xfe"], "bad_message", id="no Unicode"
        ),
        pytest.param([START, bytes(MAX_HEADER + 1)], "too_large", id="large header"),
        pytest.param(
            [START, PACK(Put("a", 1, 0, 0)), bytes(MAX_CHUNK + 1)], "too_large", id="large payload"
        ),
    ],
)
def test_what_is_no_message_is_refused_with_a_code(frames, code):
    with pytest.raises(ProtocolError) as caught:
        decode(frames)
    assert caught.value.code == code


def test_another_major_is_refused_with_both_versions_named():
    with pytest.raises(ProtocolError, match=r"speaks protocol 7 \(expected 1, got 7\)") as caught:
        decode([b"VOID\x07" + ID, b"in a language of the future", b"", b"", b""])
    assert caught.value.code == "protocol_version"
    assert caught.value.request == ID
    assert PROTOCOL[0] == 1


def test_the_request_id_of_a_bad_message_is_known_so_that_it_can_be_answered():
    with pytest.raises(ProtocolError) as caught:
        decode([START, b"\xc1"])
    assert caught.value.request == ID


def test_only_expected_kinds_are_taken():
    with pytest.raises(ProtocolError):
        decode(encode(Pong("epoch"), None, ID), Hello | Ping)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(request_of("plate.1001.exr", seed=2**64), id="seed beyond 64 bits"),
        pytest.param(request_of("pl\udcffate.1001.exr"), id="file name that is no Unicode"),
    ],
)
def test_what_cannot_be_written_as_msgpack_is_refused_before_it_is_sent(request_):
    with pytest.raises(ProtocolError, match="cannot be sent"):
        encode(Submit(request_), None, ID)


def test_what_is_too_large_is_refused_before_it_is_sent():
    with pytest.raises(ProtocolError, match=r"expected at most 1048576 bytes, got 1048577"):
        encode(Put("a", 1, 0, 0), bytes(MAX_CHUNK + 1), ID)
    with pytest.raises(ProtocolError, match="header is too large"):
        encode(Stat(("0" * 64,) * 70_000), None, ID)
