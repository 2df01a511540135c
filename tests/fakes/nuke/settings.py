"""Small questions about the script: frame, views, formats, channels."""

from __future__ import annotations

from nuke import upstream
from nuke.strict import current, host_call


@host_call
def frame(f=None):
    session = current()
    if f is not None:
        session.frame = int(f)
    return session.frame


@host_call
def views():
    return list(current().views)


@host_call
def thisView():
    return current().view


@host_call
def addView(s):
    current().add_view(s)


@host_call
def deleteView(s):
    current().delete_view(s)


@host_call
def addFormat(s):
    return current().formats.added(s)


@host_call
def formats():
    return current().formats.all()


@host_call
def channels(node=None):
    return upstream.channels_of(node) if node is not None else list(upstream.RGBA)


@host_call
def layers(node=None):
    return list(dict.fromkeys(name.partition(".")[0] for name in channels(node)))


@host_call
def filename(node, i=0):
    """The file that a node reads or writes; with REPLACE for the current frame."""
    knob = node.knob("file")
    if knob is None or not knob._value:
        return None
    return knob.evaluate() if i else knob._evaluated()


@host_call
def value(knob, default=None):
    """A knob's text by name."""
    session = current()
    try:
        return session.knob_named(knob, session.contexts.now)._text()
    except RuntimeError:
        if default is None:
            raise
        return default


@host_call
def executing(f=None):
    return current().executing


@host_call
def show(n, forceFloat=False):
    n.showControlPanel()
