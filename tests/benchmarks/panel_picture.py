"""Draws the job panel on a real server into docs/images/panel.png.

The workers are scripted, so that jobs in every state are there at once.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/panel_picture.py [--out DIR] [--all]
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "host_plugins" / "panel"))

from picture_server import Served  # noqa: E402

from host_plugins.panel.jobs_panel import JobsPanel  # noqa: E402
from host_plugins.panel.qt import QtCore, QtGui, QtWidgets  # noqa: E402

NUKE_GREY = "#323232"
SECONDS = 30.0

_LABEL = 46
"""Rows of that picture that only name it."""


def dark_palette():
    """As Nuke's own: a grey window, fields a little darker, light text, orange selection."""
    roles, groups = QtGui.QPalette.ColorRole, QtGui.QPalette.ColorGroup
    palette = QtGui.QPalette(QtGui.QColor(NUKE_GREY))
    for role, color in {
        roles.Window: NUKE_GREY,
        roles.Base: "#2a2a2a",
        roles.AlternateBase: "#2e2e2e",
        roles.Button: "#505050",
        roles.Text: "#c8c8c8",
        roles.WindowText: "#c8c8c8",
        roles.ButtonText: "#c8c8c8",
        roles.Highlight: "#7a4d1d",
        roles.HighlightedText: "#f0f0f0",
        roles.ToolTipBase: "#2a2a2a",
        roles.ToolTipText: "#c8c8c8",
        roles.PlaceholderText: "#808080",
    }.items():
        palette.setColor(role, QtGui.QColor(color))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(groups.Disabled, role, QtGui.QColor("#787878"))
    return palette


def make_jobs(server, picture):
    """Done, failed, cancelled, running and waiting ones, in the order of a day's work."""
    failed = "the matte is black on all 24 frames (1001-1024)"
    softer = "fine detail inside the matte is softer than the plate: the model worked at 832x480"
    ended = [
        server.submit("sh010_comp_VoidRemove1", 1048, pause=0, warnings=[softer]),
        server.submit("sh020_comp_VoidRemove1", 1024, pause=0, fail=failed),
        server.submit("sh030_comp_VoidRemove1", 1096, pause=0.02),
    ]
    server.reach(ended[2], lambda job: job.finished > 31)
    server.cancel(ended[2])
    running = server.submit(
        "sh040_comp_VoidRemove2",
        1040,
        pause=0.2,
        previews=1,
        picture=str(picture),
        stage="denoising, pass 1",
        steps=50,
        eta=194.0,
    )
    server.submit("sh050_comp_VoidRemove1", 1120)
    server.reach(running, lambda job: job.finished > 11)
    return running


def preview(folder):
    """The cleaned third of the picture that the documentation has of a removal."""
    whole = QtGui.QImage(str(ROOT / "docs" / "images" / "before_matte_after.png"))
    third = whole.width() // 3
    file = folder / "preview.png"
    whole.copy(2 * third, _LABEL, third, whole.height() - _LABEL).save(str(file))
    return file


def wait(condition):
    until = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < until:
        QtWidgets.QApplication.processEvents(
            QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 200
        )


def grab(panel, width, height, ratio=2):
    """The panel as it looks on a screen with so many pixels to a point."""
    panel.resize(width, height)
    QtWidgets.QApplication.processEvents()
    image = QtGui.QImage(width * ratio, height * ratio, QtGui.QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    panel.render(image)
    return image


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--all", action="store_true", help="narrow ones, and one without a server")
    arguments = parser.parse_args()
    out = arguments.out
    application = QtWidgets.QApplication([])
    application.setStyle("Fusion")
    application.setPalette(dark_palette())
    with tempfile.TemporaryDirectory() as folder:
        server = Served(Path(folder) / "server")
        try:
            running = make_jobs(server, preview(Path(folder)))
            panel = JobsPanel(endpoint=server.endpoint)
            panel.resize(900, 700)
            panel.show()
            wait(lambda: len(panel.table.jobs.jobs) == 5)
            at = [job.job for job in panel.table.jobs.jobs].index(running)
            panel.table.selectRow(at)
            wait(lambda: panel.picture.job == running)
            wide = grab(panel, 900, 700)
            narrow = grab(panel, 420, 700)
            least = grab(panel, 300, 700)
            server.kill()
            wait(lambda: panel.error.isVisible())
            silent = grab(panel, 420, 700)
            panel.close()
            panel.work.join(5.0)
        finally:
            server.close()
    wide.save(str(out / "panel.png"))
    if arguments.all:
        for name, image in {"420": narrow, "300": least, "silent": silent}.items():
            image.save(str(out / f"panel_{name}.png"))


if __name__ == "__main__":
    main()
