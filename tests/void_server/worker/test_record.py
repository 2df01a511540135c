import pytest

from bridge.errors import ServerError
from void_server.worker.record import EngineRecord


def record(folder, *, resumed=False, told=None):
    told = [] if told is None else told
    return EngineRecord(folder, resumed=resumed, on_warning=told.append)


def test_facts_are_kept_and_a_later_one_of_the_same_key_wins(tmp_path):
    made = record(tmp_path)
    made.note("memory", "full")
    made.note("steps", 30)
    made.note("compiled", True)
    made.note("memory", "offload")
    assert made.facts == {"memory": "offload", "steps": 30, "compiled": True}


def test_the_facts_of_the_last_attempt_that_noted_any_stay(tmp_path):
    first = record(tmp_path)
    first.note("memory", "full")
    first.note("flow", "raft")
    assert record(tmp_path, resumed=True).facts == first.facts
    second = record(tmp_path, resumed=True)
    second.note("memory", "fp8")
    assert second.facts == {"memory": "fp8"}
    assert record(tmp_path, resumed=True).facts == {"memory": "fp8"}


def test_a_job_that_begins_anew_knows_nothing_of_what_was_before(tmp_path):
    old = record(tmp_path)
    old.note("memory", "full")
    old.warn("the prompt was cut")
    new = record(tmp_path)
    assert (new.facts, new.warnings) == ({}, ())


def test_warnings_add_up_over_attempts_and_each_is_told_once(tmp_path):
    told = []
    first = record(tmp_path, told=told)
    first.warn("it went slow")
    first.warn("it went slow")
    second = record(tmp_path, resumed=True, told=told)
    second.warn("the prompt was cut")
    second.warn("it went slow")
    assert second.warnings == ("it went slow", "the prompt was cut")
    assert told == ["it went slow", "the prompt was cut"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"facts": {"a": null}}', b"[1]"])
def test_a_damaged_file_counts_as_none(tmp_path, content):
    (tmp_path / "engine.json").write_bytes(content)
    assert record(tmp_path, resumed=True).facts == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_cannot_hold_is_refused(tmp_path, value):
    with pytest.raises(ValueError, match="fact share: not finite"):
        record(tmp_path).note("share", value)


def test_a_folder_that_is_gone_is_the_servers_error(tmp_path):
    with pytest.raises(ServerError):
        record(tmp_path / "gone").note("memory", "full")
