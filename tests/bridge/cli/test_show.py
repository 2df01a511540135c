import io
from contextlib import redirect_stderr

import pytest

import bridge
from bridge.cli import show
from bridge.messages import JobStatus


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_time_is_told_as_people_tell_it(seconds, text):
    assert show.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (66_300_000, "66.3 MB"), (2_500_000_000_000, "2.5 TB")],
)
def test_bytes_are_told_as_people_tell_them(count, text):
    assert show.size(count) == text


def test_where_nobody_watches_each_stage_is_one_line():
    said = io.StringIO()
    with redirect_stderr(said), show.job_progress() as on_status:
        for done, stage in enumerate(["", "tracking", "tracking", "filling [1]"]):
            on_status(JobStatus("j", "sh010", "running", "x", 1, 9, stage=stage, done=done))
    assert said.getvalue() == "sh010: running\nsh010: tracking\nsh010: filling [1]\n"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "running"),
        ({"stage": "tracking", "done": 3, "total": 9}, "tracking"),
        ({"stage": "denoising", "step": 12, "steps": 30}, "denoising, step 12/30"),
    ],
)
def test_a_stage_is_told_with_its_step(fields, text):
    assert show.stage(JobStatus("j", "sh010", "running", "x", 1, 9, **fields)) == text


def test_the_version_is_the_packages(void):
    assert void("--version").strip() == f"void-bridge {bridge.__version__}"


def test_every_command_explains_itself(void):
    overview = void("--help")
    for command in ("remove", "demo", "status", "jobs", "cancel", "fetch", "purge", "doctor"):
        assert command in overview
    explained = void("remove", "--help")
    for option in ("--matte", "--keep", "--frames", "--missing", "--new-version", "--json"):
        assert option in explained
