"""Our entries in Nuke's menus, and what choosing them does."""

import subprocess
import sys

import pytest
from nuke_results import Results

ENTRIES = ["Server panel...", "Doctor", "Self test...", "Help"]


@pytest.fixture
def menus(session, monkeypatch):
    from host_plugins.nuke_panel import buttons, menu

    monkeypatch.setattr(buttons, "_HELLO_SECONDS", 0.2)  # a new node asks its server
    menu.install()
    return menu


@pytest.fixture
def node(session, menus, tmp_path, rig):
    session.save(tmp_path / "sh010_comp_v003.nk")
    session.choose("Nodes/VOID/VoidRemove")
    return session.root.node("VoidRemove1")


def entries(nuke, name):
    names = [item.name() for item in nuke.menu(name).findItem("VOID").items()]
    return [one for one in names if not one.startswith("-")]


def without(monkeypatch, *names):
    """As in an installation where these modules are missing."""
    for name in names:
        for loaded in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
            monkeypatch.delitem(sys.modules, loaded)
        monkeypatch.setitem(sys.modules, name, None)


def test_the_node_is_in_the_toolbar_where_the_tab_search_finds_it(nuke, menus):
    assert entries(nuke, "Nodes") == ["VoidRemove", "Bake selected"]
    assert entries(nuke, "Nuke") == ENTRIES


def test_no_entry_takes_a_key_from_anybody(nuke, menus):
    for name in ("Nodes", "Nuke"):
        assert not any(item.shortcut() for item in nuke.menu(name).findItem("VOID").items())


def test_installed_twice_everything_is_there_once(session, nuke, menus, node, rig):
    menus.install()
    assert entries(nuke, "Nuke") == ENTRIES
    node.setInput(0, rig.plate(count=2))
    session.change(node, "range_mode", "Custom")
    session.check()


def test_in_a_terminal_nothing_is_added_and_nothing_fails(start):
    session = start(gui=False)
    from host_plugins.nuke_panel import menu

    menu.install()
    assert not session.menus


def test_the_icon_is_a_file_whose_path_nuke_can_read(nuke, menus):
    icon = nuke.menu("Nodes").findItem("VOID").icon()
    assert icon.endswith("/icons/void.png")
    assert "\\" not in icon


def test_choosing_the_node_makes_one_below_what_is_selected(session, nuke, menus, rig):
    plate = rig.plate(count=2)
    plate.setSelected(True)
    session.choose("Nodes/VOID/VoidRemove")
    made = nuke.toNode("VoidRemove1")
    assert made.input(0) is plate
    assert not session.messages


def test_a_licence_under_which_it_cannot_work_is_told(start):
    session = start(licence="nc")
    from host_plugins.nuke_panel import menu

    menu.install()
    session.choose("Nodes/VOID/VoidRemove")
    assert "Non-commercial" in session.messages[-1]
    assert "void remove" in session.messages[-1]


def test_baking_with_nothing_selected_says_what_to_select(session, menus):
    session.choose("Nodes/VOID/Bake selected")
    assert session.messages[-1].startswith("Bake selected: no VoidRemove is selected")


def test_every_selected_node_is_baked_and_the_one_without_a_result_is_told(
    session, nuke, node, studio, tmp_path
):
    from host_plugins.nuke_panel import result

    landed = Results(studio, tmp_path / "void").version(1001, 1002)
    result.attach(node, {"": landed})
    node.setSelected(False)
    session.choose("Nodes/VOID/VoidRemove")
    for name in ("VoidRemove1", "VoidRemove2"):
        nuke.toNode(name).setSelected(True)
    session.choose("Nodes/VOID/Bake selected")
    assert nuke.toNode("VoidRemove1_v001").Class() == "Read"
    assert session.messages[-1].startswith("VoidRemove2: it shows no result yet")


def test_what_nobody_foresaw_is_a_line_and_no_traceback(session, menus, monkeypatch):
    from host_plugins.nuke_panel import node

    def broken():
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(node, "create", broken)
    session.choose("Nodes/VOID/VoidRemove")
    assert "ZeroDivisionError" in session.messages[-1]
    assert "Traceback" not in session.messages[-1]
    assert not session.tracebacks


