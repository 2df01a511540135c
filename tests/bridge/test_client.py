import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest

from bridge.client import Client
from bridge.errors import ConnectionLost, ErrorRecord, RequestError, ServerError
from bridge.messages import (
    Cancel,
    Control,
    Failed,
    GetJobs,
    GetStatus,
    Hello,
    Jobs,
    JobStatus,
    Pong,
    Purge,
    Purged,
    Result,
    Status,
    Submit,
    Submitted,
    Welcome,
)
from bridge.shot import Matte, OcioConfig, Request, Sequence, Shot, SourceFile
from bridge.wire import CREDIT, MAX_CHUNK, Router

WELCOME = Welcome((1, 0), "0.1.0", "epoch", MAX_CHUNK, CREDIT, False, (), (), 0)
FILE = SourceFile("plate.1001.exr", 1, "0" * 64)
PLATE = Sequence("plate.%04d.exr", "stills", (FILE,), (1001,))
REQUEST = Request(Shot("sh010", PLATE, (Matte("remove", PLATE),), 1001, 1001))
SHOT_OF_1_2 = msgspec.structs.replace(
    REQUEST.shot, view="right", config=OcioConfig("ocio://default", "$VOID_OCIO")
)


def bound(endpoint: str) -> Router:
    """A router on an address that another one has just left; ZMQ lets go of it a little later."""
    deadline = time.monotonic() + 10.0
    while True:
        try:
            return Router(endpoint, receives=Control)
        except ServerError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


class Desk:
    """A control connection that gives the answers it was told to give, one after the other.

    An entry is a message, a function of the question, or None for no answer; the last one stays.
    `Hello` is answered if nothing else is said.
    """

    def __init__(self, answers: dict[type, list], endpoint: str = "tcp://127.0.0.1:0") -> None:
        self._answers = {Hello: [WELCOME]} | answers
        self.heard: list = []
        self.router = bound(endpoint)
        self.endpoint = self.router.endpoint
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def asked(self) -> list:
        """The questions after the greeting."""
        return [i.message for i in self.heard if not isinstance(i.message, Hello)]

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self.router.close()

    def _run(self) -> None:
        while not self._over.is_set():
            incoming = self.router.receive(0.02)
            if incoming is None:
                continue
            self.heard.append(incoming)
            answers = self._answers[type(incoming.message)]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            answer = answer(incoming.message) if callable(answer) else answer
            if answer is not None:
                self.router.send(incoming.peer, incoming.request, answer)


@pytest.fixture
def desk() -> Iterator[Callable[..., Desk]]:
    with contextlib.ExitStack() as stack:
        yield lambda answers, *where: stack.enter_context(contextlib.closing(Desk(answers, *where)))


@pytest.fixture
def client_of() -> Iterator[Callable[..., Client]]:
    with contextlib.ExitStack() as stack:
        yield lambda desk, **how: stack.enter_context(
            Client(getattr(desk, "endpoint", desk), **how)
        )


def job(state: str, sequence: int = 0, **fields) -> JobStatus:
    return JobStatus("j1", "sh010", state, "cleanplate", 1001, 1010, sequence=sequence, **fields)


def results(*frames: int) -> tuple[Result, ...]:
    return tuple(Result("comp", frame, "0" * 64, 1) for frame in frames)


def test_hello_tells_who_calls_and_returns_what_answers(desk, client_of):
    server = desk({Hello: [WELCOME]})
    assert client_of(server, name="nuke").hello() == WELCOME
    hello = server.heard[0].message
    assert (hello.client, hello.speaks) == ("nuke", (1, 1))


