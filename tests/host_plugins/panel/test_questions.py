from bridge.messages import JobStatus
from host_plugins.panel import questions


def job(state, name="sh010", finished=12):
    return JobStatus("1a2b3c4d" * 4, name, state, "void", 1001, 1040, finished=finished)


def test_only_what_is_not_over_can_be_cancelled_and_only_the_rest_purged():
    jobs = [job(s) for s in ("queued", "uploading", "running", "done", "failed", "cancelled")]
    assert questions.cancellable(jobs) == jobs[:3]
    assert questions.purgeable(jobs) == jobs[3:]


def test_the_question_names_the_shot_and_says_what_stays():
    asked = questions.about_cancelling([job("running")])
    assert asked.text == "Stop sh010?"
    assert asked.detail.startswith("sh010: running, 12 of 40 frames")
    assert "Frames that are finished stay" in asked.detail


def test_the_question_about_many_jobs_counts_them_and_lists_a_few():
    asked = questions.about_purging([job("done", name=f"sh{n:03}") for n in range(9)])
    assert asked.text == "Delete 9 jobs from the server?"
    assert asked.detail.splitlines()[5:7] == ["sh005: done, 12 of 40 frames", "and 3 more"]


def test_the_button_that_does_it_says_what_it_does():
    assert questions.about_purging([job("done")]).yes == "Delete it"
    assert questions.about_cancelling([job("running")] * 2).no == "Let them go on"
