import time

import pytest

from bridge.client import Client
from bridge.errors import ConnectionLost
from host_plugins.panel import poller
from host_plugins.panel.news import Lost, Pictured, Refused, Seen, Told

PATIENCE = 20.0


class Heard:
    """Everything that a poller told."""

    def __init__(self):
        self.news = []

    def __call__(self, news):
        self.news.append(news)

    def of(self, kind):
        return [one for one in self.news if isinstance(one, kind)]

    def wait(self, kind, condition=lambda news: True):
        """The first news of a kind that fulfils a condition."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = [one for one in self.of(kind) if condition(one)]
            if found:
                return found[0]
            assert time.monotonic() < deadline, self.news
            time.sleep(0.01)


@pytest.fixture
def told():
    return Heard()


@pytest.fixture
def watching(server, told, monkeypatch):
    """A poller that watches the server, faster than a panel's."""
    monkeypatch.setattr(poller, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(poller, "IDLE_SECONDS", 0.05)
    made = poller.Poller(lambda: Client(server.endpoint, timeout=0.5), told)
    made.start()
    yield made
    made.stop()
    assert made.join(5.0)


def test_it_tells_the_server_and_its_jobs(server, watching, told):
    job = server.submit("sh010")
    seen = told.wait(Seen, lambda seen: any(one.state == "done" for one in seen.jobs))
    assert [(one.job, one.name) for one in seen.jobs] == [(job, "sh010")]
    assert {engine.name for engine in seen.welcome.engines} == {"scripted", "void"}


def test_a_running_job_is_cancelled_and_its_finished_frames_are_told(server, watching, told):
    job = server.submit("sh020", 1400, pause=0.05)
    server.reach(job, lambda status: status.finished > 0)
    watching.cancel([job])
    server.reach(job, lambda status: status.state == "cancelled")
    assert told.wait(Told).text.startswith("sh020 is ")


def test_a_finished_job_is_purged_and_what_came_free_is_told(server, watching, told):
    job = server.submit("sh030")
    server.reach(job, lambda status: status.state == "done")
    watching.purge([job])
    assert told.wait(Told).text.startswith("1 job deleted, ")
    told.wait(Seen, lambda seen: not seen.jobs)


def test_what_the_server_refuses_is_told_and_the_watch_goes_on(server, watching, told):
    watching.purge(["0" * 32])
    assert "0" * 8 in str(told.wait(Refused).error)
    before = len(told.of(Seen))
    server.wait(lambda: len(told.of(Seen)) > before, "the next answer")


def test_the_newest_preview_of_the_watched_job_is_told_once(server, watching, told):
    job = server.submit("sh040", 1400, pause=0.05, previews=1)
    watching.watch(job)
    told.wait(Pictured, lambda news: news.preview.frame > 1001)
    pictures = told.of(Pictured)
    assert all(one.job == job and one.png.startswith(b"\x89PNG") for one in pictures)
    assert len({one.preview.sha256 for one in pictures}) == len(pictures)


def test_a_job_that_is_not_watched_has_its_previews_left_alone(server, watching, told):
    job = server.submit("sh050", 1010, pause=0.01, previews=1)
    server.reach(job, lambda status: status.state == "done")
    assert not told.of(Pictured)


def test_a_server_that_dies_is_lost_and_found_again_when_it_is_back(server, watching, told):
    told.wait(Seen)
    port = server.port
    server.kill()
    assert isinstance(told.wait(Lost).error, ConnectionLost)
    told.news.clear()
    server.start(port)
    told.wait(Seen)


def test_a_malformed_address_is_told_and_not_raised(told):
    made = poller.Poller(lambda: Client("nonsense"), told)
    made.start()
    assert told.wait(Lost).error.code != "unexpected"
    made.stop()
    assert made.join(5.0)


def test_what_nobody_foresaw_is_a_line_and_not_the_end_of_the_watch(told, caplog):
    def broken():
        raise ZeroDivisionError("by accident")

    made = poller.Poller(broken, told)
    made.start()
    assert "ZeroDivisionError" in str(told.wait(Lost).error)
    assert made.alive
    assert "by accident" in caplog.text
    made.stop()
    assert made.join(5.0)


def test_nothing_is_told_after_it_was_stopped(server, told):
    made = poller.Poller(lambda: Client(server.endpoint), told)
    made.start()
    told.wait(Seen)
    made.stop()
    told.news.clear()
    assert made.join(5.0)
    assert not told.news
