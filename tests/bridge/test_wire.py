import contextlib
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from bridge.errors import ConnectionLost, RequestError, ServerError
from bridge.messages import Control, Failed, Ping, Pong, Put
from bridge.wire import CREDIT, MAX_CHUNK, Dealer, ProtocolError, Router, wait

SOON = 5.0
ID = bytes(range(16))


@pytest.fixture
def opened() -> Iterator[Callable[..., object]]:
    """Keeps sockets until the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda end: stack.enter_context(contextlib.closing(end))


@pytest.fixture
def router(opened) -> Router:
    return opened(Router("tcp://127.0.0.1:0"))


@pytest.fixture
def stranger(router) -> Iterator[zmq.Socket]:
    """A socket without our manners, connected to the router."""
    context = zmq.Context()
    with context.socket(zmq.DEALER) as raw:
        raw.linger = 0
        raw.connect(router.endpoint)
        yield raw
    context.term()


def answered(router: Router, dealer: Dealer) -> bool:
    request = dealer.send(Ping())
    incoming = router.receive(SOON)
    router.send(incoming.peer, incoming.request, Pong("epoch"))
    answer = dealer.receive(SOON)
    return answer is not None and answer.request == request and answer.message == Pong("epoch")


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "tcp://[::1]:0"])
def test_a_free_port_is_taken_and_told(endpoint, opened):
    try:
        router = opened(Router(endpoint))
    except ServerError:
        pytest.skip("no IPv6 here")
    assert router.port > 0
    assert router.endpoint.endswith(f":{router.port}")
    assert answered(router, opened(Dealer(router.endpoint)))


def test_local_sockets_work_the_same_way(opened, tmp_path):
    router = opened(Router(f"ipc://{tmp_path}/worker"))
    assert router.port == 0
    assert answered(router, opened(Dealer(router.endpoint)))


def test_a_payload_arrives_bit_for_bit(router, opened):
    dealer = opened(Dealer(router.endpoint))
    payload = os.urandom(MAX_CHUNK)
    dealer.send(Put("0" * 64, MAX_CHUNK, 0, 0), payload)
    incoming = router.receive(SOON)
    assert incoming.payload == payload
    assert incoming.user == ""


def test_a_question_may_be_repeated_under_its_request_id(router, opened):
    dealer = opened(Dealer(router.endpoint))
    request = dealer.send(Ping())
    assert dealer.send(Ping(), request=request) == request
    assert router.receive(SOON).request == router.receive(SOON).request == request


def test_nothing_comes_back_as_none(router, opened):
    assert router.receive(0) is None
    assert opened(Dealer(router.endpoint)).receive(0.01) is None


def test_waiting_names_the_routers_that_have_something(router, opened):
    other = opened(Router("tcp://127.0.0.1:0"))
    assert wait([router, other], 0) == []
    opened(Dealer(other.endpoint)).send(Ping())
    assert wait([router, other], SOON) == [other]


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([b"VOID\x01" + ID, b"\xc1"], id="no msgpack"),
        pytest.param([b"VOID\x01" + ID, b"\x81\xa4type\xa4Ping", b"", b"", b"", b""], id="frames"),
        pytest.param([b"VOID\x01" + ID], id="no header"),
    ],
)
def test_what_is_no_message_is_answered_and_never_received(frames, router, stranger, opened):
    stranger.send_multipart(frames)
    opened(Dealer(router.endpoint)).send(Ping())
    assert isinstance(router.receive(SOON).message, Ping)
    assert router.receive(0.05) is None
    start, header = stranger.recv_multipart()
    assert start == b"VOID\x01" + ID
    assert b"bad_message" in header


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([b""], id="nothing"),
        pytest.param([b"GET / HTTP/1.1"], id="another protocol"),
        pytest.param([b"", b"VOID\x01" + ID, b"\x81\xa4type\xa4Ping"], id="a REQ socket"),
        pytest.param([b"x"] * 20_000, id="20000 frames"),
    ],
)
def test_strangers_get_no_answer_and_do_no_harm(frames, router, stranger, opened):
    stranger.send_multipart(frames)
    assert router.receive(0.2) is None
    assert answered(router, opened(Dealer(router.endpoint)))
    assert not stranger.poll(0)


def test_another_major_is_refused_by_the_called_side(router, stranger):
    stranger.send_multipart([b"VOID\x02" + ID, b"hello in version 2"])
    assert router.receive(0.2) is None
    start, header = stranger.recv_multipart()
    assert start[:5] == b"VOID\x01"
    assert b"protocol_version" in header
    assert b"speaks protocol 2 (expected 1, got 2)" in header


def test_another_major_is_refused_by_the_calling_side(opened):
    context = zmq.Context()
    with context.socket(zmq.ROUTER) as future:
        future.linger = 0
        port = future.bind_to_random_port("tcp://127.0.0.1")
        dealer = opened(Dealer(f"tcp://127.0.0.1:{port}"))
        request = dealer.send(Ping())
        future.send_multipart([future.recv_multipart()[0], b"VOID\x02" + request, b"welcome"])
        with pytest.raises(ProtocolError, match=r"speaks protocol 2 \(expected 1, got 2\)"):
            dealer.receive(SOON)
    context.term()


def test_a_pickle_is_not_opened(router, stranger, tmp_path):
    class Canary:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    pickled = pickle.dumps(Canary())
    stranger.send_multipart([pickled])
    stranger.send_multipart([b"VOID\x01" + ID, pickled])
    stranger.send_multipart([b"VOID\x01" + ID, b"\x81\xa4type\xa4Ping", pickled])
    assert router.receive(0.3) is None
    assert not (tmp_path / "ran").exists()


def test_only_kinds_that_are_expected_get_through(opened):
    router = opened(Router("tcp://127.0.0.1:0", receives=Control))
    dealer = opened(Dealer(router.endpoint))
    dealer.send(Pong("not for a server to hear"))
    assert router.receive(0.2) is None
    assert isinstance(dealer.receive(SOON).message, Failed)


def test_a_frame_beyond_the_limit_costs_the_sender_its_connection(router, stranger, opened):
    stranger.send_multipart([b"VOID\x01" + ID, bytes(5 << 20)])
    assert router.receive(0.3) is None
    assert answered(router, opened(Dealer(router.endpoint)))


def test_a_declared_size_of_exabytes_costs_the_sender_its_connection(router, opened):
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
    ready = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
    ping = b"\x01\x15VOID\x01" + ID + b"\x00\x0b\x81\xa4type\xa4Ping"
    with socket.create_connection(("127.0.0.1", router.port)) as raw:
        raw.settimeout(SOON)
        raw.sendall(greeting + ready)
        heard = b""
        while b"READY" not in heard:
            heard += raw.recv(4096)
        raw.sendall(ping)
        assert router.receive(SOON).message == Ping()  # so this is how ZMTP is spoken
        raw.sendall(b"\x02" + (2**62).to_bytes(8, "big"))
        while raw.recv(4096):
            pass
    assert answered(router, opened(Dealer(router.endpoint)))


def test_silent_connections_do_not_keep_others_out(router, opened):
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", router.port)))
        assert answered(router, opened(Dealer(router.endpoint)))


def test_an_answer_to_someone_who_is_gone_is_dropped(router):
    assert not router.send(b"\0nobody", ID, Pong("epoch"))


def test_an_answer_to_someone_who_takes_nothing_is_dropped_and_never_blocks(router, opened):
    dealer = opened(Dealer(router.endpoint))
    dealer.send(Ping())
    peer = router.receive(SOON).peer
    chunk, payload = Put("0" * 64, MAX_CHUNK, 0, 0), bytes(MAX_CHUNK)
    began = time.monotonic()
    taken = 0
    while router.send(peer, ID, chunk, payload):
        taken += 1
        assert taken < 300  # both queues and what the kernel buffers; 1 MiB each
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("hwm", [1, 4, 64])
def test_there_is_always_room_for_the_answers_to_a_whole_window(hwm, opened):
    router = opened(Router("tcp://127.0.0.1:0", hwm=hwm))
    dealer = opened(Dealer(router.endpoint))
    for _ in range(50):
        for _ in range(CREDIT):
            dealer.send(Ping())
        for _ in range(CREDIT):
            incoming = router.receive(SOON)
            assert router.send(incoming.peer, incoming.request, Pong("epoch"))
        for _ in range(CREDIT):
            assert dealer.receive(SOON) is not None
    # Whether a lower limit is hit is a matter of luck; this is not.
    limit = router._socket.sndhwm
    assert limit - (limit + 1) // 2 + 1 > CREDIT


def test_a_question_to_someone_who_takes_nothing_is_a_lost_connection(opened, monkeypatch):
    monkeypatch.setattr("bridge.wire._SEND_SECONDS", 0.05)
    dealer = opened(Dealer("tcp://127.0.0.1:1", hwm=1))

    def fill():
        for _ in range(100):
            dealer.send(Ping())

    with pytest.raises(ConnectionLost, match=r"takes no messages \(waited 0\.05 s\)"):
        fill()


def test_an_address_in_use_is_named(router):
    with pytest.raises(ServerError, match="cannot be listened on") as caught:
        Router(router.endpoint)
    assert caught.value.code == "address"


@pytest.mark.parametrize("endpoint", ["here", "tcp://", "tcp://127.0.0.1:99999", "smtp://x:1", ""])
def test_a_malformed_address_is_named(endpoint):
    with pytest.raises(RequestError, match="it is none"):
        Dealer(endpoint)
    with pytest.raises(RequestError):
        Router(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    ["tcp://*:0", "tcp://0.0.0.0:0", "tcp://[::]:0", "tcp://192.168.1.5:0", "tcp://eth0:0"],
)
def test_other_machines_are_kept_out_unless_there_are_keys(endpoint):
    with pytest.raises(RequestError, match="no keys to tell them apart") as caught:
        Router(endpoint)
    assert "void keys new" in caught.value.hint
    assert "void keys allow" in caught.value.hint


def test_a_server_that_comes_later_still_gets_the_question(opened):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    dealer = opened(Dealer(f"tcp://127.0.0.1:{port}"))
    dealer.send(Ping())
    assert isinstance(opened(Router(f"tcp://127.0.0.1:{port}")).receive(SOON).message, Ping)


def test_closing_does_not_wait_for_what_was_not_sent():
    began = time.monotonic()
    dealer = Dealer("tcp://127.0.0.1:1")
    dealer.send(Put("0" * 64, 1, 0, 0), b"x")
    dealer.close()
    assert time.monotonic() - began < SOON


def test_a_socket_is_of_no_use_after_fork():
    script = """
import os
from bridge.messages import Ping
from bridge.wire import Dealer
dealer = Dealer("tcp://127.0.0.1:1")
pid = os.fork()
if pid == 0:
    try:
        dealer.send(Ping())
    except RuntimeError:
        os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
dealer.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20
    )
    assert done.stdout.strip() == "7", done.stderr


def test_many_clients_are_told_apart(router, opened):
    dealers = [opened(Dealer(router.endpoint)) for _ in range(8)]
    requests = [dealer.send(Ping()) for dealer in dealers]

    def serve():
        for _ in dealers:
            incoming = router.receive(SOON)
            router.send(incoming.peer, incoming.request, Pong(incoming.request.hex()))

    thread = threading.Thread(target=serve)
    thread.start()
    answers = [dealer.receive(SOON).message.epoch for dealer in dealers]
    thread.join()
    assert answers == [request.hex() for request in requests]
