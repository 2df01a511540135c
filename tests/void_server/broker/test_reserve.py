from bridge.errors import ServerError
from void_server.broker.reserve import SIZE, Entries, Reserve


def full() -> None:
    raise ServerError("job store", "the server's disk is full", code="disk_full")


def test_the_room_is_really_taken(tmp_path):
    Reserve(tmp_path / "reserve")
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= SIZE


def test_room_is_given_up_once_and_laid_by_again(tmp_path):
    reserve = Reserve(tmp_path / "reserve")
    assert reserve.release()
    assert not reserve.release()
    reserve.keep()
    assert reserve.release()


def test_an_entry_is_made_at_once_when_there_is_room(tmp_path):
    made = []
    Entries(Reserve(tmp_path / "reserve")).make(lambda: made.append(1))
    assert made == [1]


def test_on_a_full_disk_the_reserve_makes_room_for_the_entry(tmp_path):
    reserve, made = Reserve(tmp_path / "reserve"), []

    def enter() -> None:
        if (tmp_path / "reserve").exists():
            full()
        made.append(1)

    Entries(reserve).make(enter)
    assert made == [1]


def test_entries_that_find_no_room_are_made_later_in_order(tmp_path):
    reserve, made, room = Reserve(tmp_path / "reserve"), [], []
    reserve.release()
    entries = Entries(reserve)
    entries.make(lambda: made.append(1) if room else full())
    entries.make(lambda: made.append(2))
    assert made == []
    room.append(True)
    entries.catch_up()
    assert made == [1, 2]
    entries.catch_up()
    assert made == [1, 2]
