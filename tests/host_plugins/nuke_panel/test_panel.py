"""The job panel among Nuke's own."""

import sys

import pytest


class Panes:
    """What of a panel that is opened at once reaches Nuke: which panes there are, what goes where.

    Source: nukescripts.panels.registerWidgetAsPanel, which with ``create`` returns the panel.
    """

    def __init__(self, monkeypatch, nuke):
        from nukescripts import panels

        self.panes, self.docked = {"Properties.1": "the pane of the properties"}, []
        register = panels.registerWidgetAsPanel

        def registered(widget, name, id, create=False):
            register(widget, name, id)
            if not create:
                return None
            assert type(create) is bool
            return self

        monkeypatch.setattr(panels, "registerWidgetAsPanel", registered)
        monkeypatch.setattr(nuke, "getPaneFor", lambda name: self.panes.get(name), raising=False)

    def addToPane(self, pane=None):
        self.docked.append(pane)


@pytest.fixture
def panes(nuke, monkeypatch):
    return Panes(monkeypatch, nuke)


@pytest.fixture
def qt(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    widgets = pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    return widgets.QApplication.instance() or widgets.QApplication([])


def test_nuke_can_make_the_panel_from_the_text_that_was_registered(session, nuke, qt):
    from host_plugins.nuke_panel import panel

    assert panel.register()
    made = session.open_panel("void.jobs")
    assert type(made).__name__ == "JobsPanel"
    assert [item.name() for item in nuke.menu("Pane").items()] == ["VOID"]
    made.deleteLater()


def test_the_menu_entry_opens_it_beside_the_properties(session, panes):
    from host_plugins.nuke_panel import menu

    menu.install()
    session.choose("Nuke/VOID/Server panel...")
    assert panes.docked == ["the pane of the properties"]


def test_without_a_qt_there_is_no_panel_and_the_entry_says_why(session, nuke, monkeypatch):
    for name in [one for one in sys.modules if one.partition(".")[0] in ("PySide6", "PySide2")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PySide6", None)
    monkeypatch.setitem(sys.modules, "PySide2", None)
    from host_plugins.nuke_panel import menu

    menu.install()
    assert "Pane" not in session.menus
    session.choose("Nuke/VOID/Server panel...")
    assert session.messages[-1].startswith("server panel: this Nuke has neither PySide6")
