"""The command ``void-server``."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

import bridge
from bridge.errors import ServerError, VoidError
from bridge.settings import flag, variable

if TYPE_CHECKING:
    from void_server.broker.broker import Broker

NEEDED = ("av", "cv2", "numpy", "OpenEXR", "OpenImageIO", "platformdirs", "PyOpenColorIO")
"""Modules of the ``server`` extra without which the main job cannot run."""


def main(
    arguments: Sequence[str] | None = None, *, worker_command: Sequence[str] | None = None
) -> int:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        arguments: The command line without the program's name; this process's own by default.
        worker_command: Program of a worker in place of our own.

    Returns:
        The exit code.
    """
    try:
        _check_installation()
        return _serve(arguments, worker_command)
    except VoidError as error:
        sys.stderr.write(f"void-server: {error}\n")
        return error.exit_code


def _serve(arguments: Sequence[str] | None, worker_command: Sequence[str] | None) -> int:
    # Imported late: without the server extra there would be a traceback instead of a hint.
    from void_server.broker.broker import Broker
    from void_server.broker.journal import journal
    from void_server.settings import ServerSettings

    flags = vars(_parser(ServerSettings).parse_args(arguments))
    settings = ServerSettings.load(flags, file=flags.pop("config"))
    broker = Broker(settings, worker_command=worker_command)
    with (
        journal(settings.data_dir / "logs", settings.log_level),
        _stopped_by_signals(broker.stop),
        _announced(broker, settings.notice),
    ):
        broker.run()
    return 0


def _check_installation() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ServerError(
            "installation",
            f"the server's part is not installed (missing {', '.join(missing)})",
            "Run: pip install 'void-bridge[server]'",
            code="missing_extra",
        )


@contextlib.contextmanager
def _announced(broker: Broker, file: Path) -> Iterator[None]:
    """Tell clients and the terminal where the server listens, as long as it does."""
    from void_server.broker.notice import Notice, post, take_down

    post(
        Notice(broker.endpoint, os.getpid(), broker.epoch, bridge.__version__, broker.public_key),
        file,
    )
    sys.stdout.write(f"void-server {bridge.__version__} listens on {broker.endpoint}\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        take_down(file, broker.epoch)


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser(kind: type[msgspec.Struct]) -> argparse.ArgumentParser:
    """A flag for every setting; what it says comes from the settings themselves."""
    parser = argparse.ArgumentParser(
        prog="void-server",
        description="Serves object removal to void, Nuke and Resolve on this machine.",
        epilog="Each setting may also stand in the environment (in brackets) or, with underscores, "
        "in the table [server] of the settings file. Flags win over the environment, the "
        "environment over the file.",
    )
    parser.add_argument("--version", action="version", version=f"void-server {bridge.__version__}")
    parser.add_argument(
        "--config", type=Path, help="settings file (TOML); default: void.toml of this user"
    )
    for field in msgspec.structs.fields(kind):
        if field.default is False:
            parser.add_argument(
                flag(field.name), help=_help(field), action="store_const", const=True
            )
        else:
            metavar = field.name.rpartition("_")[2].upper()
            parser.add_argument(flag(field.name), help=_help(field), metavar=metavar)
    return parser


def _help(field: msgspec.structs.FieldInfo) -> str:
    (meta,) = (note for note in get_args(field.type)[1:] if isinstance(note, msgspec.Meta))
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory()
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    known = f"; default {shown}" if default not in (None, (), False) else ""
    return f"{meta.description}{known} [{variable(field.name)}]".replace("%", "%%")


if __name__ == "__main__":
    sys.exit(main())
