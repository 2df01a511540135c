import hashlib
import shutil

import pytest
from filelock import FileLock

from bridge.errors import ConnectionLost, RequestError, ServerError
from void_server.engines.void.weights import lock
from void_server.engines.void.weights.catalogue import Source
from void_server.engines.void.weights.fetch import PARTIAL, fetch

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LATER = "89abcdef0123456789abcdef0123456789abcdef"
PASS1 = bytes(range(256)) * 4000
PLACES = [
    "base/config.json",
    "base/model-00001-of-00002.safetensors",
    "base/model-00002-of-00002.safetensors",
    "void_pass1.safetensors",
]


@pytest.fixture
def root(tmp_path):
    return tmp_path / "weights"


@pytest.fixture
def run(hub, root, said, sources):
    """Fetches from the hub on loopback."""

    def fetched(**options):
        hub.asked.clear()
        return fetch(root, said=said, sources=sources, endpoint=hub.endpoint, pause=0, **options)

    return fetched


def files(root):
    found = [f for f in root.rglob("*") if f.is_file() and f.name != lock.NAME]
    return sorted(f.relative_to(root).as_posix() for f in found)


def downloaded(hub):
    return [asked.split("/")[-1] for asked in hub.asked if "/resolve/" in asked]


def test_only_what_is_needed_comes_and_each_file_gets_to_its_place(run, root, hub):
    run()
    assert files(root) == PLACES
    assert (root / "void_pass1.safetensors").read_bytes() == PASS1
    assert not (root / PARTIAL).exists()


def test_what_33_channel_checkpoints_need_comes_when_asked_for(run, root):
    run(rarely=True)
    assert files(root) == sorted([*PLACES, "base/rare.safetensors"])


def test_the_lock_holds_commit_size_and_digest_of_each_file(run, root):
    held = run()
    assert held == lock.read(root)
    assert held.sources["someone/passes"].revision == COMMIT
    assert sorted(held.files) == PLACES
    known = held.files["void_pass1.safetensors"]
    assert (known.size, known.sha256) == (len(PASS1), hashlib.sha256(PASS1).hexdigest())
    config = held.files["base/config.json"]
    assert config.sha256 == hashlib.sha256(b'{"a": 1}').hexdigest()


def test_commit_licence_and_first_trust_are_said(run, said):
    run()
    assert f"someone/base at {COMMIT} (A licence)" in said.lines
    assert f"someone/passes at {COMMIT} (Another licence)" in said.lines
    assert len([line for line in said.lines if "no revision is pinned" in line]) == 1


def test_a_second_fetch_downloads_nothing(run, hub):
    run()
    run()
    assert downloaded(hub) == []


def test_progress_counts_every_byte_once(run, said):
    run()
    assert all(came == total for came, total in said.bars.values())


def test_files_that_someone_copied_there_are_recognised_by_their_content(run, root, hub):
    root.mkdir()
    (root / "void_pass1.safetensors").write_bytes(PASS1)
    held = run()
    assert "void_pass1.safetensors" not in downloaded(hub)
    assert "void_pass1.safetensors" in held.files


def test_a_later_fetch_stays_with_the_commit_of_the_first(run, root, hub):
    run()
    hub.add("someone/passes", LATER, {"void_pass1.safetensors": b"new" * 100})
    run()
    assert any(f"/someone/passes/revision/{COMMIT}?" in asked for asked in hub.asked)
    assert (root / "void_pass1.safetensors").read_bytes() == PASS1


def test_an_explicit_revision_wins_and_replaces_what_was_fetched(run, root, hub):
    run()
    hub.add("someone/passes", LATER, {"void_pass1.safetensors": b"new" * 100})
    held = run(revisions={"someone/passes": "main"})
    assert held.sources["someone/passes"].revision == LATER
    assert downloaded(hub) == ["void_pass1.safetensors"]
    assert (root / "void_pass1.safetensors").read_bytes() == b"new" * 100
    assert held.sources["someone/passes"].earlier == {}


def test_a_change_of_revision_that_broke_off_goes_on(run, root, hub):
    run()
    name = "void_pass1.safetensors"
    hub.add("someone/passes", LATER, {name: b"new" * 100})
    hub.failing[name] = [404]
    with pytest.raises(ConnectionLost):
        run(revisions={"someone/passes": "main", "someone/base": "main"})
    held = run(revisions={"someone/passes": "main"})
    assert (root / name).read_bytes() == b"new" * 100
    assert held.files[name].size == 300


def test_the_catalogues_revision_is_taken_before_the_newest(run, hub):
    hub.add("someone/base", LATER, {"config.json": b"{}"})
    held = run()
    assert held.sources["someone/base"].revision == COMMIT
    assert "base/model-00001-of-00002.safetensors" in held.files


