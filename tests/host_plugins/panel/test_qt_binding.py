import subprocess
import sys

import pytest

from host_plugins.panel import qt_binding

BLOCKED = "import sys; sys.modules.update(PySide6=None, PySide2=None)"


def run(text):
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("loaded", ["PySide2", "PySide6"])
def test_the_qt_that_the_host_has_loaded_is_taken(monkeypatch, loaded):
    for name in ("PySide2", "PySide6"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, loaded, object())
    assert qt_binding.binding() == loaded


def test_looking_for_a_qt_loads_none():
    said = run(
        "import sys; from host_plugins.panel.qt_binding import binding; binding();"
        "print(any(name.startswith('PySide') for name in sys.modules))"
    )
    assert said == ["False"]


def test_all_but_the_widgets_works_without_a_qt():
    said = run(
        f"{BLOCKED}\n"
        "from host_plugins.panel import collection, poller, questions, rows, server_text, work\n"
        "try:\n"
        "    import host_plugins.panel.jobs_panel\n"
        "except ImportError as error:\n"
        "    print(str(error).replace(' ', '_'))\n"
    )
    assert said == ["the_job_panel_needs_PySide6_or_PySide2,_and_neither_is_here"]
