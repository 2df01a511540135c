"""Who gets in, over real sockets: each row of the table that a secured server has to hold."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from bridge.curve import ClientCurve, ServerCurve, allow, needs_keys, new_keys
from bridge.errors import ConnectionLost, RequestError, ServerError
from bridge.keys import KeyPair
from bridge.messages import Ping, Pong, Put
from bridge.wire import Dealer, Router

SOON = 5.0
REFUSED = 0.4


@pytest.fixture
def opened() -> Iterator[Callable[..., object]]:
    with contextlib.ExitStack() as stack:
        yield lambda end: stack.enter_context(contextlib.closing(end))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_keys(tmp_path / "server")
    return tmp_path / "server"


@pytest.fixture
def curve(folder, opened) -> ServerCurve:
    return opened(ServerCurve(folder))


@pytest.fixture
def router(curve, opened) -> Router:
    return opened(Router("tcp://127.0.0.1:0", curve=curve))


@pytest.fixture
def anna(tmp_path: Path) -> KeyPair:
    return new_keys(tmp_path / "anna")


def gets_in(router: Router, dealer: Dealer, patience: float) -> bool:
    try:
        dealer.send(Ping())
    except ConnectionLost:  # refused before it could say anything
        return False
    incoming = router.receive(patience)
    if incoming is None:
        return False
    router.send(incoming.peer, incoming.request, Pong("epoch"))
    return dealer.receive(SOON) is not None


def test_a_listed_client_gets_in_and_is_known_by_its_key(router, curve, folder, anna, opened):
    allow(folder, anna.public, "anna")
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    dealer.send(Ping())
    incoming = router.receive(SOON)
    assert incoming.message == Ping()
    assert incoming.user == anna.public


def test_the_owner_of_the_key_folder_gets_in(router, curve, opened):
    own = curve._keys
    assert gets_in(
        router, opened(Dealer(router.endpoint, curve=ClientCurve(own, own.public))), SOON
    )


def test_an_unlisted_client_stays_out(router, curve, anna, opened):
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert not gets_in(router, dealer, REFUSED)


def test_a_client_without_keys_stays_out(router, opened):
    assert not gets_in(router, opened(Dealer(router.endpoint)), REFUSED)


def test_a_client_that_takes_the_server_for_another_stays_out(router, folder, anna, opened):
    allow(folder, anna.public, "anna")
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, anna.public)))
    assert not gets_in(router, dealer, REFUSED)


def test_a_client_with_keys_does_not_talk_to_a_server_without(anna, opened):
    router = opened(Router("tcp://127.0.0.1:0"))
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, anna.public)))
    assert not gets_in(router, dealer, REFUSED)


def test_a_client_is_let_in_without_a_restart(router, curve, folder, anna, opened):
    before = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert not gets_in(router, before, REFUSED)
    allow(folder, anna.public, "anna")
    after = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert gets_in(router, after, SOON)


def test_a_client_is_locked_out_when_its_file_goes(router, curve, folder, anna, opened):
    allow(folder, anna.public, "anna")
    (folder / "allowed" / "anna.pub").unlink()
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert not gets_in(router, dealer, REFUSED)


@pytest.mark.parametrize("damage", ["unreadable", "gone"])
def test_a_damaged_allow_list_lets_nobody_in(damage, router, curve, folder, anna, opened):
    allow(folder, anna.public, "anna")
    if damage == "gone":
        (folder / "allowed").rename(folder / "elsewhere")
    else:
        (folder / "allowed" / "anna.pub").write_bytes(b"\xff\x00nonsense")
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert not gets_in(router, dealer, REFUSED)


def test_a_dead_allow_list_lets_nobody_in(router, curve, folder, anna, opened):
    allow(folder, anna.public, "anna")
    with curve.context.socket(zmq.REQ) as bell:
        bell.connect("inproc://zeromq.zap.01")
        bell.send(b"stop")
        curve._thread.join()
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert not gets_in(router, dealer, REFUSED)


def test_a_client_that_was_refused_is_told_to_look_at_its_keys(
    router, curve, anna, opened, monkeypatch
):
    monkeypatch.setattr("bridge.wire._SEND_SECONDS", 0.3)
    dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert dealer.receive(REFUSED) is None
    with pytest.raises(ConnectionLost, match="is yours allowed"):
        dealer.send(Ping())


def test_both_connections_of_a_server_ask_the_same_list(curve, folder, anna, opened):
    allow(folder, anna.public, "anna")
    for _ in range(2):
        router = opened(Router("tcp://127.0.0.1:0", curve=curve))
        dealer = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
        assert gets_in(router, dealer, SOON)


def test_two_servers_in_one_process_have_two_lists(tmp_path, folder, router, curve, anna, opened):
    other = tmp_path / "other"
    new_keys(other)
    allow(other, anna.public, "anna")
    second = opened(ServerCurve(other))
    elsewhere = opened(Router("tcp://127.0.0.1:0", curve=second))
    welcome = opened(Dealer(elsewhere.endpoint, curve=ClientCurve(anna, second.public)))
    assert gets_in(elsewhere, welcome, SOON)
    stranger = opened(Dealer(router.endpoint, curve=ClientCurve(anna, curve.public)))
    assert not gets_in(router, stranger, REFUSED)


@pytest.mark.parametrize(
    ("everywhere", "here"),
    [("tcp://0.0.0.0:0", "127.0.0.1"), ("tcp://*:0", "127.0.0.1"), ("tcp://[::]:0", "[::1]")],
)
def test_with_keys_every_address_may_be_listened_on(everywhere, here, curve, opened):
    try:
        router = opened(Router(everywhere, curve=curve))
    except ServerError as error:
        if error.code != "address":
            raise
        pytest.skip("no IPv6 here")
    own = ClientCurve(curve._keys, curve.public)
    assert gets_in(router, opened(Dealer(f"tcp://{here}:{router.port}", curve=own)), SOON)


def test_without_keys_a_secured_server_does_not_start(tmp_path):
    with pytest.raises(RequestError, match="void keys new"):
        ServerCurve(tmp_path / "none")


def test_a_server_that_would_let_strangers_in_does_not_start(curve, opened, monkeypatch):
    monkeypatch.setattr(ServerCurve, "_admitted", lambda self, question: b"anyone")
    with pytest.raises(ServerError, match="unknown key was let in") as caught:
        Router("tcp://127.0.0.1:0", curve=curve)
    assert caught.value.code == "not_secure"


def test_a_server_that_forgot_its_keys_does_not_start(curve, monkeypatch):
    monkeypatch.setattr(ServerCurve, "secure", lambda self, socket: None)
    monkeypatch.setattr("bridge.curve.SELF_TEST_SECONDS", 0.3)
    with pytest.raises(ServerError) as caught:
        Router("tcp://127.0.0.1:0", curve=curve)
    assert caught.value.code == "not_secure"


def test_a_server_key_that_is_none_is_named(anna):
    with pytest.raises(RequestError, match="server key: it is no public key"):
        Dealer("tcp://127.0.0.1:1", curve=ClientCurve(anna, "not a key"))


def test_nothing_readable_is_on_the_wire(curve, folder, anna, opened):
    allow(folder, anna.public, "anna")
    secret = b"unreleased picture " * 100
    assert secret in overheard(None, None, secret, opened)
    assert secret not in overheard(curve, ClientCurve(anna, curve.public), secret, opened)


def overheard(server: ServerCurve | None, client: ClientCurve | None, payload, opened) -> bytes:
    """Everything that passes between a client and a server while it sends a payload."""
    router = opened(Router("tcp://127.0.0.1:0", curve=server))
    heard = bytearray()

    def pass_on(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                heard.extend(data)
                sink.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        dealer = Dealer(f"tcp://127.0.0.1:{listener.getsockname()[1]}", curve=client)
        near = listener.accept()[0]
    far = socket.create_connection(("127.0.0.1", router.port))
    threads = [threading.Thread(target=pass_on, args=pair) for pair in ((near, far), (far, near))]
    for thread in threads:
        thread.start()
    dealer.send(Put("0" * 64, len(payload), 0, 0), payload)
    assert router.receive(SOON).payload == payload
    for line in (near, far):
        line.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    near.close()
    far.close()
    dealer.close()
    return bytes(heard)


@pytest.mark.parametrize(
    ("endpoint", "needed"),
    [
        ("tcp://127.0.0.1:5599", False),
        ("tcp://127.8.8.8:5599", False),
        ("tcp://localhost:5599", False),
        ("tcp://[::1]:5599", False),
        ("ipc:///run/void/worker", False),
        ("tcp://*:5599", True),
        ("tcp://0.0.0.0:5599", True),
        ("tcp://[::]:5599", True),
        ("tcp://10.0.0.7:5599", True),
        ("tcp://localhost.example.com:5599", True),
        ("tcp://127.0.0.1.example.com:5599", True),
        ("tcp://eth0:5599", True),
        ("ws://127.0.0.1:5599", False),
    ],
)
def test_what_other_machines_can_reach_needs_keys(endpoint, needed):
    assert needs_keys(endpoint) is needed
