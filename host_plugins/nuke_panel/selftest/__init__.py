"""The live kit: what only a running Nuke can show, gone through by a person who sits before it.

::

    nuke -t <install>/void/selftest.py [--server tcp://HOST:PORT] [--out DIR] [--who NAME]

in a terminal, VOID > Self test in Nuke's menu, or ``void selftest nuke``, which brings a server of
its own. It makes a small shot of its own from Nuke's nodes, in a script of its own, and says of
each fact whether it holds: PASS, FAIL, or NOT RUN with the reason. What was found is written as
``report.json``, with a row for the table of builds in the documentation.
"""

from __future__ import annotations

from host_plugins.nuke_panel.selftest.kit import main, start

__all__ = ["main", "start"]
