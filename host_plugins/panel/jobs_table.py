"""The table of jobs, with progress bars, that drops columns where there is no room for them."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.messages import JobStatus
from host_plugins.panel import jobs_model
from host_plugins.panel.jobs_model import (
    AGE,
    COLUMNS,
    DOING,
    ENGINE,
    FRAMES,
    NOTES,
    SHARE,
    SHOT,
    STATE,
    JobsModel,
)
from host_plugins.panel.qt import QtCore, QtGui, QtWidgets
from host_plugins.panel.shades import faded, shade

Qt = QtCore.Qt

_LONGEST = {
    STATE: "uploading",
    FRAMES: "1000/1000 ...",
    DOING: "refining, step 12/50",
    ENGINE: "cleanplate",
    AGE: "59 min 59 s",
    NOTES: "12 notes",
}
"""What a column has to have room for. The shots' column is as wide as its longest name."""

_MARGIN = 14
_MOST_FOR_SHOTS = 0.42

_MEANINGS = {"done": "good", "running": "busy", "failed": "bad", "cancelled": "waiting"}


class JobsTable(QtWidgets.QTableView):
    """The jobs of a server; one or several may be selected."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.placeholder = ""
        self.jobs = JobsModel(self)
        self.setModel(self.jobs)
        self.setAccessibleName("Jobs of the server")
        self.setItemDelegateForColumn(FRAMES, _Bar(self))
        self.setItemDelegateForColumn(STATE, _State(self))
        self.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setShowGrid(False)
        self.setWordWrap(False)
        self._arrange_headers()

    def show_jobs(self, jobs: Sequence[JobStatus]) -> None:
        """Show these jobs in this order."""
        self.jobs.show(jobs)
        self._arrange_columns()

    def selected(self) -> list[JobStatus]:
        """The jobs that are selected, in their order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.jobs.jobs[at] for at in rows]

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Show as many columns as there is room for."""
        super().resizeEvent(event)
        self._arrange_columns()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Say why there is nothing, where there is nothing."""
        super().paintEvent(event)
        if self.jobs.jobs or not self.placeholder:
            return
        painter = QtGui.QPainter(self.viewport())
        painter.setPen(faded(self.palette().color(QtGui.QPalette.ColorRole.Text), 0.6))
        inside = self.viewport().rect().adjusted(12, 12, -12, -12)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(inside, flags, self.placeholder)
        painter.end()

    def _arrange_headers(self) -> None:
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.hide()
        down.setDefaultSectionSize(round(self.fontMetrics().height() * 1.6))
        down.setMinimumSectionSize(0)
        across.setHighlightSections(False)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setSectionsClickable(False)

    def _arrange_columns(self) -> None:
        """Leave out the columns for which there is no room, the least important first."""
        across, modes = self.horizontalHeader(), QtWidgets.QHeaderView.ResizeMode
        widths = [self._width(column) for column in range(len(COLUMNS))]
        left = self.viewport().width()
        for column, width in enumerate(widths):
            left -= width
            self.setColumnHidden(column, left < 0 and column > FRAMES)
        wide = SHOT if self.isColumnHidden(DOING) else DOING
        for column, width in enumerate(widths):
            across.setSectionResizeMode(column, modes.Stretch if column == wide else modes.Fixed)
            if column != wide:
                across.resizeSection(column, width)

    def _width(self, column: int) -> int:
        letters = self.fontMetrics()
        if column != SHOT:
            return letters.horizontalAdvance(_LONGEST[column]) + _MARGIN
        names = [job.name for job in self.jobs.jobs] or [COLUMNS[SHOT]]
        longest = max(letters.horizontalAdvance(name) for name in names) + _MARGIN
        return min(longest, round(self.viewport().width() * _MOST_FOR_SHOTS))


class _State(QtWidgets.QStyledItemDelegate):
    """A state in its colour."""

    def initStyleOption(
        self, option: QtWidgets.QStyleOptionViewItem, index: jobs_model.Index
    ) -> None:
        super().initStyleOption(option, index)
        meaning = _MEANINGS.get(str(index.data()))
        if meaning is not None and _enabled(option):
            color = shade(meaning, option.palette)
            option.palette.setColor(QtGui.QPalette.ColorRole.Text, color)


class _Bar(QtWidgets.QStyledItemDelegate):
    """A progress bar behind the number of frames."""

    def paint(
        self,
        painter: QtGui.QPainter,
        option: QtWidgets.QStyleOptionViewItem,
        index: jobs_model.Index,
    ) -> None:
        self.initStyleOption(option, index)
        text, option.text = option.text, ""
        style = option.widget.style() if option.widget else QtWidgets.QApplication.style()
        style.drawControl(QtWidgets.QStyle.ControlElement.CE_ItemViewItem, option, painter)
        trough = option.rect.adjusted(2, 3, -6, -3)
        enabled, ink = _enabled(option), _ink(option)
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(ink, 0.12))
        painter.drawRoundedRect(trough, 2, 2)
        share = min(1.0, max(0.0, float(index.data(SHARE))))
        filled = QtCore.QRect(trough)
        filled.setWidth(round(trough.width() * share))
        painter.setBrush(
            faded(shade(self._meaning(index), option.palette), 0.45 * (1 + enabled) / 2)
        )
        painter.drawRoundedRect(filled, 2, 2)
        painter.setPen(ink)
        painter.drawText(trough, int(Qt.AlignmentFlag.AlignCenter), text)
        painter.restore()

    @staticmethod
    def _meaning(index: jobs_model.Index) -> str:
        return _MEANINGS.get(str(index.sibling(index.row(), STATE).data()), "waiting")


def _enabled(option: QtWidgets.QStyleOptionViewItem) -> bool:
    return bool(option.state & QtWidgets.QStyle.StateFlag.State_Enabled)


def _ink(option: QtWidgets.QStyleOptionViewItem) -> QtGui.QColor:
    """The color of a cell's text."""
    groups, roles = QtGui.QPalette.ColorGroup, QtGui.QPalette.ColorRole
    selected = bool(option.state & QtWidgets.QStyle.StateFlag.State_Selected)
    group = groups.Active if _enabled(option) else groups.Disabled
    return option.palette.color(group, roles.HighlightedText if selected else roles.Text)
