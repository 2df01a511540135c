import pytest

from bridge.errors import ErrorRecord
from bridge.messages import JobStatus
from host_plugins.panel.rows import row, told

NOW = 1_700_000_000.0


def job(state="running", **fields):
    fields = {"finished": 12, "created": NOW - 200, **fields}
    return JobStatus("1a2b3c4d" * 4, "sh010", state, "void", 1001, 1040, **fields)


@pytest.mark.parametrize(
    ("status", "doing"),
    [
        (job(stage="filling", done=3, total=9), "filling 3/9"),
        (
            job(stage="denoising", step=12, steps=50, eta=200.4),
            "denoising, step 12/50, 3 min 20 s left",
        ),
        (job("queued"), "waits for its turn"),
        (job("uploading"), "pictures are on their way"),
        (job("done", seconds=7500.0), "took 2 h 5 min"),
        (job("failed", error=ErrorRecord("request", "empty_matte", "sh010", "the matte is black")),
         "the matte is black"),
    ],
)  # fmt: skip
def test_a_row_says_what_happens_to_the_job(status, doing):
    assert row(status, now=NOW).doing == doing


def test_a_row_counts_frames_and_tells_the_age():
    shown = row(job(), now=NOW)
    assert (shown.frames, shown.age, shown.share) == ("12/40", "3 min 20 s", 0.3)


@pytest.mark.parametrize(
    ("status", "share"),
    [
        (job(finished=0, seconds=90.0, eta=30.0), 0.75),
        (job(finished=40, seconds=1.0, eta=9.0), 1.0),
        (job(finished=0, seconds=0.0, eta=0.0), 0.0),
        (job("cancelled", finished=10, seconds=90.0, eta=30.0), 0.25),
    ],
    ids=["by time", "never less than the frames", "just begun", "only of what runs"],
)
def test_a_bar_moves_before_the_first_frame_where_the_time_left_is_known(status, share):
    assert row(status, now=NOW).share == share


def test_a_clock_that_differs_makes_nothing_younger_than_now():
    assert row(job(created=NOW + 3600), now=NOW).age == "0 s"


def test_notes_are_counted_in_words():
    assert [row(job(warnings=("softer",) * n), now=NOW).notes for n in range(3)] == [
        "",
        "1 note",
        "2 notes",
    ]


def test_all_there_is_to_say_begins_as_the_command_line_says_it():
    error = ErrorRecord("server", "device_memory", "sh010", "it does not fit", "Try draft.")
    lines = told(
        job("failed", seconds=61.0, attempt=2, error=error, warnings=("softer",))
    ).splitlines()
    assert lines[0] == "sh010 1a2b3c4d: failed, 12 of 40 frames, took 1 min 1 s"
    assert lines[1].startswith("frames 1001-1040, engine void, submitted 20")
    assert lines[2:] == [
        "begun 2 times: a worker died",
        "sh010: it does not fit. Try draft.",
        "note: softer",
    ]
