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


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"steps": 12, "refine": "on", "refine_steps": 40},
         "12 steps, second pass on, 40 steps in the second pass"),
        ({"steps": 0, "refine": "off", "refine_steps": 40}, "second pass off"),
        ({"steps": 0, "refine": "auto", "refine_steps": 0}, "model 672x384"),
    ],
)  # fmt: skip
def test_it_says_what_work_the_model_was_told_to_take(what_ran, asked, said):
    record = MODEL | {"parameters": MODEL["parameters"] | asked}
    assert f"quality standard, {said}" in what_ran.line(record)


def test_what_decides_the_look_goes_down_the_pipeline_as_it_was_and_not_as_auto(what_ran):
    found = what_ran.facts(
        job="1f",
        version="v002",
        record=MODEL
        | {
            "parameters": {"quality": "best", "refine": "auto", "steps": 30, "region": "auto"},
            "engine_facts": {"model": "0123456789abcdef", "region": "0,0,8,4", "curve": "shaper"},
            "versions": {"void-bridge": "0.9.0"},
        },
    )
    wanted = {
        "quality": "best", "refine": "auto", "steps": "30", "region": "0,0,8,4",
        "model": "0123456789abcdef", "curve": "shaper", "version": "0.9.0",
    }  # fmt: skip
    assert {key: found[f"void/{key}"] for key in wanted} == wanted


@pytest.mark.parametrize("record", [{}, {"job": "1", "state": "partial", "landing": {}}])
def test_a_job_that_runs_says_nothing_yet(what_ran, record):
    assert what_ran.line(record) == ""


def test_a_record_of_another_version_of_us_is_no_error(what_ran):
    assert what_ran.line({"engine": "later"}) == "later"


@pytest.mark.parametrize(
    "changed",
    [
        {"versions": "1.0"},
        {"versions": {"void-bridge": ["1", "0"]}},
        {"parameters": None},
        {"engine_facts": ["gpu"]},
        {"engine": None},
        {"device": 0},
        {"last_frame": None},
        {"warnings": None},
        {"seconds": None},
        {"seen": "most", "engine": "cleanplate"},
    ],
    ids=str,
)
def test_what_has_become_something_else_takes_nothing_else_with_it(what_ran, changed):
    record = MODEL | changed
    assert "seed 42" in what_ran.line(record)
    assert what_ran.facts(job="1f", version="v002", record=record)["void/seed"] == "42"


def test_only_facts_that_are_known_go_down_the_pipeline(what_ran):
    assert what_ran.facts(job="1f", version="v002", record={}) == {
        "void/job": "1f",
        "void/result": "v002",
    }
    assert what_ran.facts(job="1f", version="v002", record=MODEL)["void/seed"] == "42"
