"""What Nuke runs itself: whatever is wrong with an install, it starts."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OFF = "VOID Bridge is off: "


def menu_that(target, does):
    """Our menu, replaced by something small."""
    (target.void / "lib" / "host_plugins" / "nuke_panel" / "menu.py").write_text(does)


def without_code(target):
    shutil.rmtree(target.void / "lib")


def with_a_syntax_error(target):
    menu_that(target, "def install(:\n")


def with_an_error_at_import(target):
    menu_that(target, "import no_such_module\n")


def with_an_error_in_the_menu(target):
    menu_that(target, "def install():\n    raise RuntimeError('no menu\\nhere \\u2713')\n")


def without_libraries(target):
    shutil.rmtree(target.void / "vendor")


def without_its_record(target):
    (target.void / "install.json").unlink()
    menu_that(target, "import no_such_module\n")


def with_a_broken_chooser(target):
    (target.void / "lib" / "host_plugins" / "install" / "vendored.py").write_text("1 +\n")


BROKEN = [
    without_code,
    with_a_syntax_error,
    with_an_error_at_import,
    with_an_error_in_the_menu,
    without_libraries,
    without_its_record,
    with_a_broken_chooser,
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_install_costs_one_line_and_nuke_starts(broken, whole, host):
    broken(whole)

    lines = host.starts(whole).splitlines()

    assert len(lines) == 2, lines
    assert lines[0].startswith(OFF)
    assert lines[1] == "Nuke has started"


def test_a_letter_that_the_console_lacks_stops_nothing(whole, host):
    with_an_error_in_the_menu(whole)

    said = host.starts(whole, before="import sys; sys.stdout.reconfigure(encoding='ascii')")

    assert said.splitlines()[0] == OFF + "no menu here \\u2713"


def test_a_nuke_without_a_console_starts(whole, host):
    with_an_error_in_the_menu(whole)

    done = host.ended("import sys; sys.stdout = sys.stderr = None\n" + host.START, whole.void)

    assert done.returncode == 0


def test_a_whole_install_puts_its_menu_in_and_says_nothing(whole, host):
    menu_that(whole, "import zmq, msgspec, bridge.client\ndef install():\n    print('the menu')\n")

    assert host.starts(whole).splitlines() == ["the menu", "Nuke has started"]


def test_the_menu_also_comes_when_init_has_not_run(whole, host):
    menu_that(whole, "def install():\n    print('the menu')\n")
    (whole.void / "init.py").write_text("")

    assert host.starts(whole).splitlines()[0] == "the menu"


def test_nothing_of_the_install_comes_before_the_path_of_others(whole, host):
    said = host.run(f"{host.START}\nimport json; print(json.dumps(sys.path))", whole.void)

    places = json.loads(said.splitlines()[-1])
    ours = [index for index, place in enumerate(places) if str(whole.void) in place]
    assert ours == [len(places) - 2, len(places) - 1]
    assert str(whole.void) not in places  # or its farm.py would be a studio's farm


@pytest.mark.parametrize("version", ["2.7", "3.7"])
def test_an_older_nuke_is_told_and_its_path_left_alone(version, whole, host):
    program = old_python(version)

    lines = host.run(
        f"{host.START}\nprint([p for p in sys.path if 'void' in p])", whole.void, python=program
    ).splitlines()

    assert lines == [OFF + "it needs Nuke 15 or newer (Python 3.10)", "[]"]


@pytest.mark.parametrize("name", ["farm", "selftest"])
def test_a_terminal_script_passes_its_arguments_on_and_ends_with_the_exit_code(name, whole):
    package = whole.void / "lib" / "host_plugins" / "nuke_panel"
    shutil.rmtree(package / name, ignore_errors=True)
    (package / f"{name}.py").write_text("def main(argv):\n    print(argv)\n    return 7\n")

    done = terminal(whole, name, "shot 010.nk", "VoidRemove1", "1001-1003")

    assert done.stdout.strip() == "['shot 010.nk', 'VoidRemove1', '1001-1003']"
    assert done.returncode == 7


@pytest.mark.parametrize("name", ["farm", "selftest"])
def test_a_terminal_script_of_a_broken_install_says_why_in_a_line(name, whole):
    without_libraries(whole)

    done = terminal(whole, name)

    assert done.returncode == 1
    assert done.stderr.startswith("VOID Bridge cannot run: this install has no pyzmq")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("stale", [False, True], ids=["without", "of another script"])
@pytest.mark.parametrize("name", ["farm", "selftest"])
def test_a_terminal_script_is_found_by_its_argument_where_file_does_not_say(
    name, stale, whole, tmp_path
):
    package = whole.void / "lib" / "host_plugins" / "nuke_panel"
    shutil.rmtree(package / name, ignore_errors=True)
    (package / f"{name}.py").write_text("def main(argv):\n    print(argv)\n    return 7\n")
    names = {"__name__": "__main__", **({"__file__": str(tmp_path / "init.py")} if stale else {})}
    code = (
        "import sys; sys.argv = sys.argv[1:]; "
        f"exec(compile(open(sys.argv[0]).read(), 'x', 'exec'), {names!r})"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code, whole.void / f"{name}.py", "a.nk"],
        capture_output=True, text=True,
    )  # fmt: skip

    assert (done.stdout.strip(), done.returncode) == ("['a.nk']", 7), done.stderr


def test_a_terminal_script_that_cannot_find_itself_says_so_in_a_line(whole):
    code = "import sys; sys.argv = ['elsewhere.py']; exec(open(sys.orig_argv[-1]).read(), {})"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code, whole.void / "farm.py"],
        capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("VOID Bridge cannot run: there is no folder lib beside it")


def test_the_line_in_init_finds_the_folder_beside_it(whole, host):
    code = """
import os, sys, types
asked = []
nuke = types.ModuleType("nuke")
def pluginAddPath(args, addToSysPath=True):
    asked.append((args, addToSysPath))
nuke.pluginAddPath = pluginAddPath
sys.modules["nuke"] = nuke
exec(compile(open(sys.argv[1]).read(), "init.py", "exec"), {})
print(asked)
"""
    assert host.run(code, whole.init).strip() == "[('./void', False)]"


def terminal(target, name, *arguments):
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(target.void / f"{name}.py"), *arguments],
        capture_output=True,
        text=True,
    )


def old_python(version):
    """A Python from before ours, of which the install knows nothing."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    named = [Path(place, f"python{version}") for place in places]
    for program in (*named, *sorted(root.glob(f"versions/{version}.*/bin/python{version}"))):
        if (
            program.is_file()
            and not subprocess.run([program, "-c", ""], capture_output=True).returncode
        ):
            return program
    pytest.skip(f"no Python {version} was found here")
