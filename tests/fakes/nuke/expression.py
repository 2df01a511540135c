"""The numeric expressions of knobs: ``parent.version ? parent.output+1 : 0`` and their like."""

from __future__ import annotations

import operator
import re

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*|\.\d+)|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<sign>\|\||&&|[=!<>]=|[-+*/%<>?:()!]))"
)
_LEVELS = (
    {"||": lambda a, b: float(bool(a) or bool(b))},
    {"&&": lambda a, b: float(bool(a) and bool(b))},
    {"==": operator.eq, "!=": operator.ne},
    {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv, "%": operator.mod},
)


def evaluated(text, lookup):
    """The value of an expression.

    Args:
        text: The expression.
        lookup: Gives the number behind a dotted name.

    Raises:
        RuntimeError: It cannot be read, or names something that is not there.
    """
    return _Reader(text, lookup).whole()


class _Reader:
    def __init__(self, text, lookup):
        self._text, self._lookup = text, lookup
        self._tokens = self._split(text)

    def whole(self):
        value = self._choice()
        if self._tokens:
            raise self._wrong()
        return value

    def _choice(self):
        condition = self._binary(0)
        if not self._taken("?"):
            return condition
        yes = self._choice()
        self._expect(":")
        no = self._choice()
        return yes if condition else no

    def _binary(self, level):
        if level == len(_LEVELS):
            return self._unary()
        value = self._binary(level + 1)
        while self._tokens and self._tokens[0][1] in _LEVELS[level]:
            sign = self._tokens.pop(0)[1]
            value = float(_LEVELS[level][sign](value, self._binary(level + 1)))
        return value

    def _unary(self):
        if self._taken("-"):
            return -self._unary()
        if self._taken("!"):
            return float(not self._unary())
        if self._taken("("):
            value = self._choice()
            self._expect(")")
            return value
        return self._operand()

    def _operand(self):
        if not self._tokens:
            raise self._wrong()
        kind, token = self._tokens.pop(0)
        if kind == "number":
            return float(token)
        if kind == "name":
            return float(self._lookup(token))
        raise self._wrong()

    def _taken(self, sign):
        if self._tokens and self._tokens[0] == ("sign", sign):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, sign):
        if not self._taken(sign):
            raise self._wrong()

    def _split(self, text):
        tokens, at = [], 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if not match:
                raise self._wrong()
            tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        return tokens

    def _wrong(self):
        return RuntimeError(f"syntax error in the expression {self._text!r}")
