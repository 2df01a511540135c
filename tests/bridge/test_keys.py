import os
import stat
from pathlib import Path

import pytest

from bridge.curve import new_keys
from bridge.errors import RequestError
from bridge.keys import KeyPair, allow, allowed, show

PUBLIC = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "keys"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once_and_shown_from_then_on(folder):
    pair = new_keys(folder)
    assert show(folder) == pair
    assert len(pair.public) == len(pair.secret) == 40
    with pytest.raises(RequestError) as caught:
        new_keys(folder)
    assert caught.value.code == "keys_exist"
    assert show(folder) == pair


def test_two_pairs_are_never_the_same(tmp_path):
    assert new_keys(tmp_path / "a") != new_keys(tmp_path / "b")


def test_only_the_owner_can_read_them_whatever_the_umask(folder):
    before = os.umask(0)
    try:
        new_keys(folder)
        allow(folder, PUBLIC, "anna")
    finally:
        os.umask(before)
    assert mode(folder) == mode(folder / "allowed") == 0o700
    assert mode(folder / "own.json") == mode(folder / "allowed" / "anna.pub") == 0o600


def test_a_folder_that_was_open_to_others_is_closed(folder):
    folder.mkdir(parents=True, mode=0o755)
    new_keys(folder)
    assert mode(folder) == 0o700


def test_a_secret_that_others_could_read_is_refused(folder):
    new_keys(folder)
    (folder / "own.json").chmod(0o644)
    with pytest.raises(RequestError, match=r"expected mode 0600, got 0644") as caught:
        show(folder)
    assert caught.value.code == "keys_exposed"


def test_the_secret_is_never_printed(folder):
    pair = new_keys(folder)
    assert pair.secret not in f"{pair} {pair!r} {[pair]}"
    assert pair.public in repr(pair)


def test_no_keys_are_an_error_that_says_how_to_make_them(folder):
    with pytest.raises(RequestError, match="void keys new") as caught:
        show(folder)
    assert caught.value.code == "no_keys"


@pytest.mark.parametrize("content", [b"", b"{}", b'{"public": 1, "secret": 2}', b"\xff\xfe"])
def test_a_damaged_key_file_is_named(content, folder):
    new_keys(folder)
    (folder / "own.json").write_bytes(content)
    with pytest.raises(RequestError) as caught:
        show(folder)
    assert caught.value.code == "keys_damaged"


def test_clients_are_listed_by_name(folder):
    assert allowed(folder) == {}
    allow(folder, PUBLIC, "anna")
    allow(folder, PUBLIC[::-1], "render-07.studio")
    assert allowed(folder) == {"anna": PUBLIC, "render-07.studio": PUBLIC[::-1]}


def test_a_client_with_a_new_key_replaces_the_old_one(folder):
    allow(folder, PUBLIC, "anna")
    allow(folder, PUBLIC[::-1], "anna")
    assert allowed(folder) == {"anna": PUBLIC[::-1]}


@pytest.mark.parametrize("key", ["", PUBLIC[:-1], PUBLIC + "x", PUBLIC[:-1] + '"', PUBLIC + "\n"])
def test_what_is_no_key_is_refused(key, folder):
    with pytest.raises(RequestError) as caught:
        allow(folder, key, "anna")
    assert caught.value.code == "bad_key"
    assert allowed(folder) == {}


@pytest.mark.parametrize("name", ["", "../anna", "/etc/anna", ".hidden", "a b", "a\n", "x" * 65])
def test_what_is_no_name_is_refused(name, folder):
    with pytest.raises(RequestError) as caught:
        allow(folder, PUBLIC, name)
    assert caught.value.code == "bad_name"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RequestError) as caught:
        allow(tmp_path / "file" / "keys", PUBLIC, "anna")
    assert caught.value.code == "keys_folder"


def test_a_pair_can_be_told_apart_from_another():
    assert KeyPair("a", "b") != KeyPair("a", "c")
