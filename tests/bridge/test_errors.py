import msgspec
import pytest

from bridge.errors import (
    ConnectionLost,
    ErrorRecord,
    RequestError,
    ServerError,
    VoidError,
    from_record,
)


def test_an_error_reads_subject_what_is_wrong_what_to_do():
    error = RequestError("sh010 plate", "frame 1033 is missing", "Render it.", code="missing")
    assert str(error) == "sh010 plate: frame 1033 is missing. Render it."
    assert str(ServerError("spool", "it is full")) == "spool: it is full."


@pytest.mark.parametrize("kind", [RequestError, ServerError, ConnectionLost])
def test_an_error_survives_the_wire(kind):
    error = kind("plate", "it is wrong", "Mend it.", code="wrong")
    data = msgspec.msgpack.encode(error.record())
    back = from_record(msgspec.msgpack.decode(data, type=ErrorRecord))
    assert type(back) is kind
    assert back.args == error.args
    assert str(back) == str(error)


def test_an_error_of_an_unknown_kind_is_the_servers():
    assert type(from_record(ErrorRecord("new", "code", "job", "it failed"))) is ServerError


def test_what_the_caller_can_mend_or_repeat_exits_with_2_and_the_rest_with_1():
    assert {
        kind.__name__: kind.exit_code for kind in (RequestError, ServerError, ConnectionLost)
    } == {"RequestError": 2, "ServerError": 1, "ConnectionLost": 2}
    assert all(issubclass(kind, VoidError) for kind in (RequestError, ServerError, ConnectionLost))