def test_a_package_that_is_missing_is_told_with_what_to_do(session, nuke, monkeypatch):
    from host_plugins.nuke_panel import menu

    without(monkeypatch, "zmq", "bridge", "host_plugins.run")
    menu.install()
    assert any("works without the callbacks" in line for line in session.printed)
    session.choose("Nodes/VOID/VoidRemove")
    assert session.messages[-1].startswith("VOID Bridge is not whole: ")
    assert session.messages[-1].endswith("void install nuke.")
    assert entries(nuke, "Nuke") == ENTRIES


def test_the_doctor_tells_what_is_installed_and_which_server_answers(
    session, menus, server, monkeypatch
):
    monkeypatch.setenv("VOID_SERVER", server.endpoint)
    session.choose("Nuke/VOID/Doctor")
    session.pump(until=lambda: session.messages)
    told = session.messages[-1]
    assert "Nuke: 16.0" in told
    assert "a licence under which the node works" in told
    assert "VOID Bridge: " in told
    assert f"server: {server.endpoint} (VOID_SERVER)" in told
    assert "    void-server " in told


def test_the_doctor_says_so_when_no_server_answers(session, menus, monkeypatch):
    from host_plugins.panel import dialling

    monkeypatch.setattr(dialling, "_TIMEOUT", 0.2)
    monkeypatch.setenv("VOID_SERVER", "tcp://127.0.0.1:1")
    session.choose("Nuke/VOID/Doctor")
    session.pump(until=lambda: session.messages)
    assert "Can't reach the VOID server at tcp://127.0.0.1:1" in session.messages[-1]


def test_what_the_doctor_reads_out_is_never_taken_for_html(session, menus, monkeypatch):
    monkeypatch.setenv("VOID_SERVER", '<img src="file:///etc/hostname">')
    session.choose("Nuke/VOID/Doctor")
    session.pump(until=lambda: session.messages)
    assert 'img src="file:///etc/hostname"' in session.messages[-1]
    assert "<img" not in session.messages[-1]


def test_the_self_test_asks_first(session, menus, monkeypatch):
    from host_plugins.nuke_panel import selftest

    begun = []
    monkeypatch.setattr(selftest, "start", lambda: begun.append(True))
    for answer in (False, True):
        session.answers.append(answer)
        session.choose("Nuke/VOID/Self test...")
    assert begun == [True]


class TestHelp:
    """VOID > Help"""

    @pytest.fixture
    def opened(self, monkeypatch):
        """The addresses that the browser is told."""
        import webbrowser

        addresses = []
        monkeypatch.setattr(webbrowser, "open", lambda url: addresses.append(url) or True)
        return addresses

    @pytest.fixture
    def installed(self, monkeypatch, tmp_path):
        """As if our code ran from an install in this folder."""
        import bridge

        monkeypatch.setattr(bridge, "__file__", str(tmp_path / "lib" / "bridge" / "__init__.py"))
        return tmp_path

    def test_it_opens_the_manual_that_comes_with_an_install(
        self, session, menus, opened, installed
    ):
        from host_plugins.install import manual

        manual.write(installed / "docs")
        session.choose("Nuke/VOID/Help")
        assert opened == [(installed / "docs" / "nuke.html").as_uri()]
        assert not session.messages

    def test_in_a_checkout_it_opens_the_document_itself(self, session, menus, opened):
        session.choose("Nuke/VOID/Help")
        assert [url.rpartition("/docs/")[2] for url in opened] == ["nuke.md"]

    def test_where_the_manual_is_missing_it_says_the_short_of_it(
        self, session, menus, opened, installed
    ):
        session.choose("Nuke/VOID/Help")
        assert "Select a plate and a roto" in session.messages[-1]
        assert session.messages[-1].endswith("The manual is not installed.")
        assert not opened

    def test_without_a_browser_it_says_where_the_manual_is(
        self, session, menus, installed, monkeypatch
    ):
        import webbrowser

        monkeypatch.setattr(webbrowser, "open", lambda url: False)
        (installed / "docs").mkdir()
        (installed / "docs" / "nuke.html").write_text("")
        session.choose("Nuke/VOID/Help")
        assert str(installed / "docs" / "nuke.html") in session.messages[-1]


def test_importing_the_menus_loads_neither_sockets_nor_a_qt():
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, types; sys.modules['nuke'] = types.ModuleType('nuke');"
            "import host_plugins.nuke_panel.menu;"
            "heavy = {'zmq', 'msgspec', 'PySide6', 'PySide2', 'bridge'};"
            "print(sorted(heavy & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "[]"
