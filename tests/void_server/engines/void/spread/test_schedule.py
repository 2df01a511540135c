"""The plan: complete, in an order that works, and as short as the devices allow."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from void_server.engines.void.spread.schedule import Task, plan, timeline, window_cost
from void_server.engines.void.spread.segments import needed, segments
from void_server.engines.void.windows import Window, windows

LONG = windows(50)
JOIN = 8


def share_of_one_device(parts, *, branches, steps, ranks):
    entries = timeline(parts, branches=branches, steps=steps, ranks=ranks, join=JOIN)
    return max(e.end for e in entries) / sum(e.end - e.begin for e in entries)


@pytest.mark.parametrize(
    ("parts", "branches", "steps", "ranks", "at_most"),
    [
        pytest.param(LONG, 1, 30, 2, 0.52, id="197 frames"),
        pytest.param(LONG, 1, 6, 2, 0.52, id="197 frames in 6 steps"),
        pytest.param(LONG, 2, 50, 2, 0.51, id="197 frames, guided"),
        pytest.param(windows(22), 2, 50, 2, 0.5, id="85 frames, guided"),
        pytest.param(windows(40), 1, 30, 2, 0.5, id="157 frames"),
        pytest.param(LONG, 1, 30, 3, 0.40, id="three devices"),
        pytest.param(LONG, 2, 50, 4, 0.28, id="four devices"),
        pytest.param(windows(22), 1, 30, 2, 1.0, id="nothing to share"),
    ],
)
def test_the_plan_takes_this_share_of_one_device(parts, branches, steps, ranks, at_most):
    share = share_of_one_device(parts, branches=branches, steps=steps, ranks=ranks)
    assert share <= at_most + 1e-9


def test_one_rank_follows_the_plain_order():
    found = plan(LONG, branches=2, steps=3, ranks=1, join=JOIN)
    assert found == tuple(
        Task(step, window, branch, 0)
        for step in range(3)
        for window in range(3)
        for branch in range(2)
    )


def test_the_plan_is_made_without_torch():
    code = (
        "import sys; import void_server.engines.void.spread.schedule; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_whole_window_costs_one():
    assert window_cost(22) == pytest.approx(1)
    assert window_cost(44) > 2


SHAPES = st.tuples(st.integers(3, 40), st.integers(3, 11)).map(
    lambda shape: windows(2 * shape[0], size=2 * shape[1])
)


@given(SHAPES, st.integers(1, 2), st.integers(1, 6), st.integers(1, 5))
def test_every_task_is_there_once_and_after_what_it_needs(parts, branches, steps, ranks):
    entries = timeline(parts, branches=branches, steps=steps, ranks=ranks, join=JOIN)
    calls = [(e.task.step, e.task.window, e.task.branch) for e in entries]
    assert sorted(calls) == [
        (s, w, b) for s in range(steps) for w in range(len(parts)) for b in range(branches)
    ]
    cut = segments(parts, join=JOIN)
    seen = {}
    for entry in entries:
        task = entry.task
        for other in needed(cut, task.window) if task.step else ():
            for branch in range(branches):
                assert seen[task.step - 1, other, branch].end <= entry.begin
        seen[task.step, task.window, task.branch] = entry


@given(SHAPES, st.integers(1, 2), st.integers(1, 6), st.integers(1, 5))
def test_a_rank_does_one_thing_at_a_time(parts, branches, steps, ranks):
    entries = timeline(parts, branches=branches, steps=steps, ranks=ranks, join=JOIN)
    free = [0.0] * ranks
    for entry in sorted(entries, key=lambda e: e.begin):
        assert free[entry.task.rank] <= entry.begin
        free[entry.task.rank] = entry.end


@given(SHAPES, st.integers(1, 10))
def test_segments_tile_the_chunk_and_name_their_windows(parts, join):
    found = segments(parts, join=join)
    assert [s.start for s in found] == [0, *(s.stop for s in found[:-1])]
    assert found[-1].stop == parts[-1].stop
    for part in found:
        covering = [
            number
            for number, window in enumerate(parts)
            if set(range(part.start, part.stop)) & set(range(window.start, window.stop))
        ]
        assert list(part.windows) == covering


def test_segments_leave_whole_what_is_joined():
    parts = [Window(0, 6), Window(2, 8), Window(4, 10)]
    assert [(s.start, s.stop) for s in segments(parts, join=4)] == [(0, 4), (4, 6), (6, 10)]
    assert [(s.start, s.stop) for s in segments(LONG, join=JOIN)] == [
        (0, 18), (18, 22), (22, 36), (36, 40), (40, 50)
    ]  # fmt: skip
