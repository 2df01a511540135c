"""The panel of a server's jobs, for any host that shows Qt widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bridge.messages import FINAL, JobStatus
from host_plugins.panel import asking, questions
from host_plugins.panel.dialling import DEFAULT_ENDPOINT, dial, is_set_for_all
from host_plugins.panel.jobs_table import JobsTable
from host_plugins.panel.news import Collected, Collecting, Lost, News, Pictured, Refused, Seen, Told
from host_plugins.panel.notice import Arrival, Notice
from host_plugins.panel.picture import Picture
from host_plugins.panel.plain import plain
from host_plugins.panel.qt import QtCore, QtGui, QtWidgets
from host_plugins.panel.rows import told
from host_plugins.panel.server_bar import ServerBar
from host_plugins.panel.work import Dial, Work
from host_plugins.run.server import endpoint as chosen_for_all

Qt = QtCore.Qt

_LOOK_MILLISECONDS = 100
_EMPTY = "No jobs on this server."
_SILENT = "No server answers at this address.\nStart it with void-server, or type another address."


class JobsPanel(QtWidgets.QWidget):
    """A server and its jobs: how they stand, what they look like, and what to do with them.

    It works while it is shown: hidden, it asks nothing, and what is being collected goes on.
    Nothing it does waits for the network.

    Args:
        parent: The widget it belongs to.
        endpoint: The server; by default the one of ``VOID_SERVER``, else the local one.
        dial: Makes clients of a server.
    """

    def __init__(
        self,
        parent: QtWidgets.QWidget | None = None,
        *,
        endpoint: str = DEFAULT_ENDPOINT,
        dial: Dial = dial,
    ) -> None:
        super().__init__(parent)
        self.work = Work(chosen_for_all(endpoint), dial)
        self.server = ServerBar(
            self.work.endpoint, chosen=self._watch_another, refresh=self.work.refresh
        )
        self.server.fix(is_set_for_all())
        self.error, self.outcome = Notice("What went wrong"), Notice("What was done")
        self.table = JobsTable()
        self.picture = Picture()
        self.told = plain(QtWidgets.QLabel())
        self.arrival = Arrival(self.work.stop_collecting)
        self.collect = self._button("Collect...", "Bring the frames into a folder", self._collect)
        self.cancel = self._button("Cancel...", "Stop the job; finished frames stay", self._cancel)
        self.purge = self._button("Purge...", "Delete the job from the server", self._purge)
        self._lost = False
        self._lay_out()
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(_LOOK_MILLISECONDS)
        self._timer.timeout.connect(self._take)
        self.table.selectionModel().selectionChanged.connect(lambda: self._selected())
        self.table.customContextMenuRequested.connect(self._show_menu)
        # A widget that is deleted gets no event; what works for it hears of it this way.
        self.destroyed.connect(self.work.stop)
        self._selected()
        self.table.setFocus()

    def sizeHint(self) -> QtCore.QSize:
        """A comfortable size; down to half of that nothing is cut off."""
        letter = self.fontMetrics()
        return QtCore.QSize(letter.averageCharWidth() * 84, letter.height() * 36)

    # --- while it is shown -------------------------------------------------------------------

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        """Watch the server."""
        super().showEvent(event)
        if not self.work.watching:
            self.work.watch()
            self.work.look_at(self._looked_at())
            self._timer.start()

    def hideEvent(self, event: QtGui.QHideEvent) -> None:
        """Rest."""
        self._timer.stop()
        self.work.rest()
        super().hideEvent(event)

    def event(self, event: QtCore.QEvent) -> bool:
        """Keep the keys that mean something here from the host: Delete would delete its nodes."""
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and _is_ours(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """F5 asks the server now; Delete cancels what runs or purges what is over, and asks."""
        if event.key() == Qt.Key.Key_F5:
            self.work.refresh()
        elif event.key() == Qt.Key.Key_Delete:
            (self._cancel if self.cancel.isEnabled() else self._purge)()
        else:
            super().keyPressEvent(event)

    # --- what arrives ------------------------------------------------------------------------

    def _take(self) -> None:
        for news in self.work.news():
            self._heard(news)

    def _heard(self, news: News) -> None:
        if isinstance(news, Seen):
            self._seen(news)
        elif isinstance(news, Lost):
            self._missed(news)
        elif isinstance(news, Refused):
            self.outcome.clear()
            self.error.error(news.error)
        elif isinstance(news, Told):
            self.error.clear()
            self.outcome.good(news.text)
        elif isinstance(news, Pictured):
            if news.job == self._looked_at():
                self.picture.show_preview(news.job, news.preview, news.png)
        elif isinstance(news, Collecting):
            self.arrival.arrive(news)
        else:
            self._collected(news)

    def _seen(self, news: Seen) -> None:
        self.server.answered(news.welcome)
        if self._lost:
            self._lost = False
            self.error.clear()
        self.table.placeholder = _EMPTY
        self.table.setEnabled(True)
        self.table.show_jobs(news.jobs)
        self._selected()

    def _missed(self, news: Lost) -> None:
        self._lost = True
        self.server.silent()
        self.error.error(news.error)
        self.table.placeholder = _SILENT
        self.table.setEnabled(False)
        self._selected()

    def _collected(self, news: Collected) -> None:
        self.arrival.end(news)
        if news.error is not None:
            self.error.error(news.error)
        self._selected()

    # --- what the artist does ----------------------------------------------------------------

    def _watch_another(self, endpoint: str) -> None:
        self.table.show_jobs(())
        self.table.placeholder = ""
        self.error.clear()
        self.outcome.clear()
        self.picture.forget()
        self.work.watch(endpoint)

    def _selected(self) -> None:
        """Show what is selected, and offer what can be done with it."""
        jobs = self.table.selected()
        self.told.setText(told(jobs[0]) if len(jobs) == 1 else "")
        self.told.setVisible(len(jobs) == 1)
        jobs = [] if self._lost else jobs
        self.cancel.setEnabled(bool(questions.cancellable(jobs)))
        self.purge.setEnabled(bool(questions.purgeable(jobs)))
        self.collect.setEnabled(len(jobs) == 1 and not self.work.collecting)
        if self.picture.job != self._looked_at():
            self.picture.forget()
        self.work.look_at(self._looked_at())

    def _looked_at(self) -> str:
        """The job whose preview is wanted: the one that is selected, if it runs; else ""."""
        jobs = self.table.selected()
        return jobs[0].job if len(jobs) == 1 and jobs[0].state not in FINAL else ""

    def _cancel(self) -> None:
        jobs = questions.cancellable(self.table.selected())
        if jobs:
            asking.ask(self, questions.about_cancelling(jobs), lambda: self.work.cancel(jobs))

    def _purge(self) -> None:
        jobs = questions.purgeable(self.table.selected())
        if jobs:
            asking.ask(self, questions.about_purging(jobs), lambda: self.work.purge(jobs))

    def _collect(self) -> None:
        jobs = self.table.selected()
        if len(jobs) == 1:
            title = f"Collect {jobs[0].name} into a folder"
            asking.choose_folder(self, title, lambda folder: self._collect_into(jobs[0], folder))

    def _collect_into(self, job: JobStatus, folder: Path) -> None:
        self.arrival.begin(job.name, job.last_frame - job.first_frame + 1)
        self.work.collect(job, folder)
        self._selected()

    def _show_menu(self, place: QtCore.QPoint) -> None:
        jobs = self.table.selected()
        if not jobs:
            return
        menu = QtWidgets.QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.collect, self.cancel, self.purge):
            menu.addAction(button.text(), button.click).setEnabled(button.isEnabled())
        menu.addSeparator()
        menu.addAction("Copy job id", lambda: _copy(jobs))
        menu.popup(self.table.viewport().mapToGlobal(place))

    # --- how it looks ------------------------------------------------------------------------

    def _button(self, text: str, tip: str, pressed: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: pressed())
        return button

    def _lay_out(self) -> None:
        self.told.setWordWrap(True)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.told.setAccessibleName("The selected job")
        split = QtWidgets.QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.picture)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.collect, self.cancel, self.purge):
            buttons.addWidget(button)
        buttons.addStretch(1)
        whole = QtWidgets.QVBoxLayout(self)
        for widget in (self.server, self.error, self.outcome):
            whole.addWidget(widget)
        whole.addWidget(split, 1)
        whole.addWidget(self.told)
        whole.addWidget(self.arrival)
        whole.addLayout(buttons)


def _is_ours(event: QtCore.QEvent) -> bool:
    return isinstance(event, QtGui.QKeyEvent) and event.key() in (Qt.Key.Key_F5, Qt.Key.Key_Delete)


def _copy(jobs: Sequence[JobStatus]) -> None:
    QtWidgets.QApplication.clipboard().setText(" ".join(job.job for job in jobs))
