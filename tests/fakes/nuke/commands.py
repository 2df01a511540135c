"""Python that Nuke runs: buttons, menu commands, start-up files."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from nuke.strict import current, restored

PLUGIN = "host_plugins"
"""The package that is missing on a machine without our plug-in."""


def run_python(text, filename="<command>"):
    """Run a text in the session's main module, where everything of the kind runs.

    Args:
        text: Python.
        filename: The file that it is from; ``__file__`` says so while it runs.
    """
    main = main_module()
    with restored(main, __file__=filename):
        exec(compile(text, filename, "exec"), main)


def main_module():
    """The names of ``__main__``: ``nuke``, ``nukescripts``, and what was imported there since."""
    import nukescripts

    import nuke

    main = current().main
    main.setdefault("nuke", nuke)
    main.setdefault("nukescripts", nukescripts)
    return main


class _Absent:
    """An import hook that has never heard of the plug-in."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == PLUGIN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@contextmanager
def without_plugin():
    """A machine on which the plug-in is not installed."""
    hook = _Absent()
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if _ours(name)}
    sys.meta_path.insert(0, hook)
    try:
        yield
    finally:
        sys.meta_path.remove(hook)
        sys.modules.update(hidden)


def _ours(name):
    return name.partition(".")[0] == PLUGIN
