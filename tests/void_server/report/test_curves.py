import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.report.curves import Chart, legend, ticks, to_svg

numbers = st.floats(allow_nan=True, allow_infinity=True)


def chart(**changes) -> Chart:
    values = {"title": "Gain", "series": {"r": {n: float(n) for n in range(1001, 1011)}}}
    return Chart(**(values | changes))


def drawn(one: Chart) -> ET.Element:
    return ET.fromstring(to_svg(one))


def points(svg: ET.Element) -> list[list[tuple[float, float]]]:
    lines = [line.attrib["points"] for line in svg.iter("polyline")]
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in lines]


def test_a_curve_rises_where_the_numbers_rise_from_the_first_frame_to_the_last():
    ((*curve,),) = points(drawn(chart()))
    assert len(curve) == 10
    assert [x for x, _ in curve] == sorted(x for x, _ in curve)
    assert [y for _, y in curve] == sorted((y for _, y in curve), reverse=True)


def test_the_axes_name_the_first_and_the_last_frame():
    texts = [text.text for text in drawn(chart()).iter("text")]
    assert "1001" in texts
    assert "1010" in texts


def test_a_chart_may_reach_over_more_frames_than_have_a_number():
    texts = [text.text for text in drawn(chart(frames=(990, 1100))).iter("text")]
    assert "990" in texts
    assert "1100" in texts


def test_frames_without_a_number_leave_a_gap_and_one_alone_is_a_dot():
    values = {1: 1.0, 2: 2.0, 5: 1.0, 8: 3.0, 9: math.nan, 10: 1.0, 11: 0.0}
    svg = drawn(chart(series={"r": values}))
    assert [len(run) for run in points(svg)] == [2, 2]
    assert len(list(svg.iter("circle"))) == 2


def test_a_pointer_is_told_the_frame_and_all_its_numbers():
    svg = drawn(chart(series={"before": {1: 0.5, 2: 0.25}, "after": {2: 0.125}}, unit="stops"))
    titles = [title.text for title in svg.iter("title")]
    assert titles == ["1\nbefore 0.5 stops", "2\nbefore 0.25 stops\nafter 0.125 stops"]


def test_a_spike_of_one_frame_in_a_long_shot_is_not_lost():
    values = dict.fromkeys(range(1, 20_001), 0.0) | {7777: 5.0}
    svg = to_svg(chart(series={"r": values}))
    assert len(svg) < 100_000
    ((*curve,),) = points(ET.fromstring(svg))
    heights = [y for _, y in curve]
    assert min(heights) < 20
    assert sum(y < 100 for y in heights) == 1
    assert "r 0 to 5" in svg


def test_without_a_number_there_is_no_chart():
    assert to_svg(chart(series={})) == ""
    assert to_svg(chart(series={"r": {1: math.inf}})) == ""


def test_the_level_that_would_be_right_is_on_the_chart_even_if_no_number_is_near():
    svg = drawn(chart(series={"r": {1: 5.0, 2: 6.0}}, level=0.0))
    (level,) = [line for line in svg.iter("line") if line.attrib["class"] == "level"]
    assert 100 < float(level.attrib["y1"]) < 176


def test_several_curves_have_a_legend_in_their_own_colors():
    two = chart(series={"r": {1: 1.0}, "g": {1: 2.0}})
    colors = re.findall(r"background:(#\w+)", legend(two))
    assert len(set(colors)) == 2
    assert all(color in to_svg(two) for color in colors)
    assert legend(chart()) == ""


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-0.003, 0.003, [-0.002, 0.0, 0.002]),
        (1001.0, 1048.0, [1010.0, 1020.0, 1030.0, 1040.0]),
        (3.0, 3.0, [3.0]),
    ],
)
def test_ticks_are_round_numbers_within_the_range(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.integers(-5, 3000), numbers, max_size=30), st.none() | st.just(1.0))
def test_whatever_the_numbers_every_coordinate_is_inside_the_picture(values, level):
    svg = to_svg(chart(series={"r": values}, level=level))
    if not svg:
        return
    root = ET.fromstring(svg)
    for curve in points(root):
        for x, y in curve:
            assert 0 <= x <= 640
            assert 0 <= y <= 200
    for rect in root.iter("rect"):
        assert 56 <= float(rect.attrib["x"]) <= 620
        assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= 620.2
