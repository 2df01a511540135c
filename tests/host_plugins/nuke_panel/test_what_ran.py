"""A result's record in the artist's words."""

import pytest


@pytest.fixture
def what_ran(session):
    from host_plugins.nuke_panel import what_ran

    return what_ran


MODEL = {
    "engine": "void",
    "device": "cuda:0",
    "first_frame": 1001,
    "last_frame": 1040,
    "parameters": {"quality": "standard", "width": 672, "height": 384},
    "engine_facts": {"gpu": "NVIDIA H200", "region": "100,50,1480,846"},
    "seed": 42,
    "seconds": 432.0,
    "warnings": ["the plate is larger <than> the model"],
}


def test_a_model_says_how_large_it_saw_the_shot(what_ran):
    assert what_ran.line(MODEL) == (
        "void on NVIDIA H200, frames 1001-1040, quality standard, model 672x384, region 1480x846, "
        "seed 42, 7 min 12 s<br>Note: the plate is larger &lt;than&gt; the model"
    )


@pytest.mark.parametrize("record", [{}, {"job": "1", "state": "partial", "landing": {}}])
def test_a_job_that_runs_says_nothing_yet(what_ran, record):
    assert what_ran.line(record) == ""


def test_a_record_of_another_version_of_us_is_no_error(what_ran):
    assert what_ran.line({"engine": "later"}) == "later"


def test_only_facts_that_are_known_go_down_the_pipeline(what_ran):
    assert what_ran.facts(job="1f", version="v002", record={}) == {
        "void/job": "1f",
        "void/result": "v002",
    }
    assert what_ran.facts(job="1f", version="v002", record=MODEL)["void/seed"] == "42"
