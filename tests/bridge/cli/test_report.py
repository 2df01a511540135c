"""``void report`` against a real server with scripted workers, and for folders without one."""

import json
import sys
import threading
from contextlib import closing, contextmanager

import pytest

from bridge import write_once
from bridge.messages import (
    Control,
    GetJobs,
    GetStatus,
    Hello,
    Jobs,
    JobStatus,
    Result,
    Status,
    Welcome,
)
from bridge.wire import CREDIT, MAX_CHUNK, Router

PAGE = "<!doctype html><title>a page</title>"
SCRIPT = ("--prompt", json.dumps({"page": PAGE}))


def written(void, *arguments):
    return json.loads(void("report", *arguments, "--json"))


@pytest.fixture
def served(void, shot, tmp_path):
    """The job of a shot that a server has finished, and that nobody has fetched."""
    void.serve("--roots", tmp_path)
    job = void("remove", *shot, *SCRIPT, "--detach").strip()
    void.wait_for(lambda: "done" in void("status", job), "the job")
    return job


@pytest.fixture
def version(void, shot, tmp_path):
    """A version folder whose server is gone, as after a job on a private one."""
    server = void.serve("--roots", tmp_path)
    void("remove", *shot, *SCRIPT)
    server.terminate()
    server.wait()
    return tmp_path / "out" / "sh010_void_v001"


def test_the_page_of_a_finished_job_comes_from_the_server(void, served, tmp_path):
    said = void("report", served[:6])
    page = tmp_path / f"sh010_void_{served[:8]}.html"
    assert said.strip() == str(page)
    assert page.read_text() == PAGE
    assert void("report", served) == said  # again, and nothing is in its way


def test_strips_come_when_they_are_asked_for(void, served, tmp_path):
    answer = written(void, served, "--strips", "--out", "review")
    names = [f"sh010_void_{served[:8]}_strip.{frame}.png" for frame in range(1001, 1005)]
    assert answer["strips"] == [str(tmp_path / "review" / name) for name in names]
    assert (tmp_path / "review" / names[1]).read_text() == "strip 1002"


def test_a_file_name_is_taken_as_it_is(void, served, tmp_path):
    answer = written(void, served, "--out", "for_client.html", "--strips")
    assert answer["page"] == str(tmp_path / "for_client.html")
    assert answer["strips"][0] == str(tmp_path / "for_client_strip.1001.png")


def test_another_file_of_that_name_is_never_written_over(void, served, tmp_path):
    (tmp_path / "mine.html").write_text("notes")
    _, error = void.refused("report", served, "--out", "mine.html")
    assert error["code"] == "would_overwrite"
    assert (tmp_path / "mine.html").read_text() == "notes"


def test_what_a_job_has_landed_is_where_its_strips_go(void, served, tmp_path):
    void("fetch", served, "--out", "out")
    version = tmp_path / "out" / "sh010_void_v001"
    assert (version / "sh010_void_v001.html").read_text() == PAGE
    assert not list(version.glob("*.png"))
    answer = written(void, served, "--strips", "--out", "out")
    assert answer["page"] == str(version / "sh010_void_v001.html")
    assert answer["strips"][0] == str(version / "sh010_void_v001_strip.1001.png")
    assert written(void, version, "--strips") == answer
    assert "is there already" in void("fetch", served, "--out", "out")


def test_the_page_of_a_version_folder_needs_no_server(void, version, tmp_path):
    page = version / "sh010_void_v001.html"
    assert void("report", version).strip() == str(page)
    assert void("report", page).strip() == str(page)
    copy = tmp_path / "review" / "sh010_void_v001.html"
    assert void("report", version, "--out", "review").strip() == str(copy)
    assert copy.read_text() == PAGE
    assert void("report", version, "--out", "review").strip() == str(copy)


def test_strips_whose_server_is_gone_are_said_to_be_gone(void, version):
    line, error = void.refused("report", version, "--strips")
    assert error["code"] == "no_report"
    assert "void-server" in line
    assert "--new-version" in line


def test_a_page_that_was_deleted_comes_back_from_the_server(void, served, tmp_path):
    void("fetch", served, "--out", "out")
    page = tmp_path / "out" / "sh010_void_v001" / "sh010_void_v001.html"
    page.unlink()
    assert void("report", page.parent).strip() == str(page)
    assert page.read_text() == PAGE


