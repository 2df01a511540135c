import pytest

from bridge.messages import JobStatus

ORDERS = ["", "a", "abc", "xabc", "bc", "cab", "xbyc", "cba", "z"]


@pytest.fixture
def made(application):
    from PySide6 import QtTest

    from host_plugins.panel.jobs_model import JobsModel

    model = JobsModel()
    tester = QtTest.QAbstractItemModelTester(
        model, QtTest.QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    yield model
    del tester


def jobs(ids, **fields):
    return [JobStatus(one * 32, f"sh{one}", "running", "void", 1001, 1040, **fields) for one in ids]


def shown(model):
    return "".join(model.index(at, 0).data()[2:] for at in range(model.rowCount()))


@pytest.mark.parametrize("before", ORDERS)
@pytest.mark.parametrize("after", ORDERS)
def test_the_table_shows_the_jobs_in_the_servers_order(made, before, after):
    made.show(jobs(before))
    made.show(jobs(after))
    assert shown(made) == after


def test_what_is_selected_stays_so_while_jobs_come_and_go(made):
    from PySide6 import QtCore

    made.show(jobs("abc"))
    chosen = QtCore.QPersistentModelIndex(made.index(1, 0))
    made.show(jobs("xab", finished=3))
    assert (chosen.row(), chosen.data()) == (2, "shb")
    made.show(jobs("xa"))
    assert not chosen.isValid()


def test_a_cell_says_its_column_to_a_screen_reader(made):
    from PySide6 import QtCore

    made.show(jobs("a", finished=12))
    role = QtCore.Qt.ItemDataRole.AccessibleTextRole
    assert made.index(0, 2).data(role) == "Frames: 12/40"