def test_each_question_gets_its_answer(desk, client_of):
    submitted = Submitted("j1", "uploading", ("0" * 64,))
    running = Status(job("running"), ())
    server = desk(
        {
            Submit: [submitted],
            GetStatus: [running],
            GetJobs: [Jobs((job("done"),))],
            Cancel: [Status(job("cancelled"), ())],
            Purge: [Purged(1, 5)],
        }
    )
    client = client_of(server)
    assert client.submit(REQUEST) == submitted
    assert client.status("j1", 3) == running
    assert client.jobs() == (job("done"),)
    assert client.cancel("j1").status.state == "cancelled"
    assert client.purge("j1") == client.purge(before=1e9) == Purged(1, 5)
    assert server.asked == [
        Submit(REQUEST),
        GetStatus("j1", 3),
        GetJobs(),
        Cancel("j1"),
        Purge("j1"),
        Purge("", 1e9),
    ]


@pytest.mark.parametrize(("minor", "asks"), [(0, False), (1, True), (2, True)])
def test_previews_are_asked_for_only_where_the_protocol_knows_them(desk, client_of, minor, asks):
    welcome = msgspec.structs.replace(WELCOME, protocol=(1, minor))
    server = desk({Hello: [welcome], GetStatus: [Status(job("running"), ())]})
    client_of(server).status("j1")
    assert [question.preview for question in server.asked] == [asks]


@pytest.mark.parametrize(("minor", "said"), [(1, False), (2, True)])
def test_a_server_that_is_too_old_for_a_request_is_not_asked(desk, client_of, minor, said):
    welcome = msgspec.structs.replace(WELCOME, protocol=(1, minor))
    server = desk({Hello: [welcome], Submit: [Submitted("j1", "queued", ())]})
    newer = Request(msgspec.structs.replace(REQUEST.shot, view="right"))
    if said:
        client_of(server).submit(newer)
        assert server.asked == [Submit(newer)]
        return
    with pytest.raises(RequestError, match=r"expected protocol 1\.2, got 1\.1\)") as caught:
        client_of(server).submit(newer)
    assert caught.value.code == "protocol_version"
    assert server.asked == []


@pytest.mark.parametrize(
    ("newer", "said"),
    [
        (Request(SHOT_OF_1_2), r"too old for config and view .*--ocio .* VOID_OCIO, .*--view\.$"),
        (Request(REQUEST.shot, layers=True), r"too old for layers .*leave out --layers\.$"),
        (Request(REQUEST.shot, output=("matte",)), r"too old for output .*--output but comp and"),
    ],
    ids=["config and view", "layers", "output"],
)
def test_what_an_older_server_cannot_be_told_is_named_with_a_way_around(
    desk, client_of, newer, said
):
    server = desk({Hello: [msgspec.structs.replace(WELCOME, protocol=(1, 1))]})
    with pytest.raises(RequestError, match=said):
        client_of(server).submit(newer)


def test_nobody_there_is_a_lost_connection_after_the_timeout(client_of):
    client = client_of("tcp://127.0.0.1:1", timeout=0.2)
    with pytest.raises(ConnectionLost, match=r"does not answer \(waited 0\.2 s\)") as caught:
        client.hello()
    assert caught.value.code == "server_down"
    assert "void-server" in caught.value.hint


def test_after_silence_the_same_client_can_ask_again(desk, client_of):
    server = desk({Hello: [None, WELCOME]})
    client = client_of(server, timeout=0.2)
    with pytest.raises(ConnectionLost):
        client.hello()
    assert client.hello() == WELCOME


def test_a_lost_question_is_repeated_under_its_id(desk, client_of, monkeypatch):
    monkeypatch.setattr("bridge.exchange.REPEAT_SECONDS", 0.1)
    server = desk({Submit: [None, None, Submitted("j1", "queued", ())]})
    assert client_of(server).submit(REQUEST).job == "j1"
    assert len({incoming.request for incoming in server.heard}) == 1
    assert len(server.heard) == 3


def test_answers_to_questions_given_up_are_let_pass(desk, client_of, monkeypatch):
    monkeypatch.setattr("bridge.exchange.REPEAT_SECONDS", 0.1)
    late = threading.Event()

    def slow(question):
        late.wait(0.35)
        return Submitted("j1", "queued", ())

    server = desk({Submit: [slow], GetJobs: [Jobs(())]})
    client = client_of(server)
    assert client.submit(REQUEST).job == "j1"
    assert client.jobs() == ()


