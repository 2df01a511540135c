"""``--preview`` against a real server with scripted workers."""

import json

import pytest

from bridge.cli import preview
from bridge.errors import RequestError

SCRIPT = ("--prompt", '{"previews": 200000, "pause": 0.2}')


def test_the_picture_follows_the_job_and_stays(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    void("remove", *shot, *SCRIPT, "--preview", "look.png")
    content = (tmp_path / "look.png").read_bytes()
    job = json.loads((tmp_path / "out" / "sh010_void_v001" / "sh010_void_v001.json").read_bytes())
    assert content.startswith(f"\x89PNG {job['job']} 100".encode())
    assert len(content) == 200_000
    assert [file.name for file in tmp_path.glob(".*")] == []


def test_status_tells_of_a_preview_and_fetch_shows_it(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    script = '{"previews": 500, "hang_at": 1002, "warn": "it went slow"}'
    job = void("remove", *shot, "--prompt", script, "--detach").strip()

    def shown():
        return json.loads(void("status", job, "--json"))["preview"]

    found = void.wait_for(shown, "the preview")
    assert (found["frame"], found["step"], found["size"]) == (1001, 1, 500)
    line = void("status", job)
    assert f"preview of frame 1001, step 1: void fetch {job[:8]} --preview FILE.png" in line
    assert "note: it went slow" in line
    fetching = void.start("fetch", job, "--out", "out", "--preview", "look.png")
    void.wait_for((tmp_path / "look.png").exists, "the picture")
    void("cancel", job)
    fetching.communicate(timeout=30)
    assert (tmp_path / "look.png").stat().st_size == 500


def test_all_fields_of_a_status_are_printed(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    job = void("remove", *shot, "--detach").strip()
    for said in (void("status", job, "--json"), void("cancel", job, "--json")):
        assert {"preview", "error", "warnings", "step", "eta"} <= set(json.loads(said))
    assert "preview" in json.loads(void("jobs", "--json"))["jobs"][0]


def test_a_preview_needs_somebody_who_waits(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    line, error = void.refused("remove", *shot, "--detach", "--preview", "look.png")
    assert error["code"] == "bad_option"
    assert "void fetch JOB --preview" in line
    assert json.loads(void("jobs", "--json"))["jobs"] == []


@pytest.mark.parametrize("name", ["look.jpg", "look", "nowhere/look.png", "folder.png"])
def test_a_picture_that_could_not_be_written_is_refused_at_once(void, shot, tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    _, error = void.refused("remove", *shot, "--preview", name)
    assert error["subject"].startswith("preview ")
    assert not (tmp_path / "out").exists()


def test_trouble_with_the_picture_does_not_stop_the_job(void, shot, tmp_path, monkeypatch):
    void.serve("--roots", tmp_path)

    def full(target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(preview, "hidden", full)
    void("remove", *shot, *SCRIPT, "--preview", "look.png")
    assert "it cannot be written (No space left on device)" in void.said
    assert len(list((tmp_path / "out" / "sh010_void_v001").glob("*.exr"))) == 4


def test_no_file_is_no_preview():
    assert preview.checked(None) is None
    with pytest.raises(RequestError):
        preview.checked(preview.Path("x.gif"))
