from fractions import Fraction

import numpy as np
import OpenEXR
import pytest
from hypothesis import given
from hypothesis import strategies as st

from void_server.images.exr_header import read_header
from void_server.images.timecode import advance, unpacked

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("start", "frames", "rate", "expected"),
    [
        pytest.param("01:00:00:00", 0, Fraction(24), "01:00:00:00", id="first"),
        pytest.param("01:00:00:23", 1, Fraction(24), "01:00:01:00", id="next-second"),
        pytest.param("23:59:59:24", 1, Fraction(25), "00:00:00:00", id="midnight"),
        pytest.param("00:00:59;29", 1, NTSC, "00:01:00;02", id="drop-first-minute"),
        pytest.param("00:09:59;29", 1, NTSC, "00:10:00;00", id="tenth-minute-drops-none"),
        pytest.param("00:01:59;29", 1, NTSC, "00:02:00;02", id="drop-second-minute"),
        pytest.param("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04", id="59.94-drops-4"),
        pytest.param("00:00:00;00", 107892, NTSC, "01:00:00;00", id="an-hour-of-drop"),
        pytest.param("01:00:00:00", 24, Fraction(24000, 1001), "01:00:01:00", id="23.976"),
        pytest.param("no timecode", 1, Fraction(24), None, id="nonsense"),
        pytest.param("01:00:00:00", 1, Fraction(120), None, id="no-such-rate"),
    ],
)
def test_labels_follow_smpte(start, frames, rate, expected):
    assert advance(start, frames, rate) == expected


@given(st.integers(0, 200_000), st.integers(0, 5_000))
def test_steps_add_up_and_no_dropped_label_is_made(first, second):
    middle = advance("00:00:00;00", first, NTSC)
    assert advance(middle, second, NTSC) == advance("00:00:00;00", first + second, NTSC)
    _hours, minutes, seconds, frame = (int(part) for part in middle.replace(";", ":").split(":"))
    assert not (minutes % 10 and seconds == 0 and frame < 2)


@pytest.mark.parametrize(
    "parts",
    [(0, 0, 0, 0, False), (21, 42, 53, 14, True), (23, 59, 59, 29, False), (9, 8, 7, 6, True)],
)
def test_the_stored_word_is_read_as_openexr_writes_it(studio, parts):
    hours, minutes, seconds, count, drop = parts
    code = OpenEXR.TimeCode(hours, minutes, seconds, count, drop, *([True] * 5), *([0] * 8))
    path = studio.exr("a.exr", {"Y": np.zeros((2, 2), np.float16)}, timeCode=code)
    expected = f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{count:02}"
    assert read_header(path, path.name).parts[0].timecode == expected


@pytest.mark.parametrize(
    "word",
    [
        pytest.param(0xFFFFFFFF, id="all-ones"),
        pytest.param(0x24000000, id="24-hours"),
        pytest.param(0x0A000000, id="no-digit-in-hours"),
        pytest.param(0x00600000, id="60-minutes"),
        pytest.param(0x00006000, id="60-seconds"),
        pytest.param(0x00000B00, id="no-digit-in-seconds"),
        pytest.param(0x0000000F, id="no-digit-in-frames"),
    ],
)
def test_what_is_no_time_of_day_is_no_timecode(word):
    assert unpacked(word) is None


@given(st.integers(0, 0xFFFFFFFF))
def test_whatever_is_read_can_be_written(word):
    label = unpacked(word)
    if label is not None:
        hours, minutes, seconds, count = map(int, label.replace(";", ":").split(":"))
        OpenEXR.TimeCode(hours, minutes, seconds, count, ";" in label, *([False] * 5), *([0] * 8))
