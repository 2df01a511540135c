import pytest

from bridge.client import Client
from host_plugins.panel import collection
from host_plugins.panel.news import Collected, Collecting


class Collector:
    """Collections of one server's jobs, and what they told."""

    def __init__(self, server, out):
        self.server, self.out, self.news = server, out, []

    def begin(self, job):
        self.news.clear()
        made = collection.Collection(
            self.server.status(job),
            self.out,
            dial=lambda: Client(self.server.endpoint, timeout=0.5),
            tell=self.news.append,
        )
        made.start()
        return made

    def end(self, made):
        assert made.join(20.0)
        last = self.news[-1]
        assert isinstance(last, Collected)
        return last

    def collect(self, job):
        return self.end(self.begin(job))


@pytest.fixture
def collector(server, tmp_path):
    return Collector(server, tmp_path / "collected")


def frames(folder):
    return sorted(file.name for file in folder.glob("*.exr"))


def test_frames_land_in_a_version_folder_as_they_are_finished(server, collector):
    job = server.submit("sh010", pause=0.05)
    ended = collector.collect(job)
    assert ended.text == "sh010: collected, 3 of 3 frames are there"
    assert ended.folder == collector.out / "sh010_void_v001"
    assert frames(ended.folder) == [f"sh010_void_v001.{n}.exr" for n in (1001, 1002, 1003)]
    told = [news for news in collector.news if isinstance(news, Collecting)]
    assert all(one.total == 3 for one in told)
    assert told[0].doing


def test_what_is_there_already_is_not_collected_again(server, collector):
    job = server.submit("sh020")
    first = collector.collect(job)
    again = collector.collect(job)
    assert again.folder == first.folder
    assert again.text == "sh020: it is there already, 3 of 3 frames are there"


def test_stopped_it_keeps_what_has_landed_and_goes_on_there_the_next_time(server, collector):
    job = server.submit("sh030", 1400, pause=0.02)
    made = collector.begin(job)
    landed = lambda: any(isinstance(n, Collecting) and n.landed for n in collector.news)  # noqa: E731
    server.wait(landed, "the first frame")
    made.stop()
    ended = collector.end(made)
    kept = frames(ended.folder)
    assert ended.text == f"sh030: stopped, {len(kept)} of 400 frames are there"
    assert server.status(job).state == "running"
    server.reach(job, lambda status: status.finished > len(kept))
    server.cancel(job)
    assert collector.collect(job).folder == ended.folder
    assert set(kept) < set(frames(ended.folder))


def test_of_a_cancelled_job_the_finished_frames_are_collected(server, collector):
    job = server.submit("sh040", 1400, pause=0.05)
    server.reach(job, lambda status: status.finished > 1)
    count = server.cancel(job).finished
    ended = collector.collect(job)
    assert ended.text == f"sh040: the job was cancelled, {count} of 400 frames are there"
    assert len(frames(ended.folder)) == count


def test_of_a_failed_job_the_reason_is_told_and_its_frames_are_kept(server, collector):
    job = server.submit("sh050", fail="the matte is black")
    server.reach(job, lambda status: status.state == "failed")
    ended = collector.collect(job)
    assert ended.error.text == "the matte is black"
    assert len(frames(ended.folder)) == 3


def test_a_folder_that_cannot_be_written_is_an_error_in_words(server, collector):
    job = server.submit("sh060")
    collector.out.write_text("a file where a folder should be")
    ended = collector.collect(job)
    assert ended.folder is None
    assert str(collector.out) in str(ended.error)


def test_a_server_that_goes_away_leaves_what_has_landed(server, collector, monkeypatch):
    monkeypatch.setattr(collection, "PATIENCE", 0.1)
    job = server.submit("sh070", 1400, pause=0.05)
    made = collector.begin(job)
    landed = lambda: any(isinstance(n, Collecting) and n.landed for n in collector.news)  # noqa: E731
    server.wait(landed, "the first frame")
    server.kill()
    ended = collector.end(made)
    assert ended.error.code == "server_down"
    assert frames(ended.folder)
    assert not [file for file in ended.folder.iterdir() if file.name.endswith(".part")]
