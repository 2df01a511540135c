import msgspec

from bridge.messages import GetStatus, JobStatus, Preview, Status


def plain(message) -> dict:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(message))


def job(**fields) -> JobStatus:
    return JobStatus("j1", "sh010", "running", "void", 1001, 1010, **fields)


def test_to_a_peer_of_1_0_nothing_is_said_that_it_does_not_know():
    assert plain(GetStatus("j1", 3)) == {"type": "GetStatus", "job": "j1", "since": 3}
    assert "preview" not in plain(Status(job(stage="x"), ()))["status"]


def test_what_a_peer_of_1_0_says_is_understood():
    old = {"type": "GetStatus", "job": "j1", "since": 3}
    assert msgspec.convert(old, GetStatus) == GetStatus("j1", 3, preview=False)


def test_a_preview_travels_whole():
    status = job(preview=Preview(1004, 8, "ab" * 32, 512))
    encoded = msgspec.msgpack.encode(Status(status, ()))
    assert msgspec.msgpack.decode(encoded, type=Status).status == status
