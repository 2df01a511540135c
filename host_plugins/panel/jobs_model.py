"""Jobs as the model of a table. A refresh keeps what is selected and where one has scrolled to."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bridge.messages import JobStatus
from host_plugins.panel.plain import tooltip
from host_plugins.panel.qt import QtCore
from host_plugins.panel.rows import Row, row, told

Qt = QtCore.Qt
Index = QtCore.QModelIndex | QtCore.QPersistentModelIndex

COLUMNS = ("Shot", "State", "Frames", "Doing", "Engine", "Age", "Notes")
"""What the table shows, most important first."""

SHOT, STATE, FRAMES, DOING, ENGINE, AGE, NOTES = range(len(COLUMNS))

SHARE = int(Qt.ItemDataRole.UserRole) + 1
"""Role of a job's share that is done, 0 to 1."""


class JobsModel(QtCore.QAbstractTableModel):
    """The jobs of a server, newest first."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: list[JobStatus] = []
        self._rows: list[Row] = []

    def show(self, jobs: Sequence[JobStatus]) -> None:
        """Show these jobs in this order."""
        self._remove(jobs)
        for at, job in enumerate(jobs):
            if at >= len(self.jobs) or self.jobs[at].job != job.job:
                self._insert(at, job)
        now = time.time()
        self.jobs = list(jobs)
        self._rows = [row(job, now=now) for job in jobs]
        if jobs:
            last = self.index(len(jobs) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: Index | None = None) -> int:
        """How many jobs there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """How many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: QtCore.Qt.Orientation, role: int = 0) -> object:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = 0) -> object:
        """What a cell shows, says to a screen reader, and tells on a longer look."""
        shown = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(shown, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(told(self.jobs[index.row()]))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{COLUMNS[index.column()]}: {_text(shown, index.column())}"
        if role == SHARE:
            return shown.share
        return None

    def _remove(self, jobs: Sequence[JobStatus]) -> None:
        """Drop the rows that are not wanted, or stand in another order."""
        wanted = {job.job: at for at, job in enumerate(jobs)}
        least = len(jobs)
        for at in reversed(range(len(self.jobs))):
            place = wanted.get(self.jobs[at].job, len(jobs))
            if place < least:
                least = place
                continue
            self.beginRemoveRows(QtCore.QModelIndex(), at, at)
            del self.jobs[at], self._rows[at]
            self.endRemoveRows()

    def _insert(self, at: int, job: JobStatus) -> None:
        self.beginInsertRows(QtCore.QModelIndex(), at, at)
        self.jobs.insert(at, job)
        self._rows.insert(at, row(job, now=time.time()))
        self.endInsertRows()


def _text(shown: Row, column: int) -> str:
    return (
        shown.name,
        shown.state,
        shown.frames,
        shown.doing,
        shown.engine,
        shown.age,
        shown.notes,
    )[column]
