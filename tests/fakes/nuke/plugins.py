"""Start-up: init.py and menu.py along the plug-in path."""

from __future__ import annotations

import sys
from pathlib import Path

from nuke.commands import run_python
from nuke.dispatch import dispatched
from nuke.strict import current, host_call


class StartUp:
    """The files that run while Nuke starts, in the order in which it runs them."""

    def __init__(self, session):
        self._session = session
        self.running: list[Path] = []
        self.folders: list[Path] = []

    def run(self, folders):
        """Run every folder's init.py, and in a GUI then every menu.py.

        Args:
            folders: The plug-in path, the one that is looked in first in front.

        Raises:
            Exception: Whatever they raise; Nuke would not start.
        """
        for folder in reversed(folders):
            self.add(Path(folder))
        for folder in self.folders if self._session.gui else ():
            self._run(folder / "menu.py")

    def add(self, folder):
        """Put a folder in front of the path, and run its init.py."""
        self._session.plugin_path.insert(0, folder.as_posix())
        if folder not in self.folders:
            self.folders.append(folder)
            self._run(folder / "init.py")

    def _run(self, file):
        if not file.is_file():
            return
        self.running.append(file)
        try:
            text = file.read_text("utf-8")
            dispatched(self._session, file.name, lambda: run_python(text, str(file)))
        finally:
            self.running.pop()


@host_call
def pluginAddPath(args, addToSysPath=True):
    _add(args, addToSysPath, front=True)


@host_call
def pluginAppendPath(args, addToSysPath=True):
    _add(args, addToSysPath, front=False)


@host_call
def pluginPath():
    return list(current().plugin_path)


def _add(args, to_sys_path, front):
    session = current()
    running = session.start_up.running
    for path in [args] if isinstance(args, str) else args:
        folder = Path(path)
        if not folder.is_absolute() and running:
            folder = running[-1].parent / folder
        text = folder.as_posix()
        if to_sys_path and text not in sys.path:
            sys.path.insert(0, text) if front else sys.path.append(text)
        if running and running[-1].name == "init.py":
            session.start_up.add(folder)
        elif text not in session.plugin_path:
            session.plugin_path.insert(0 if front else len(session.plugin_path), text)
