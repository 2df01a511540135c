import errno
import fcntl
import subprocess
import sys
import threading
import time

import pytest

from bridge import file_lock
from bridge.file_lock import FileLock


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".sh010_void_v001.lock"


def test_only_one_has_it_until_it_is_given_back(path):
    first, second = FileLock(path), FileLock(path)
    assert first.take()
    assert first.held
    assert not second.take()
    assert not second.held
    first.release()
    assert not first.held
    assert second.take()
    second.release()


def test_its_file_is_there_only_while_somebody_has_it(path):
    lock = FileLock(path)
    lock.take()
    assert path.exists()
    FileLock(path).take()
    assert path.exists()
    lock.release()
    assert list(path.parent.iterdir()) == []


def test_a_process_that_was_killed_has_it_no_longer(path):
    hold = (
        "import sys; from pathlib import Path; from bridge.file_lock import FileLock; "
        "print(FileLock.take(lock := FileLock(Path(sys.argv[1]))), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"True\n"
        assert not FileLock(path).take()
        other.kill()
        other.wait()
    lock = FileLock(path)
    assert lock.take()
    assert lock.held
    lock.release()


def test_threads_that_take_it_and_give_it_back_are_never_in_it_together(path):
    inside, most, turns = 0, 0, 0

    def work():
        nonlocal inside, most, turns
        lock, own = FileLock(path), 0
        while own < 30:
            if lock.take():
                inside += 1
                most = max(most, inside)
                own, before = own + 1, turns
                time.sleep(0)  # let the others have a try
                turns = before + 1
                inside -= 1
                lock.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, turns) == (1, 120)
    assert not path.exists()


def test_a_lock_on_a_file_that_was_removed_meanwhile_is_none(path, monkeypatch):
    real, opened = file_lock._lock, []

    def removed_first(descriptor):
        if not opened:
            path.unlink()
        opened.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(file_lock, "_lock", removed_first)
    lock = FileLock(path)
    assert lock.take()
    assert len(opened) == 2
    assert not FileLock(path).take()
    lock.release()


def test_giving_it_back_leaves_the_file_of_somebody_else(path):
    first, second = FileLock(path), FileLock(path)
    first.take()
    path.unlink()
    assert second.take()
    first.release()
    assert path.exists()
    second.release()


def test_a_file_system_without_locks_is_no_reason_to_stop(path, monkeypatch):
    def no_locks(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    lock = FileLock(path)
    assert lock.take()
    assert not lock.held
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    lock = FileLock(tmp_path / "file" / "lock")
    assert lock.take()
    assert not lock.held
    lock.release()
