"""The command ``void install``, in a process of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import msgspec

from bridge.errors import RequestError, VoidError
from bridge.user_path import user_path
from host_plugins.install import build, startup_line, vendored, wheels
from host_plugins.install import record as records
from host_plugins.install.check import Finding, check
from host_plugins.install.erase import erase
from host_plugins.install.target import Target, changing, refuse_links

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the signal's number."""

HOME = "~/.nuke"
"""Where Nuke looks for one user's plug-ins."""


class _Answer(TypedDict, total=False):
    """The one JSON object."""

    dir: str
    ok: bool
    version: str
    vendored: dict[str, dict[str, str]]
    files: int
    line: str
    kept: list[str]
    checks: list[Finding]


def main(arguments: Sequence[str] | None = None) -> int:
    """Install a panel into a host, look whether it is whole, or take it away.

    Args:
        arguments: The command line without the program's name; this process's own by default.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except VoidError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        if options.json:
            _print_json({"error": error.record()})
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    target = Target(user_path(options.dir, subject="--dir"))
    action: Callable[[argparse.Namespace, Target], tuple[_Answer, list[str]]] = (
        _uninstall if options.uninstall else _check if options.check else _install
    )
    answer, lines = action(options, target)
    if options.json:
        _print_json({"dir": target.folder.as_posix(), **answer})
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if answer.get("ok", True) else 1


def _install(options: argparse.Namespace, target: Target) -> tuple[_Answer, list[str]]:
    asked = wheels.machines(
        tuple(options.os or [vendored.system()]), tuple(options.nuke_python or wheels.PYTHONS)
    )
    source = None if options.wheels is None else _existing(options.wheels, "--wheels")
    made = build.install(target, asked, source)
    record = made.record
    kept = [] if made.kept is None else [made.kept.as_posix()]
    answer = _Answer(
        version=record.version,
        vendored=record.vendored,
        files=len(record.files),
        line="added" if made.line_added else "there",
        kept=kept,
    )
    return answer, _told_install(target, made, kept)


def _told_install(target: Target, made: build.Made, kept: list[str]) -> list[str]:
    home = user_path(HOME, subject="--dir")
    record = made.record
    return [
        f"{target.void}: VOID Bridge {record.version}, {len(record.files)} files.",
        *(
            f"  {folder}: {', '.join(f'{name} {version}' for name, version in packages.items())}"
            for folder, packages in record.vendored.items()
        ),
        f"{target.init}: {'one line added' if made.line_added else 'the line was there'}.",
        *(
            f"{path}: what somebody had changed in the older install is kept there."
            for path in kept
        ),
        *([] if target.folder == home else [f"Add {target.folder} to NUKE_PATH."]),
        "Restart Nuke. The node is VOID > VoidRemove, or Tab and its name.",
    ]


def _uninstall(options: argparse.Namespace, target: Target) -> tuple[_Answer, list[str]]:
    with changing(target.folder):
        refuse_links(target)
        if target.folder.is_dir():
            build.mend(target)
        record = records.read(target.void) if target.void.is_dir() else None
        if record is None:
            raise RequestError(
                str(target.void),
                "nothing is installed there",
                "Name the folder with --dir.",
                code="not_installed",
            )
        line = startup_line.take_out(target.init, made=record.made_init)
        kept = [(target.void / name).as_posix() for name in erase(target.void, record)]
    if line == "changed":
        kept.append(target.init.as_posix())
    words = {"there": "the line is gone", "missing": "the line was gone already"}
    told = [
        f"{target.void}: VOID Bridge {record.version} is gone.",
        f"{target.init}: {words.get(line, 'somebody has changed the line, take it out by hand')}.",
        *(f"{path}: kept, somebody has changed or added it." for path in kept),
    ]
    return _Answer(version=record.version, line=line, kept=kept), told


def _check(options: argparse.Namespace, target: Target) -> tuple[_Answer, list[str]]:
    with changing(target.folder):
        found = check(target, [_existing(path, "--with") for path in options.pythons or ()])
    count = {state: sum(f.state == state for f in found) for state in ("ok", "wrong", "not run")}
    told = [f"{finding.state:<8} {finding.subject}: {finding.text}" for finding in found]
    told.append(", ".join(f"{number} {state}" for state, number in count.items()))
    return _Answer(ok=not count["wrong"], checks=found), told


def _existing(typed: str, subject: str) -> Path:
    path = user_path(typed, subject=subject)
    if not path.exists():
        raise RequestError(subject, f"it does not exist (got '{typed}')", code="bad_path")
    return path


def _print_json(record: object) -> None:
    sys.stdout.write(msgspec.json.encode(record).decode() + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="void install", description="Put a panel into a host application.", allow_abbrev=False
    )
    hosts = parser.add_subparsers(dest="host", metavar="HOST", required=True)
    nuke = hosts.add_parser(
        "nuke",
        help="The node VoidRemove, for Nuke 15 and later.",
        description="Put the node VoidRemove into a folder in which Nuke looks for plug-ins.",
        allow_abbrev=False,
    )
    _add_options(nuke)
    return parser


def _add_options(nuke: argparse.ArgumentParser) -> None:
    nuke.add_argument(
        "--dir", default=HOME, help="That folder: %(default)s, or an entry of NUKE_PATH."
    )
    nuke.add_argument(
        "--nuke-python",
        action="append",
        metavar="3.N",
        help="The host's Python; may be repeated. Without it those of Nuke 15 to 17: "
        f"{', '.join(wheels.PYTHONS)}.",
    )
    nuke.add_argument(
        "--os",
        action="append",
        metavar="|".join(wheels.PLATFORMS),
        help="Where Nuke runs; may be repeated. Without it this operating system.",
    )
    nuke.add_argument(
        "--wheels", metavar="DIR", help="Take the libraries from here instead of the internet."
    )
    instead = nuke.add_mutually_exclusive_group()
    instead.add_argument("--uninstall", action="store_true", help="Take the install away again.")
    instead.add_argument(
        "--check", action="store_true", help="Look whether it is whole. Exit code 1 when it is not."
    )
    nuke.add_argument(
        "--with",
        dest="pythons",
        action="append",
        metavar="PYTHON",
        help="With --check: try the libraries with this Python, such as Nuke's; may be repeated.",
    )
    nuke.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")


if __name__ == "__main__":
    sys.exit(main())
