"""Knobs that hold numbers: set, animated by keys, or driven by an expression."""

from __future__ import annotations

from itertools import pairwise

from nuke import expression, tcl
from nuke.knob import NO_ANIMATION, Knob
from nuke.strict import current


class Array_Knob(Knob):
    """One number, or several in a row."""

    _size = 1
    _initial = 0.0

    def __init__(self, name, label=None, size=None):
        super().__init__(name, label)
        size = size or self._size
        self._value = self._default = (self._accept_one(self._initial),) * size
        self._keys: dict[int, dict[float, float]] = {}
        self._expressions: dict[int, str] = {}
        self._range = (0.0, 1.0)

    def _accept_one(self, value):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{self._name} takes numbers, not {type(value).__name__} ({value!r})")
        return float(value)

    def _accept(self, value):
        many = value if isinstance(value, (list, tuple)) else (value,) * len(self._value)
        if len(many) != len(self._value):
            raise ValueError(f"{self._name} takes {len(self._value)} numbers, not {len(many)}")
        return tuple(self._accept_one(one) for one in many)

    def setValue(self, value, channel=None, view="default"):
        whole = self._accept(value)
        if channel is not None and channel >= 0:
            self._channel(channel)
            whole = tuple(
                whole[0] if index == channel else one for index, one in enumerate(self._value)
            )
        if self._keys:  # an animated knob gets a key
            for index in self._keys:
                self._keys[index][float(current().frame)] = whole[index]
        return self._set(whole)

    def value(self, index=None):
        return self._given(self._now(), index)

    def getValue(self, index=None):
        now = tuple(float(one) for one in self._now())
        return now[0] if len(now) == 1 else self._given(now, index)

    def getValueAt(self, frame, index=None, view=None):
        return self._given(self._now(float(frame)), index)

    valueAt = getValueAt

    def setValueAt(self, value, frame, index=0, view=None):
        self._channel(index)
        if self._flags & NO_ANIMATION or index not in self._keys:
            raise RuntimeError(f"{self._name} is not animated")
        self._keys[index][float(frame)] = self._accept_one(value)
        current().knob_was_set(self)
        return True

    def setAnimated(self, channel=0):
        self._channel(channel)
        self._keys.setdefault(channel, {})
        return True

    def isAnimated(self, channel=0):
        return channel in self._keys or channel in self._expressions

    def clearAnimated(self, channel=-1):
        for index in range(len(self._value)) if channel < 0 else (channel,):
            self._keys.pop(index, None)
            self._expressions.pop(index, None)
        return True

    def setExpression(self, text, channel=-1, view=None):
        if not isinstance(text, str):
            raise TypeError(f"an expression is str, not {type(text).__name__}")
        for index in range(len(self._value)) if channel < 0 else (channel,):
            self._channel(index)
            expression.evaluated(text, lambda name: 0.0)
            self._expressions[index] = text
        if self._node is not None:
            current().knob_was_set(self)
        return True

    def hasExpression(self, index=-1):
        return bool(self._expressions) if index < 0 else index in self._expressions

    def setRange(self, low, high):
        self._range = (float(low), float(high))

    def min(self):
        return self._range[0]

    def max(self):
        return self._range[1]

    minimum, maximum = min, max

    def setDefaultValue(self, values):
        self._default = self._accept(list(values))
        self._set(self._default)

    def defaultValue(self, index=0):
        return self._default[index]

    def arraySize(self):
        return len(self._value)

    def _now(self, frame=None):
        return tuple(self._shaped(self._at(index, frame)) for index in range(len(self._value)))

    def _at(self, index, frame=None):
        """The number of one channel at a frame."""
        session = current()
        frame = float(session.frame) if frame is None else frame
        if index in self._expressions:
            return expression.evaluated(
                self._expressions[index], lambda name: session.number_of(name, self._node, frame)
            )
        if self._keys.get(index):
            return _between(self._keys[index], frame)
        return self._value[index]

    def _shaped(self, number):
        return number

    def _given(self, numbers, index):
        if index is not None:
            self._channel(index)
            return numbers[index]
        return numbers[0] if len(numbers) == 1 else list(numbers)

    def _channel(self, index):
        if not 0 <= index < len(self._value):
            raise ValueError(f"{self._name} has no channel {index}")

    def _text(self):
        return " ".join(tcl.quoted(self._channel_text(i)) for i in range(len(self._value)))

    def _channel_text(self, index):
        if index in self._expressions:
            return f"={self._expressions[index]}"
        if index in self._keys:
            keys = (f"x{frame!r} {value!r}" for frame, value in self._keys[index].items())
            return "curve " + " ".join(keys)
        return repr(self._value[index])

    def _read(self, text):
        values = []
        for index, word in enumerate(tcl.words(text)):
            values.append(self._initial)
            if word.startswith("="):
                self._expressions[index] = word[1:]
            elif word.startswith("curve"):
                parts = word.split()[1:]
                frames, numbers = parts[::2], parts[1::2]
                self._keys[index] = {
                    float(x[1:]): float(y) for x, y in zip(frames, numbers, strict=True)
                }
            else:
                values[-1] = self._number(word)
        self._value = self._accept(values)

    def fromScript(self, script):
        before = self._value
        self._read(script)
        after, self._value = self._value, before
        return self._set(after)

    def _number(self, word):
        return float(word)


def _between(keys, frame):
    """Straight lines between keys, and level before the first and after the last."""
    frames = sorted(keys)
    if frame <= frames[0]:
        return keys[frames[0]]
    for low, high in pairwise(frames):
        if frame <= high:
            share = (frame - low) / (high - low)
            return keys[low] + share * (keys[high] - keys[low])
    return keys[frames[-1]]
