"""SMPTE timecode: which label belongs to the picture n frames on.

Source: SMPTE ST 12-1: drop frame leaves out two labels a minute (four at 59.94), except in every
tenth minute.
"""

from __future__ import annotations

import re
from fractions import Fraction

_TEXT = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2})")

MOST_FRAMES = 29
"""Highest frame count of a stored timecode; faster ones than 30 a second are counted by pairs.

Source: SMPTE ST 12-1; OpenEXR refuses to write more.
"""

_DIGITS = ((24, 0x3), (16, 0x7), (8, 0x7), (0, 0x3))
"""Lowest bit of hours, minutes, seconds and frames in a stored word, and the bits of their tens."""


def advance(start: str, frames: int, rate: Fraction) -> str | None:
    """The timecode ``frames`` pictures after ``start``, or None when ``start`` is no timecode.

    Args:
        start: ``hh:mm:ss:ff``; ``;`` or ``.`` before the frames means drop frame.
        frames: How many pictures later.
        rate: Pictures a second.
    """
    match = _TEXT.fullmatch(start.strip())
    nominal = round(rate)
    if match is None or not 1 <= nominal <= 60:
        return None
    hours, minutes, seconds, count = (int(match[i]) for i in (1, 2, 3, 5))
    drop = match[4] != ":"
    total = ((hours * 60 + minutes) * 60 + seconds) * nominal + count
    if drop:
        total -= _dropped(nominal) * _minutes_that_drop(hours * 60 + minutes)
    return _label(total + frames, nominal, drop=drop)


def unpacked(word: int) -> str | None:
    """The timecode in the 32-bit word in which files store it: decimal digits, and flags between.

    None when it is no time of day, as after a field that was filled with ones.

    Source: SMPTE ST 12-1, and its layout in OpenEXR's ``ImfTimeCode.h`` (TV60).
    """
    digits = [(word >> shift + 4 & tens, word >> shift & 0xF) for shift, tens in _DIGITS]
    hours, minutes, seconds, count = (10 * tens + units for tens, units in digits)
    decimal = all(units <= 9 for _, units in digits)
    if not decimal or hours > 23 or minutes > 59 or seconds > 59 or count > MOST_FRAMES:
        return None
    drop = word >> 6 & 1
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{count:02}"


def _label(total: int, nominal: int, *, drop: bool) -> str:
    if drop:
        total = _with_dropped(total, nominal)
    count, seconds = total % nominal, total // nominal
    hours, rest = divmod(seconds % 86400, 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}{';' if drop else ':'}{count:02}"


def _with_dropped(total: int, nominal: int) -> int:
    """Frame label number of picture number ``total``: the left-out labels put back."""
    left_out = _dropped(nominal)
    per_minute = nominal * 60 - left_out
    per_ten = nominal * 600 - 9 * left_out
    tens, rest = divmod(total, per_ten)
    extra = 9 * left_out * tens
    if rest >= nominal * 60:
        extra += left_out * (1 + (rest - nominal * 60) // per_minute)
    return total + extra


def _dropped(nominal: int) -> int:
    return nominal // 15


def _minutes_that_drop(minutes: int) -> int:
    return minutes - minutes // 10
