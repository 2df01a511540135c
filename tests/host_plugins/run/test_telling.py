import pytest

from bridge.messages import JobStatus
from host_plugins.run.telling import Telling


def status(state="running", **fields):
    return JobStatus("0" * 32, "sh010", state, "void", 1001, 1010, **fields)


@pytest.fixture
def told():
    return []


@pytest.fixture
def telling(told):
    return Telling(told.append)


def test_the_share_rises_through_all_stages_and_ends_at_one(telling, told):
    telling.checking("reading the node")
    telling.exporting(0, "exporting 10 frames", view="")
    telling.reading(0, 100, view="")
    telling.sending(0, 100, view="")
    telling.job(status("queued"), view="", finished=0)
    telling.job(status(finished=3), view="", finished=3)
    telling.job(status("done", finished=10), view="", finished=10)
    shares = [progress.done for progress in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, pytest.approx(1.0))
    assert [progress.stage for progress in told] == [
        "checking",
        "exporting",
        "reading",
        "sending",
        "waiting",
        "running",
        "landing",
    ]


def test_a_job_with_an_estimate_is_told_by_time(telling, told):
    telling.job(
        status(stage="denoising", step=12, steps=50, seconds=30.0, eta=10.0), view="", finished=0
    )
    assert told[-1].text == "denoising, step 12/50"
    assert told[-1].eta == 10.0
    early = told[-1].done
    telling.job(
        status(stage="writing", done=3, total=10, seconds=30.0, eta=90.0), view="", finished=0
    )
    assert told[-1].text == "writing 3 of 10"
    assert told[-1].done == early  # a bar never goes back


def test_views_that_are_still_to_come_take_as_long_again(told):
    telling = Telling(told.append, views=2)
    telling.begin(0)
    telling.job(status(seconds=30.0, eta=10.0), view="left", finished=0)
    assert told[-1].eta == 50.0
    halfway = 0.22 + 0.78 / 2  # the first fifth is the export of both
    assert told[-1].done < halfway
    telling.begin(1)
    telling.job(status(seconds=30.0, eta=10.0), view="right", finished=0)
    assert (told[-1].eta, told[-1].view) == (10.0, "right")
    assert told[-1].done > halfway


def test_blocks_of_bytes_are_not_told_one_by_one(telling, told):
    for count in range(1000):
        telling.reading(count, 1000, view="")
    assert len(told) < 20
    assert told[0].text == "reading 0 B of 1.0 kB"


def test_silence_keeps_what_was_reached(telling, told):
    telling.job(status(finished=5), view="left", finished=5)
    before = told[-1]
    telling.silence()
    assert told[-1].text == "waiting for the server to answer"
    assert (told[-1].done, told[-1].finished, told[-1].view) == (before.done, 5, "left")
    assert telling.last is told[-1]
