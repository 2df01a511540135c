"""``void demo``: films a shot, has the boom removed as a user would, and measures the result."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bridge.errors import VoidError
from void_server.demo import footage
from void_server.demo.scene import Scene
from void_server.demo.summary import summarize

_console = Console(stderr=True)


class _RemoveFailed(Exception):
    """``void remove`` ended with this exit code; it has said why."""


def main() -> int:
    """Run the demo; the exit code says whether every pixel outside the alpha was kept."""
    given = _arguments()
    width, height = given.size
    scene = Scene(width=width, height=height, frames=given.frames, camera="slow")
    folder = given.out.absolute()
    try:
        with _bar("filming", scene) as advanced:
            footage.write(scene, folder, advanced=advanced)
        version = _remove(folder)
        with _bar("measuring", scene) as advanced:
            measured, figures = summarize(scene, folder, version, advanced=advanced)
    except VoidError as error:
        _console.print(str(error), markup=False, highlight=False)
        return error.exit_code
    except _RemoveFailed as failed:
        return int(failed.args[0])
    except KeyboardInterrupt:
        return 130
    _tell(figures, folder, version)
    return 1 if measured.changed_outside else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="void demo",
        description="Makes a shot of its own, removes the boom microphone from it, measures the "
        "result against the known truth, and writes a contact sheet and a report.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("void_demo"), help="folder for everything (%(default)s)"
    )
    parser.add_argument("--size", type=_size, default=(1920, 1080), help="picture size (1920x1080)")
    parser.add_argument("--frames", type=int, default=48, help="length of the shot (%(default)s)")
    return parser.parse_args()


def _size(text: str) -> tuple[int, int]:
    width, height = (int(number) for number in text.lower().split("x"))
    return width, height


def _remove(folder: Path) -> Path:
    """Have the boom removed by ``void remove``; returns the version folder."""
    command = [sys.executable, "-m", "bridge.cli", "remove", str(footage.pattern(folder, "plate"))]
    command += ["--matte", str(footage.pattern(folder, "boom"))]
    command += ["--affected", str(footage.pattern(folder, "shadow"))]
    command += ["--name", "demo", "--out", str(folder), "--output", "both", "--json"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if ran.returncode:
        raise _RemoveFailed(ran.returncode)
    return Path(json.loads(ran.stdout)["out"])


@contextmanager
def _bar(stage: str, scene: Scene) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_console, transient=True) as progress:
        task = progress.add_task(stage, total=len(scene.frames))
        yield lambda done: progress.update(task, completed=done)


def _tell(figures: dict[str, str], folder: Path, version: Path) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in figures.items():
        table.add_row(name, value)
    console = Console(soft_wrap=True)
    console.print(table)
    for what, path in (
        ("clean plate", version),
        ("contact sheet", folder / "contact_sheet.png"),
        ("report", folder / "report.html"),
    ):
        console.print(f"{what}: {path}", markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
