"""What the host is: its version, its licence, its Python and the packages that came with us."""

from __future__ import annotations

import importlib
import os
import platform
from importlib import metadata

import nuke

from bridge.errors import RequestError
from host_plugins.nuke_panel import node as void_node
from host_plugins.nuke_panel.selftest.bench import Bench
from host_plugins.nuke_panel.selftest.check import Check, Failed, NotRun, expect, same

LICENCE = "The licence lets Python reach a whole script"

OLDEST_NUKE = 15
OLDEST_PYTHON = (3, 10)

_LIMITED = ("nc", "indie")
_ENV = ("gui", "nc", "indie", "NukeVersionMajor", "NukeVersionMinor", "NukeVersionRelease")
_PACKAGES = (("zmq", "pyzmq"), ("msgspec", "msgspec"))


def host() -> str:
    """The host and its build."""
    return f"Nuke {nuke.NUKE_VERSION_STRING}"


def _version(bench: Bench) -> str:
    numbers = (nuke.NUKE_VERSION_MAJOR, nuke.NUKE_VERSION_MINOR, nuke.NUKE_VERSION_RELEASE)
    expect(all(isinstance(number, int) for number in numbers), f"{numbers} are not all whole")
    expect(numbers[0] >= OLDEST_NUKE, f"Nuke {numbers[0]} is older than Nuke {OLDEST_NUKE}")
    return nuke.NUKE_VERSION_STRING


def _env(bench: Bench) -> str:
    lacking = [key for key in _ENV if nuke.env.get(key) is None]
    expect(not lacking, f"nuke.env lacks {', '.join(lacking)}")
    expect(bool(nuke.env["gui"]) == bool(nuke.GUI), "nuke.env['gui'] is not nuke.GUI")
    return ", ".join(f"{key} {nuke.env[key]}" for key in _ENV[:3])


def _python(bench: Bench) -> str:
    here = tuple(int(number) for number in platform.python_version_tuple()[:2])
    expect(here >= OLDEST_PYTHON, f"Python {platform.python_version()} is older than 3.10")
    ocio = os.environ.get("OCIO")
    return f"{platform.python_version()}, OCIO {ocio or 'not set'}"


def _packages(bench: Bench) -> str:
    return ", ".join(_package(module, name) for module, name in _PACKAGES)


def _package(module: str, name: str) -> str:
    """Version of a package and the folder that it came from."""
    file = importlib.import_module(module).__file__ or ""
    return f"{name} {metadata.version(name)} from {os.path.dirname(os.path.dirname(file))}"  # noqa: PTH120 - as the host writes it


def _licence(bench: Bench) -> str:
    if any(nuke.env.get(key) for key in _LIMITED):
        raise NotRun("under Non-commercial and Indie it reaches 10 nodes, and the node is refused")
    return "neither Non-commercial nor Indie"


def _refused(bench: Bench) -> str:
    if not any(nuke.env.get(key) for key in _LIMITED):
        raise NotRun("this licence is neither of them")
    try:
        void_node.create()
    except RequestError as error:
        same("the error", expected="nuke_licence", got=error.code)
        expect("void remove" in str(error), f"the way out is missing: {error}")
        return str(error)
    raise Failed("the node was made all the same")


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name="Nuke says its version in numbers",
        look=_version,
        facts=("nuke.NUKE_VERSION_MAJOR", "nuke.NUKE_VERSION_STRING"),
    ),
    Check(name="nuke.env has the keys we read", look=_env, facts=("nuke.env", "nuke.GUI")),
    Check(name="Python is new enough", look=_python, facts=()),
    Check(name="pyzmq and msgspec are there", look=_packages, facts=()),
    Check(name=LICENCE, look=_licence, facts=("nuke.env",)),
    Check(
        name="Under Non-commercial and Indie the node is refused, with the way out",
        look=_refused,
        facts=("nuke.env",),
    ),
)
