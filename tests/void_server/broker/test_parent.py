import os
import subprocess
import sys
import time

import pytest

from void_server.broker.parent import Parent

linux = pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG of Linux")


def test_the_process_that_started_this_one_is_there():
    assert not Parent(os.getppid()).gone()


def test_any_other_running_process_can_be_watched():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        parent = Parent(other.pid)
        assert not parent.gone()
        other.communicate(b"\n")
    assert parent.gone()


@linux
def test_even_a_stopped_process_ends_with_its_parent(alive):
    child = (
        "import os, signal, sys\n"
        "from void_server.broker.parent import end_with_parent\n"
        "end_with_parent(os.getppid())\n"
        "print(os.getpid(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGSTOP)\n"
    )
    starter = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', sys.argv[1]])\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starter, child], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    deadline = time.monotonic() + 5.0
    while alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@linux
def test_a_process_whose_parent_died_before_it_could_ask_exits():
    code = "from void_server.broker.parent import end_with_parent; end_with_parent(2**22 + 1)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 70
