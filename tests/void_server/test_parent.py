import os
import subprocess
import sys

from void_server.parent import Parent


def test_the_process_that_started_this_one_is_there():
    assert not Parent(os.getppid()).gone()


def test_any_other_running_process_can_be_watched():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        parent = Parent(other.pid)
        assert not parent.gone()
        other.communicate(b"\n")
    assert parent.gone()
