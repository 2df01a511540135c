import json

import pytest

from void_server.worker.sidecar import (
    FrameRecord,
    changed_values,
    recall,
    remember,
    seen_share,
)


def record(
    frame: int, *, hole: int = 100, seen: float = 1.0, changed: int | None = 0
) -> FrameRecord:
    return FrameRecord(
        frame=frame, hole=hole, seen=seen, changed_outside=changed, source_sha256="ab" * 32
    )


def test_what_was_remembered_is_recalled(tmp_path):
    remember(tmp_path, record(1001))
    remember(tmp_path, record(1002))
    assert recall(tmp_path) == {1001: record(1001), 1002: record(1002)}


def test_a_frame_made_twice_counts_once_with_its_later_record(tmp_path):
    remember(tmp_path, record(1001, seen=0.5))
    remember(tmp_path, record(1001, seen=0.75))
    assert recall(tmp_path) == {1001: record(1001, seen=0.75)}


def test_a_line_torn_by_a_crash_is_skipped(tmp_path):
    remember(tmp_path, record(1001))
    with (tmp_path / "frames.jsonl").open("ab") as journal:
        journal.write(b'\n{"frame": 1002, "ho')
    assert recall(tmp_path) == {1001: record(1001)}
    remember(tmp_path, record(1003))
    assert recall(tmp_path) == {1001: record(1001), 1003: record(1003)}


def test_a_job_without_a_journal_has_no_records(tmp_path):
    assert recall(tmp_path) == {}


def test_the_seen_share_weighs_frames_by_their_hole():
    records = {1: record(1, hole=300, seen=1.0), 2: record(2, hole=100, seen=0.0)}
    assert seen_share(records) == 0.75
    assert seen_share({}) == 1.0


def test_a_record_is_plain_json(tmp_path):
    remember(tmp_path, record(1001))
    line = (tmp_path / "frames.jsonl").read_text().split()[0]
    assert json.loads(line)["frame"] == 1001


@pytest.mark.parametrize(
    ("counts", "total"),
    [((0, 0), 0), ((2, 3), 5), ((None, None), None), ((None, 4), 4), ((), None)],
)
def test_only_frames_with_a_comp_can_have_changed_outside_it(counts, total):
    records = {n: record(n, changed=count) for n, count in enumerate(counts)}
    assert changed_values(records) == total
