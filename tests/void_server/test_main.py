import json
import signal
import stat
import subprocess
import sys
import time

import pytest

from bridge.messages import GetStatus, Ping
from void_server import __main__
from void_server.__main__ import main

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def serving(server_process, settings, *flags: str):
    roots = ",".join(str(root) for root in settings.roots)
    return server_process(settings.data_dir, "--roots", roots, *flags)


def test_a_server_says_in_one_line_and_in_a_private_file_where_it_listens(
    server_process, settings, asker
):
    process = serving(server_process, settings)
    notice = process.notice()
    assert stat.S_IMODE(process.file.stat().st_mode) == 0o600
    assert json.loads(process.file.read_text())["endpoint"] == notice.endpoint
    assert asker(notice.endpoint)(Ping()).epoch == notice.epoch
    code, out, err = process.end()
    assert (code, err) == (0, "")
    assert out == f"void-server {notice.version} listens on {notice.endpoint}\n"
    assert not process.file.exists()


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_asked_to_end_it_finishes_the_frame_in_hand_within_five_seconds(
    server_process, settings, asker, request_for, alive, number
):
    process = serving(server_process, settings)
    ask = asker(process.notice().endpoint)
    job = ask.submit(request_for({"pause": 0.3}, last=1030))
    ask.wait(job, lambda s: s.status.frame == 1002)
    begun = time.monotonic()
    code, _, _ = process.end(number)
    assert (code, time.monotonic() - begun < 5.0) == (0, True)
    again = serving(server_process, settings)
    status = asker(again.notice().endpoint)(GetStatus(job))
    assert status.status.state in ("queued", "running")
    assert 1002 in {result.frame for result in status.results}


@posix
def test_a_worker_that_does_not_leave_does_not_hold_the_server_up(
    server_process, settings, asker, request_for
):
    process = serving(server_process, settings)
    ask = asker(process.notice().endpoint)
    job = ask.submit(request_for({"deaf": True, "pause": 0.05}, last=1400))
    ask.wait(job, lambda s: s.status.finished >= 1)
    begun = time.monotonic()
    code, _, _ = process.end()
    assert (code, time.monotonic() - begun < 5.0) == (0, True)


@posix
def test_after_kill_dash_nine_a_new_server_goes_on_where_the_old_one_was(
    server_process, settings, asker, request_for, alive
):
    process = serving(server_process, settings)
    notice = process.notice()
    ask = asker(notice.endpoint)
    asked = request_for({"pause": 0.05}, last=1020)
    job = ask.submit(asked)
    before = ask.wait(job, lambda s: s.status.finished >= 3)
    process.end(signal.SIGKILL)
    assert process.file.exists()  # nobody could take it down

    again = serving(server_process, settings)
    assert again.notice().epoch != notice.epoch
    end = asker(again.notice().endpoint).wait(job)
    assert (end.status.state, end.status.finished, end.status.attempt) == ("done", 20, 2)
    assert end.results[: len(before.results)] == before.results
    assert end.status.sequence == 21


@posix
def test_no_worker_outlives_a_killed_server(server_process, settings, asker, request_for, alive):
    process = serving(server_process, settings)
    ask = asker(process.notice().endpoint)
    ask.wait(ask.submit(request_for()))
    log = (settings.data_dir / "logs" / "server.log").read_text()
    pids = [
        int(json.loads(line)["text"].rpartition(" ")[2])
        for line in log.splitlines()
        if "started, pid" in line
    ]
    assert len(pids) == 1
    process.end(signal.SIGKILL)
    deadline = time.monotonic() + 5.0
    while alive(pids[0]):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_second_server_on_the_same_data_folder_is_refused(server_process, settings):
    serving(server_process, settings).notice()
    second = serving(server_process, settings)
    _, err = second.popen.communicate(timeout=10.0)
    assert second.popen.returncode == 1
    assert err.decode().startswith(f"void-server: data folder {settings.data_dir}: another server")
    assert "Traceback" not in err.decode()


@posix
def test_a_private_server_ends_with_the_process_that_started_it(settings, alive):
    starter = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'void_server', '--port', '0', '--data-dir', sys.argv[1],"
        " '--parent-pid', str(__import__('os').getpid())]\n"
        "print(subprocess.Popen(command, start_new_session=True).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    file = settings.data_dir / "server.json"
    with subprocess.Popen(
        [sys.executable, "-c", starter, str(settings.data_dir)], stdout=subprocess.PIPE
    ) as parent:
        pid = int(parent.stdout.readline())
        deadline = time.monotonic() + 20.0
        while not file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        parent.kill()
    while alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not file.exists()


def test_help_lists_every_setting_with_its_variable_and_default(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "--port PORT" in said
    assert "default 5599 [VOID_PORT]" in said
    for name in ("ROOTS", "DATA_DIR", "SPOOL_LIMIT", "ATTEMPTS", "IDLE_EXIT", "REQUIRE_KEYS"):
        assert f"[VOID_{name}]" in said


def test_a_wrong_flag_is_an_error_with_exit_code_2(capsys):
    assert main(["--port", "many"]) == 2
    said = capsys.readouterr().err
    assert said == "void-server: setting --port: Expected `int`, got `str` (got 'many').\n"


def test_without_the_server_extra_it_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setattr(__main__, "NEEDED", (*__main__.NEEDED, "no_such_module_at_all"))
    assert main([]) == 1
    said = capsys.readouterr().err
    assert "missing no_such_module_at_all" in said
    assert "pip install 'void-bridge[server]'" in said
