"""What the artist is shown and asked."""

from __future__ import annotations

from nuke.strict import current, fault, host_call


@host_call
def message(prompt):
    """A box with one button; in -t the text is printed."""
    session = current()
    text = _text(prompt)
    if not session.gui:
        session.printed.append(text)
        return
    session.messages.append(text)
    _stand_open(session)


@host_call
def ask(prompt):
    """A box with Yes and No; the test has put the answers into ``session.answers``."""
    session = current()
    text = _text(prompt)
    if not session.gui:
        fault("nuke.ask in -t: nobody is there to answer")
    session.questions.append(text)
    if not session.answers:
        fault(f"nobody has an answer to: {text}")
    _stand_open(session)
    return session.answers.pop(0)


@host_call
def tprint(*args, sep=" ", end="\n", file=None):
    current().printed.append(sep.join(map(str, args)))


@host_call
def warning(message):
    current().printed.append(_text(message))


error = debug = warning


def _stand_open(session):
    """While a box is up the event loop goes on."""
    with session.dispatches.aside():
        while session.traps.dialogs_serve_the_queue and session.queue.serve():
            pass


def _text(prompt):
    if not isinstance(prompt, str):
        raise TypeError(f"a dialog takes str, not {type(prompt).__name__}")
    return prompt