def test_a_file_of_the_users_own_is_not_replaced_unasked(run, root):
    root.mkdir()
    own = root / "void_pass1.safetensors"
    own.write_bytes(b"a month of fine-tuning")
    with pytest.raises(ServerError, match=r"was not fetched.*--replace"):
        run()
    assert own.read_bytes() == b"a month of fine-tuning"
    run(replace=True)
    assert own.read_bytes() == PASS1


def test_a_fetched_file_that_was_changed_is_not_replaced_unasked(run, root):
    run()
    file = root / "void_pass1.safetensors"
    file.write_bytes(b"changed")
    with pytest.raises(ServerError, match="--replace"):
        run()
    run(replace=True)
    assert file.read_bytes() == PASS1


def test_the_same_commit_with_another_content_is_not_trusted(run, root, hub):
    run()
    hub.promise["void_pass1.safetensors"] = "f" * 64
    with pytest.raises(ServerError, match=f"expected .*, got {'f' * 64}"):
        run()
    assert (root / "void_pass1.safetensors").read_bytes() == PASS1


def test_a_wrong_content_is_refused_and_leaves_nothing(run, root, hub):
    hub.lie["void_pass1.safetensors"] = PASS1[::-1]
    with pytest.raises(ServerError, match="not what the hub promised"):
        run()
    assert not (root / "void_pass1.safetensors").exists()
    assert "void_pass1.safetensors" not in lock.read(root).files


def test_a_small_file_of_the_wrong_content_is_refused_as_well(run, root, hub):
    hub.lie["config.json"] = b'{"a": 2}'
    with pytest.raises(ServerError, match="not what the hub promised"):
        run()
    assert not (root / "base" / "config.json").exists()


def test_a_file_that_breaks_off_again_and_again_comes_whole(run, root, hub):
    hub.break_after["void_pass1.safetensors"] = [500_000, 1, 1]
    run()
    ranges = [asked.split()[-1] for asked in hub.asked if "bytes=" in asked]
    assert ranges == ["bytes=500000-", "bytes=500001-", "bytes=500002-"]
    assert (root / "void_pass1.safetensors").read_bytes() == PASS1


def test_what_came_before_an_end_is_not_asked_for_again(run, root, hub):
    hub.failing["void_pass1.safetensors"] = [403]
    with pytest.raises(ConnectionLost):
        run()
    assert [name for name in files(root) if not name.startswith(PARTIAL)] == PLACES[:3]
    run()
    assert downloaded(hub) == ["void_pass1.safetensors"]


def test_a_repository_that_has_nothing_of_it_is_said(run, hub):
    hub.add("someone/passes", LATER, {"README.md": b""})
    with pytest.raises(ServerError, match="none of the files that are needed"):
        run(revisions={"someone/passes": LATER})


def test_a_repository_that_is_not_needed_may_be_gone(hub, root, said, sources):
    extra = Source(
        repository="someone/extra",
        revision=COMMIT,
        folder="extra",
        licence="A third licence",
        patterns=("model.safetensors",),
        optional=True,
    )
    options = {"said": said, "endpoint": hub.endpoint, "pause": 0}
    fetch(root, sources=(*sources, extra), **options)
    assert files(root) == PLACES
    assert any("someone/extra" in line and "does without" in line for line in said.lines)
    with pytest.raises(RequestError, match="no such repository"):
        fetch(root, sources=(*sources, extra), revisions={"someone/extra": "main"}, **options)
    hub.add("someone/extra", COMMIT, {"model.safetensors": b"extra"})
    fetch(root, sources=(*sources, extra), **options)
    assert (root / "extra" / "model.safetensors").read_bytes() == b"extra"


def test_a_revision_for_an_unknown_repository_is_refused(run, hub):
    with pytest.raises(RequestError, match="expected someone/base or someone/passes"):
        run(revisions={"someone/pass": "main"})
    assert hub.asked == []


def test_a_disk_that_is_too_small_is_said_before_anything_comes(run, hub, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(ServerError, match="the disk is too small") as caught:
        run()
    assert caught.value.code == "disk_full"
    assert downloaded(hub) == []


def test_two_fetches_do_not_fill_one_folder(run, root):
    (root / PARTIAL).mkdir(parents=True)
    with FileLock(root / PARTIAL / "lock"), pytest.raises(ServerError, match="another fetch"):
        run()


def test_a_folder_that_cannot_be_made_is_named(run, root):
    root.write_text("a file")
    with pytest.raises(ServerError, match="cannot be written"):
        run()
