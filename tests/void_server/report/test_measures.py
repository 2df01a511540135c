import pytest

from void_server.report.measures import charts


def test_measures_that_are_alike_share_a_chart_and_others_have_their_own():
    found = charts({1: {"gain_r": 0.1, "gain_g": 0.2, "gain_b": 0.3, "seconds": 4.0}})
    assert [chart.title for chart in found] == ["Colour gain", "Time"]
    assert found[0].series == {"r": {1: 0.1}, "g": {1: 0.2}, "b": {1: 0.3}}


def test_before_and_after_are_told_apart():
    (flicker,) = charts({1: {"flicker_before": 0.1, "flicker_after": 0.0}, 2: {"flicker_after": 0}})
    assert flicker.series == {"before": {1: 0.1}, "after": {1: 0.0, 2: 0}}
    assert flicker.level == 0.0


@pytest.mark.parametrize("name", ["ring_residual", "ring residual"])
def test_a_measure_is_known_however_its_words_are_joined(name):
    (chart,) = charts({1: {name: 0.01}})
    assert chart.title == "Colour residual"
    assert "changed the background" in chart.note


def test_a_measure_that_nobody_knows_is_shown_under_its_own_name():
    (chart,) = charts({7: {"moon_phase": 0.5}})
    assert chart.title == "Moon phase"
    assert chart.series == {"moon_phase": {7: 0.5}}


def test_a_shot_without_measures_has_no_charts():
    assert charts({}) == []
    assert charts({1: {}}) == []


def test_charts_of_one_shot_come_in_one_order_and_over_the_same_frames():
    found = charts({1: {"seconds": 1.0}, 5: {"moon": 1.0, "gain_r": 1.0, "seconds": 2.0}}, (1, 9))
    assert [chart.title for chart in found] == ["Colour gain", "Time", "Moon"]
    assert {chart.frames for chart in found} == {(1, 9)}
