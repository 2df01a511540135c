import os
import signal
import sys
import threading
from functools import partial
from types import SimpleNamespace

import pytest

FRAMES = 4


@pytest.fixture
def terminal(start, studio, monkeypatch):
    """``nuke -t``, with a saved script that has a node in it, and the farm's ``main``."""
    from nuke_rig import Rig

    session = start(gui=False)
    import nuke

    from host_plugins.nuke_panel import farm, node

    rig = Rig(studio, nuke)
    made = node.create()
    for index, read in enumerate((rig.plate(count=FRAMES), rig.matte(count=FRAMES))):
        made.setInput(index, read)
    script = studio.folder / "sh010_comp_v003.nk"
    session.save(script)
    session.root.setModified(False)
    return SimpleNamespace(
        main=farm.main, nuke=nuke, session=session, script=script, node=made.name()
    )


def said(capsys):
    told = capsys.readouterr()
    return told.out, told.err


def patches(folder):
    return sorted(int(path.name.split(".")[-2]) for path in folder.glob("*_patch.*.exr"))


def test_a_node_is_removed_and_its_frames_are_told(terminal, server, tmp_path, capsys):
    given = ["farm.py", str(terminal.script), terminal.node, "--server", server.endpoint]
    before = terminal.script.read_bytes()
    assert terminal.main(given) == 0
    version = tmp_path / "void" / "sh010_comp_VoidRemove1_void_v001"
    assert patches(version) == [1001, 1002, 1003, 1004]
    out, _ = said(capsys)
    assert out.splitlines()[0] == "sh010_comp_v003.nk VoidRemove1: frames 1001-1004"
    assert f"{version}/sh010_comp_VoidRemove1_void_v001_patch.%04d.exr 1001-1004" in out
    assert "choose v001 in the Result tab of VoidRemove1" in out
    assert terminal.script.read_bytes() == before
    assert any("100 %" in line or " 99 %" in line for line in terminal.session.printed)


def test_a_range_stands_in_for_the_nodes_own_and_is_not_kept(terminal, server, tmp_path):
    given = [str(terminal.script), terminal.node, "1002-1003", "--server", server.endpoint]
    assert terminal.main([*given, "--save"]) == 0
    assert patches(next((tmp_path / "void").glob("*_void_v001"))) == [1002, 1003]
    terminal.session.open(terminal.script)
    node = terminal.nuke.toNode(terminal.node)
    assert node["range_mode"].value() == "Input"
    assert node["version"].value() == "v001"


def test_a_range_that_nuke_took_for_its_own_is_found_again(terminal, server, tmp_path, monkeypatch):
    """Fact: a last argument like 1001-1100 is not in sys.argv but in nuke.rawArgs."""
    given = ["--server", server.endpoint, str(terminal.script), terminal.node]
    raw = ["/usr/local/Nuke16.0v1/Nuke16.0", "-t", "/void/farm.py", *given, "1001-1002"]
    monkeypatch.setattr(terminal.nuke, "rawArgs", raw)
    assert terminal.main(["/void/farm.py", *given]) == 0
    assert patches(next((tmp_path / "void").glob("*_void_v001"))) == [1001, 1002]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["no.nk", "VoidRemove1"], "there is no such file"),
        (["{script}", "Blur1"], "there is no such node (expected a VoidRemove; in this script: "),
        (["{script}", "Read_plate"], "it is a Read"),
        (["{script}", "VoidRemove1", "10-1"], "it ends before it begins"),
        (["{script}", "VoidRemove1", "2000-2001"], "2000-2001"),
        (["{script}"], "NODE"),
    ],
    ids=["script", "node", "class", "range", "outside", "arguments"],
)
def test_what_the_caller_can_mend_is_one_line_and_exit_code_2(terminal, capsys, words, told):
    given = [word.format(script=terminal.script) for word in words]
    assert terminal.main([*given, "--server", "tcp://127.0.0.1:1"]) == 2
    _, err = said(capsys)
    assert told in err
    assert "Traceback" not in err


def test_a_server_that_is_not_there_is_something_to_mend(terminal, capsys, monkeypatch):
    from host_plugins.nuke_panel import farm

    monkeypatch.setattr(farm, "Removal", partial(farm.Removal, timeout=0.2, patience=0.0))
    given = [str(terminal.script), terminal.node, "--server", "tcp://127.0.0.1:1"]
    assert terminal.main(given) == 2
    assert "127.0.0.1:1" in said(capsys)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_and_says_so_by_the_exit_code(
    terminal, server, tmp_path, number, monkeypatch
):
    from host_plugins.nuke_panel import export

    export_one, rendered = export.render, threading.Event()

    def render(*args):
        export_one(*args)
        if not rendered.is_set():
            rendered.set()
            os.kill(os.getpid(), number)  # in mid-export, where nothing is at the server yet

    monkeypatch.setattr(export, "render", render)
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    given = [str(terminal.script), terminal.node, "--server", server.endpoint]
    assert terminal.main(given) == 130
    assert not list((tmp_path / "void").glob("*_void_v*"))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_off_pythons_main_thread_the_farm_runs_without_signals(
    terminal, server, tmp_path, monkeypatch
):
    """Nothing says that Nuke runs a script of -t on that thread."""

    def refuse(*of):
        raise ValueError("signal only works in main thread of the main interpreter")

    monkeypatch.setattr(signal, "signal", refuse)
    given = [str(terminal.script), terminal.node, "--server", server.endpoint]
    assert terminal.main(given) == 0
    assert patches(next((tmp_path / "void").glob("*_void_v001"))) == [1001, 1002, 1003, 1004]


def test_a_script_that_somebody_saved_meanwhile_is_not_written_over(
    terminal, server, capsys, monkeypatch
):
    from host_plugins.nuke_panel import export

    export_one = export.render

    def render(*args):
        export_one(*args)
        terminal.script.write_text("somebody else's work")

    monkeypatch.setattr(export, "render", render)
    given = [str(terminal.script), terminal.node, "--server", server.endpoint, "--save"]
    assert terminal.main(given) == 2
    assert terminal.script.read_text() == "somebody else's work"
    assert "saved by somebody else" in said(capsys)[1]


def test_the_help_is_no_error(terminal, capsys):
    assert terminal.main(["farm.py", "--help"]) == 0
    assert "SCRIPT NODE [RANGE]" in said(capsys)[0].replace("\n", " ")