@pytest.mark.parametrize("kind", [RequestError, ServerError])
def test_an_error_of_the_server_is_raised_here_in_its_words(kind, desk, client_of):
    record = ErrorRecord(kind.kind, "matte_empty", "sh010 matte", "it is empty", "Draw one.")
    client = client_of(desk({Submit: [Failed(record)]}))
    with pytest.raises(kind) as caught:
        client.submit(REQUEST)
    assert caught.value.record() == record


def test_an_answer_to_another_question_is_an_error(desk, client_of):
    with pytest.raises(RequestError, match="expected Submitted, got Pong"):
        client_of(desk({Submit: [Pong("epoch")]})).submit(REQUEST)


def test_a_server_of_another_major_is_refused_with_both_named(desk, client_of):
    server = desk({Hello: [Welcome((2, 0), "9.0", "e", MAX_CHUNK, CREDIT, False, (), (), 0)]})
    with pytest.raises(RequestError, match=r"expected 1, got 2; void-bridge 9\.0 there"):
        client_of(server).hello()


def test_a_server_that_refuses_our_major_is_believed(desk, client_of):
    def refuse(hello):
        text = f"the other side speaks protocol {hello.speaks[1]} (expected 2, got 1)"
        return Failed(ErrorRecord("request", "protocol_version", "message", text))

    with pytest.raises(RequestError, match=r"expected 2, got 1") as caught:
        client_of(desk({Hello: [refuse]})).hello()
    assert caught.value.code == "protocol_version"


def test_watching_ends_with_a_final_state_and_tells_every_result_once(desk, client_of):
    server = desk(
        {
            GetStatus: [
                Status(job("queued"), ()),
                Status(job("running", 2), results(1001, 1002)),
                Status(job("running", 2), ()),
                Status(job("done", 3), results(1003)),
            ]
        }
    )
    statuses = list(client_of(server).watch("j1", interval=0.01))
    assert [status.status.state for status in statuses] == ["queued", "running", "running", "done"]
    assert [result.frame for status in statuses for result in status.results] == [1001, 1002, 1003]
    assert [question.since for question in server.asked] == [0, 0, 2, 2]


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_results_that_come_in_several_answers_are_all_told(state, desk, client_of):
    def page(question):
        frames = range(1001 + question.since, min(1006, 1003 + question.since))
        return Status(job(state, 5), results(*frames))

    statuses = list(client_of(desk({GetStatus: [page]})).watch("j1", since=1, interval=60.0))
    assert [result.frame for status in statuses for result in status.results] == [
        1002,
        1003,
        1004,
        1005,
    ]


def test_watching_waits_out_a_restart_of_the_server(desk, client_of):
    first = desk({GetStatus: [Status(job("running", 1), results(1001))]})
    statuses = client_of(first, timeout=0.3).watch("j1", interval=0.01)
    assert next(statuses).status.state == "running"
    first.close()
    answers = [None, None, Status(job("done", 2), results(1002))]
    second = desk({GetStatus: answers}, first.endpoint)
    assert [status.status.state for status in statuses] == ["done"]
    assert {question.since for question in second.asked} == {1}


def test_watching_a_server_that_stays_away_ends(client_of):
    client = client_of("tcp://127.0.0.1:1", timeout=0.1)
    with pytest.raises(ConnectionLost):
        next(client.watch("j1", patience=0.3))


def test_watching_a_job_that_is_not_there_is_an_error(desk, client_of):
    record = ErrorRecord("request", "no_job", "job j1", "there is none")
    with pytest.raises(RequestError, match="there is none"):
        next(client_of(desk({GetStatus: [Failed(record)]})).watch("j1"))


def test_a_malformed_address_is_named():
    with pytest.raises(RequestError, match="it is none"):
        Client("here")


def test_a_client_closes_more_than_once(desk):
    client = Client(desk({Hello: [WELCOME]}).endpoint)
    client.hello()
    client.close()
    client.close()
