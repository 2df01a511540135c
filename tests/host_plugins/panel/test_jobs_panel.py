import threading

import pytest

from bridge.client import Client

PATIENCE = 20.0


@pytest.fixture
def watching(server, until, monkeypatch):
    """Makes shown panels that ask more often than usual; all of them end with the test."""
    from PySide6 import QtWidgets

    from host_plugins.panel import dialling, poller
    from host_plugins.panel.jobs_panel import JobsPanel

    monkeypatch.setattr(dialling, "_TIMEOUT", 0.5)
    monkeypatch.delenv("VOID_SERVER", raising=False)
    monkeypatch.setattr(poller, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(poller, "IDLE_SECONDS", 0.05)
    made = []

    def make(endpoint="", **how):
        panel = JobsPanel(endpoint=endpoint or server.endpoint, **how)
        made.append(panel)
        panel.resize(420, 600)
        panel.show()
        return panel

    yield make
    for widget in QtWidgets.QApplication.topLevelWidgets():
        widget.close()
    for panel in made:
        panel.work.stop()
        assert panel.work.join(10.0)


@pytest.fixture
def panel(watching, until):
    made = watching()
    until(lambda: made.server.dot.meaning == "good", "the server")
    return made


def select(panel, until, job):
    """Select a job as soon as it is listed."""
    listed = lambda: [one.job for one in panel.table.jobs.jobs]  # noqa: E731
    until(lambda: job in listed(), f"job {job}")
    panel.table.selectRow(listed().index(job))


def box_of(panel, until):
    from PySide6 import QtWidgets

    return until(lambda: panel.findChild(QtWidgets.QMessageBox), "the question")


def press(box, text):
    next(button for button in box.buttons() if button.text() == text).click()


def cell(panel, row, column):
    return panel.table.jobs.index(row, column).data()


def test_the_server_is_told_with_version_and_engines(panel):
    told = panel.server.words.text()
    assert "void-server " in told
    assert "scripted: runs on cpu" in told
    assert "void: not here: there is no GPU" in told
    assert panel.server.dot.accessibleName() == "server answers"


def test_a_server_without_jobs_says_so(panel):
    assert panel.table.placeholder == "No jobs on this server."
    assert not any(b.isEnabled() for b in (panel.collect, panel.cancel, panel.purge))


def test_a_running_job_shows_its_progress_and_its_newest_preview(server, panel, until):
    from PySide6 import QtGui

    job = server.submit("sh010", 1400, pause=0.05, previews=1, stage="denoising", steps=50, eta=60)
    select(panel, until, job)
    until(lambda: panel.picture.isVisible(), "the preview")
    assert "denoising, step " in cell(panel, 0, 3)
    assert cell(panel, 0, 2).endswith("/400")
    assert panel.told.text().startswith(f"sh010 {job[:8]}: running")
    frame = int(panel.picture.caption.text().split()[1])
    middle = panel.picture.mapTo(panel, panel.picture.rect().center())
    color = QtGui.QImage(panel.grab().toImage()).pixelColor(middle)
    assert color.getRgb()[:3] == (frame % 256,) * 3  # the worker's previews are as bright as that


def test_a_finished_job_can_be_purged_but_not_cancelled(server, panel, until):
    job = server.submit("sh020")
    server.reach(job, lambda status: status.state == "done")
    select(panel, until, job)
    until(lambda: panel.purge.isEnabled(), "the end")
    assert not panel.cancel.isEnabled()
    assert panel.collect.isEnabled()


def test_cancelling_asks_first_and_no_is_the_default(server, panel, until):
    job = server.submit("sh030", 1400, pause=0.05)
    select(panel, until, job)
    panel.cancel.click()
    box = box_of(panel, until)
    assert box.text() == "Stop sh030?"
    assert box.defaultButton().text() == "Let it go on"
    press(box, "Let it go on")
    assert server.status(job).state in ("queued", "running")
    panel.cancel.click()
    press(until(lambda: next((b for b in panel.findChildren(type(box)) if b.isVisible()), None)),
          "Stop it")  # fmt: skip
    until(lambda: server.status(job).state == "cancelled", "the cancel")
    until(lambda: panel.outcome.text().startswith("sh030 is "), "the answer")


def test_delete_asks_whether_to_purge_and_reaches_no_shortcut_of_the_host(server, panel, until):
    from PySide6 import QtCore, QtGui
    from PySide6.QtTest import QTest

    job = server.submit("sh040")
    server.reach(job, lambda status: status.state == "done")
    select(panel, until, job)
    until(lambda: panel.purge.isEnabled(), "the end")
    kind = QtCore.QEvent.Type.ShortcutOverride
    for key in (QtCore.Qt.Key.Key_Delete, QtCore.Qt.Key.Key_F5):
        override = QtGui.QKeyEvent(kind, key, QtCore.Qt.KeyboardModifier.NoModifier)
        override.ignore()
        QtCore.QCoreApplication.sendEvent(panel, override)
        assert override.isAccepted()
    QTest.keyClick(panel.table, QtCore.Qt.Key.Key_Delete)
    box = box_of(panel, until)
    assert box.text() == "Delete sh040 from the server?"
    press(box, "Delete it")
    until(lambda: panel.table.jobs.rowCount() == 0, "the purge")
    assert "1 job deleted" in panel.outcome.text()


def test_frames_are_collected_into_the_folder_that_is_chosen(server, panel, until, tmp_path):
    from PySide6 import QtWidgets

    job = server.submit("sh050")
    select(panel, until, job)
    until(lambda: panel.collect.isEnabled(), "something to collect")
    panel.collect.click()
    dialog = until(lambda: panel.findChild(QtWidgets.QFileDialog), "the dialog")
    dialog.fileSelected.emit(str(tmp_path))
    dialog.close()
    until(lambda: panel.arrival.button.text() == "Open folder", "the frames")
    assert "collected, 3 of 3 frames" in panel.arrival.words.text()
    assert len(list((tmp_path / "sh050_void_v001").glob("*.exr"))) == 3


def test_collecting_goes_on_while_the_panel_is_hidden(server, panel, until, tmp_path):
    job = server.submit("sh060", 1012, pause=0.05)
    select(panel, until, job)
    panel._collect_into(server.status(job), tmp_path)
    panel.hide()
    until(lambda: not panel.work.collecting, "the frames")
    assert len(list((tmp_path / "sh060_void_v001").glob("*.exr"))) == 12
    panel.show()
    until(lambda: "12 of 12 frames" in panel.arrival.words.text(), "the news of it")


def test_a_server_that_dies_greys_the_list_and_comes_back(server, panel, until):
    job = server.submit("sh070")
    server.reach(job, lambda status: status.state == "done")
    select(panel, until, job)
    port = server.port
    server.kill()
    until(lambda: panel.server.dot.meaning == "bad", "the silence")
    assert "has not answered for" in panel.server.words.text()
    assert "it does not answer" in panel.error.text()
    assert "code server_down" in panel.error.toolTip()
    assert not panel.table.isEnabled()
    assert not panel.purge.isEnabled()
    server.start(port)
    until(lambda: panel.server.dot.meaning == "good", "the server")
    assert panel.table.isEnabled()
    assert not panel.error.isVisible()
    assert [one.job for one in panel.table.selected()] == [job]


def test_another_address_shows_another_server(server, watching, until):
    made = watching("tcp://127.0.0.1:1")
    until(lambda: made.server.dot.meaning == "bad", "no server")
    assert "No server answers" in made.table.placeholder
    made.server.address.setText(server.endpoint)
    made.server.address.editingFinished.emit()
    until(lambda: made.server.dot.meaning == "good", "the server")


def test_a_malformed_address_is_said_in_words(watching, until):
    made = watching("nonsense")
    until(lambda: made.error.isVisible(), "the error")
    assert "nonsense" in made.error.text()


def test_the_studios_server_cannot_be_changed_in_the_panel(server, watching, until, monkeypatch):
    monkeypatch.setenv("VOID_SERVER", server.endpoint)
    made = watching("tcp://127.0.0.1:1")
    assert made.server.address.isReadOnly()
    until(lambda: made.server.dot.meaning == "good", "the studio's server")


def test_hidden_it_asks_nothing_and_shown_again_it_asks_on(panel, until):
    panel.hide()
    assert not panel.work.watching
    assert panel.work.join(5.0)
    panel.show()
    until(lambda: panel.work.news(), "an answer")


def test_a_panel_that_the_host_deletes_leaves_no_thread_behind(watching, until, application):
    from PySide6 import QtCore

    made = watching()
    until(lambda: made.server.dot.meaning == "good", "the server")
    work = made.work
    made.deleteLater()
    application.sendPostedEvents(made, QtCore.QEvent.Type.DeferredDelete)
    assert work.join(5.0)
    assert not [one for one in threading.enumerate() if one.name == "void-panel"]


def test_whoever_draws_never_waits_for_a_server_that_does_not_answer(server, watching, application):
    answer, waited = threading.Event(), []

    def slow(endpoint):
        waited.append(not answer.wait(PATIENCE))
        return Client(endpoint)

    made = watching(dial=slow)
    for act in (made.server.button.click, made.hide, made.show, made.work.refresh, made.hide):
        act()
        application.processEvents()
    answer.set()
    assert made.work.join(5.0)
    assert waited
    assert not any(waited)


@pytest.mark.parametrize(
    ("width", "columns"), [(300, 3), (420, 4), (1000, 7)], ids=["docked", "usual", "wide"]
)
def test_columns_give_way_where_there_is_no_room(server, panel, until, width, columns):
    server.submit("sh080")
    until(lambda: panel.table.jobs.rowCount() == 1, "the job")
    panel.resize(width, 600)
    until(lambda: panel.width() == width, "the size")
    hidden = [panel.table.isColumnHidden(at) for at in range(7)]
    assert hidden == [at >= columns for at in range(7)]
    widths = sum(panel.table.columnWidth(at) for at in range(7))
    assert widths <= panel.table.viewport().width()


def test_what_a_server_says_is_never_taken_for_html(server, panel, until):
    from PySide6 import QtCore, QtWidgets

    said = '<img src="file:///etc/hostname">'
    job = server.submit("sh090", 1400, pause=0.05, stage=said, warnings=[said])
    select(panel, until, job)
    until(lambda: said in panel.told.text() and cell(panel, 0, 6), "the stage and the note")
    panel.cancel.click()
    box_of(panel, until)
    labels = panel.findChildren(QtWidgets.QLabel)
    assert len(labels) > 6
    assert {one.textFormat() for one in labels} == {QtCore.Qt.TextFormat.PlainText}
    tip = panel.table.jobs.index(0, 0).data(QtCore.Qt.ItemDataRole.ToolTipRole)
    assert "&lt;img" in tip
    assert "<img" not in tip


def test_every_control_has_a_name_for_a_screen_reader(panel):
    controls = [panel.table, panel.server.address, panel.collect, panel.cancel, panel.purge]
    assert all(control.accessibleName() for control in controls)
