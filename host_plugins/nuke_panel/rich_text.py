"""Words from elsewhere, where Nuke takes them for HTML: they are shown, and load nothing.

A server says what it does in its own words, and an error may carry a file's name.

Source: public tools put HTML into Text_Knobs and into ``nuke.message``, pictures too (github
adrianpueyo/Stamps among them). Of progress bars nothing is known; where Qt is not told, it guesses
by what looks like a tag (Qt 6, ``Qt::mightBeRichText``).
"""

from __future__ import annotations

import re
from html import escape

_TAG = re.compile(r"<(?=\s*[A-Za-z/!?])")


def shown(text: str) -> str:
    """A text as a Text_Knob takes it, line by line."""
    return escape(text, quote=False).replace("\n", "<br>")


def untagged(text: str) -> str:
    """A text for a dialog or a progress bar, in which nothing looks like a tag."""
    return _TAG.sub("‹", text)
