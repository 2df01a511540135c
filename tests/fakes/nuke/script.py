"""Scripts: saved, closed, opened, and who is told of it."""

from __future__ import annotations

from pathlib import Path

from nuke import script_file
from nuke.strict import current, fault, host_call


def save(session, path):
    """Write the script, as Nuke does whoever asks for it."""
    session.callbacks.call("OnScriptSave", session.root)
    session.root._knobs["name"]._value = str(path)
    Path(path).write_text(script_file.written(session), "utf-8")
    session.root._modified = False


def clear(session):
    """Close the script: the objects that Python holds of it are dead from now on."""
    session.callbacks.call("OnScriptClose", session.root)
    old = [*session.root._below(), session.root]
    if session.traps.close_destroys:
        for node in old[:-1]:
            session.callbacks.call("OnDestroy", node)
    for node in old:
        node._gone = True
    session.new_script()


def load(session, path):
    """Read a script into the empty one, and call who waits for it."""
    text = _text_of(path)
    script_file.read(session, text)
    session.root._knobs["name"]._value = str(path)
    for node in list(session.root._below()):
        session.callbacks.call("OnCreate", node)
    session.callbacks.call("OnScriptLoad", session.root)
    session.root._modified = False


def _text_of(path):
    try:
        return Path(path).read_text("utf-8")
    except OSError as error:
        raise RuntimeError(f"{path}: {error.strerror}") from None


@host_call
def scriptName():
    name = current().root._knobs["name"]._value
    if not name:
        raise RuntimeError("no filename for the current script")
    return name


@host_call
def scriptSave(filename=None):
    save(current(), filename or scriptName())
    return True


@host_call
def scriptSaveAs(filename=None, overwrite=-1):
    session = current()
    if not filename:
        fault("scriptSaveAs without a name opens a file browser")
    if Path(filename).exists() and int(overwrite) != 1:
        raise RuntimeError(f"{filename} exists already")
    save(session, filename)


@host_call
def scriptOpen(filename=None):
    session = current()
    if not filename:
        fault("scriptOpen without a name opens a file browser")
    _text_of(filename)
    if session.gui and session.root._children and session.traps.gui_opens_elsewhere:
        session.opened_elsewhere.append(str(filename))
        return
    clear(session)
    load(session, filename)


@host_call
def scriptReadFile(filename):
    script_file.read(current(), _text_of(filename))


@host_call
def scriptClear(*unused):
    clear(current())


@host_call
def scriptNew(*unused):
    clear(current())


@host_call
def scriptClose(*unused):
    clear(current())
    return True


@host_call
def scriptExit(*unused):
    current().quit()


@host_call
def modified(state=None):
    session = current()
    if state is not None:
        session.root._modified = bool(state)
    return session.root._modified
