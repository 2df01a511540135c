"""Sizes of pictures and ranges of frames."""

from __future__ import annotations

from nuke.strict import HostObject


class Format(HostObject):
    """A size with a pixel aspect and perhaps a name."""

    def __init__(self, width, height, x=0, y=0, r=None, t=None, pixelAspect=1.0):
        self._size = (int(width), int(height))
        self._box = (x, y, width if r is None else r, height if t is None else t)
        self._aspect = float(pixelAspect)
        self._name = ""

    def width(self):
        return self._size[0]

    def height(self):
        return self._size[1]

    def pixelAspect(self):
        return self._aspect

    def name(self):
        return self._name or None

    def setName(self, name):
        self._name = name

    def x(self):
        return self._box[0]

    def y(self):
        return self._box[1]

    def r(self):
        return self._box[2]

    def t(self):
        return self._box[3]

    def _line(self):
        numbers = (*self._size, *self._box, f"{self._aspect:g}")
        return " ".join(map(str, (*numbers, self._name))).rstrip()

    def __repr__(self):
        return f"<Format {self._line()}>"


class Formats:
    """The formats that a script knows by name."""

    def __init__(self, lines=()):
        self._named = {}
        for line in lines:
            self.added(line)

    def added(self, line):
        """A format out of ``width height [x y r t] [aspect] [name]``.

        Raises:
            RuntimeError: The line cannot be read.
        """
        made = _parsed(line.split())
        if made is None:
            raise RuntimeError(f"bad format {line!r}")
        if made._name:
            self._named[made._name] = made
        return made

    def named(self, name):
        """A known format.

        Raises:
            TypeError: Nobody has added one of this name.
        """
        try:
            return self._named[name]
        except KeyError:
            raise TypeError(f"there is no format {name!r}") from None

    def all(self):
        return list(self._named.values())


def _parsed(words):
    numbers = []
    while words and _is_number(words[0]):
        numbers.append(float(words.pop(0)))
    whole = [int(number) for number in numbers]
    box = ()
    match len(numbers):
        case 2:
            aspect = 1.0
        case 3:
            aspect = numbers[2]
        case 6 | 7:
            box, aspect = tuple(whole[2:6]), [*numbers, 1.0][6]
        case _:
            return None
    made = Format(whole[0], whole[1], *box, pixelAspect=aspect)
    made._name = " ".join(words)
    return made


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


class FrameRange:
    """First, last and step, or ``1001-1100x2``."""

    def __init__(self, first, last=None, increment=1):
        if isinstance(first, str):
            span, _, step = first.partition("x")
            low, dash, high = span.lstrip("-").partition("-")
            sign = -1 if span.startswith("-") else 1
            first, last, increment = sign * int(low), int(high) if dash else sign * int(low), step
        self._first, self._last = int(first), int(first if last is None else last)
        self._step = int(increment or 1)

    def first(self):
        return self._first

    def last(self):
        return self._last

    def increment(self):
        return self._step

    def setFirst(self, frame):
        self._first = int(frame)

    def setLast(self, frame):
        self._last = int(frame)

    def setIncrement(self, step):
        self._step = int(step)

    def frames(self):
        return len(range(self._first, self._last + 1, self._step))

    def minFrame(self):
        return min(self._first, self._last)

    def maxFrame(self):
        return max(self._first, self._last)

    def getFrame(self, index):
        return self._first + index * self._step

    def isInRange(self, frame):
        return frame in range(self._first, self._last + 1, self._step)

    def __iter__(self):
        return iter(range(self._first, self._last + 1, self._step))

    def __str__(self):
        return f"{self._first}-{self._last}" + (f"x{self._step}" if self._step != 1 else "")


class FrameRanges:
    """Several ranges, one after the other."""

    def __init__(self, ranges=()):
        words = ranges.split() if isinstance(ranges, str) else ranges
        self._ranges = [one if isinstance(one, FrameRange) else FrameRange(one) for one in words]

    def add(self, one):
        self._ranges.append(one if isinstance(one, FrameRange) else FrameRange(one))

    def clear(self):
        self._ranges.clear()

    def size(self):
        return len(self._ranges)

    def getRange(self, index):
        return self._ranges[index]

    def toFrameList(self):
        return [frame for one in self._ranges for frame in one]

    def minFrame(self):
        return min(self.toFrameList())

    def maxFrame(self):
        return max(self.toFrameList())

    def __iter__(self):
        return iter(self._ranges)


class Info(HostObject):
    """A box; y counts upwards from the bottom of the format."""

    def __init__(self, x, y, w, h):
        self._box = (float(x), float(y), float(w), float(h))

    def x(self):
        return self._box[0]

    def y(self):
        return self._box[1]

    def w(self):
        return self._box[2]

    def h(self):
        return self._box[3]