def test_a_page_that_was_deleted_comes_back_when_the_same_is_run_again(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    void("remove", *shot, *SCRIPT)
    page = tmp_path / "out" / "sh010_void_v001" / "sh010_void_v001.html"
    for again in (("remove", *shot, *SCRIPT), ("fetch", "", "--out", "out")):
        page.unlink()
        said = void(*again)
        assert "is there already" in said
        assert str(page) in said
        assert page.read_text() == PAGE


def test_a_rerun_without_page_and_server_is_done_all_the_same(void, version, shot):
    (version / "sh010_void_v001.html").unlink()
    assert "is there already" in void("remove", *shot, *SCRIPT)
    elsewhere = ("--server", "no address")
    assert "is there already" in void("remove", *shot, *SCRIPT, *elsewhere)


def test_a_page_that_changes_while_it_is_copied_is_no_copy(void, version, tmp_path, monkeypatch):
    monkeypatch.setattr(write_once, "digest", lambda path: "0" * 64)
    line, error = void.refused("report", version, "--out", "review")
    assert error["code"] == "unreadable"
    assert "copied" in line
    assert list((tmp_path / "review").iterdir()) == []


def test_a_page_that_cannot_be_read_is_named(void, version):
    page = version / "sh010_void_v001.html"
    page.unlink()
    page.mkdir()
    line, error = void.refused("report", version, "--out", "review")
    assert error["code"] == "unreadable"
    assert page.name in line


def test_a_name_that_leads_elsewhere_names_no_file(void, tmp_path):
    done = JobStatus("ab" * 16, "../../up", "done", "void", 1001, 1001, sequence=1)
    page = Result("report", None, "0" * 64, 1)
    with closing(Router("tcp://127.0.0.1:0", receives=Control)) as router:
        answers = {
            Hello: Welcome((1, 2), "0.1.0", "epoch", MAX_CHUNK, CREDIT, False, (), (), 0),
            GetJobs: Jobs((done,)),
            GetStatus: Status(done, (page,)),
        }
        with answering(router, answers):
            line, error = void.refused("report", "abab", "--server", router.endpoint)
    assert error["code"] == "bad_name"
    assert "--out FILE.html" in line
    assert not list(tmp_path.rglob("*.html"))


@contextmanager
def answering(router, answers):
    """A server that says the same to every question of a kind, until the block ends."""
    over = threading.Event()

    def serve():
        while not over.is_set():
            incoming = router.receive(0.02)
            if incoming is not None:
                router.send(incoming.peer, incoming.request, answers[type(incoming.message)])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_job_that_still_runs_has_no_report_yet(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    job = void("remove", *shot, "--prompt", '{"pause": 5}', "--detach").strip()
    line, error = void.refused("report", job)
    assert error["code"] == "not_done"
    assert "void status" in line
    void("cancel", job)
    assert "void remove" in void.refused("report", job)[0]


def test_a_job_without_a_page_is_said_to_have_none(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    job = void("remove", *shot, "--detach").strip()
    void.wait_for(lambda: "done" in void("status", job), "the job")
    assert void.refused("report", job)[1]["code"] == "no_report"


def test_a_folder_that_is_no_version_is_refused(void, tmp_path):
    (tmp_path / "plate").mkdir()
    assert void.refused("report", "plate")[1]["code"] == "no_version"


def test_a_name_that_is_no_job_and_no_folder_is_refused(void, tmp_path):
    assert void.refused("report", "nonsense")[1]["code"] == "server_down"
    void.serve("--roots", tmp_path)
    assert void.refused("report", "nonsense")[1]["code"] == "no_such_job"


def test_the_page_opens_in_the_browser_of_the_user(void, served, tmp_path, monkeypatch):
    browser = tmp_path / "browser.py"
    browser.write_text("import sys; open('seen', 'w').write(sys.argv[1])")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {browser} %s")
    void.run("report", served, "--open")  # in a process of its own: Python looks for them once
    page = tmp_path / f"sh010_void_{served[:8]}.html"
    assert (tmp_path / "seen").read_text() == page.as_uri()
