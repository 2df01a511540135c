import hashlib

import pytest

from bridge.color_config import Choice, discover
from bridge.errors import RequestError
from bridge.shot import OcioConfig

NAMED = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"


@pytest.fixture
def files(tmp_path):
    made = {}
    for name in ("explicit", "host", "OCIO", "VOID_OCIO"):
        made[name] = str(tmp_path / f"{name}.ocio")
        (tmp_path / f"{name}.ocio").write_text(name)
    return made


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        (("explicit", "host", "OCIO", "VOID_OCIO"), "--ocio"),
        (("host", "OCIO", "VOID_OCIO"), "host"),
        (("OCIO", "VOID_OCIO"), "$OCIO"),
        (("VOID_OCIO",), "$VOID_OCIO"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_first_that_says_anything_decides(files, given, origin):
    environ = {name: files[name] for name in given if name.isupper()}
    said = {name: files[name] for name in given if not name.isupper()}
    choice = discover(said.get("explicit", ""), host=said.get("host", ""), environ=environ)
    assert choice == Choice(files[given[0]], origin)


def test_nobody_says_anything():
    assert discover() is None
    assert discover("", host="", environ={"OCIO": "", "VOID_OCIO": ""}) is None


def test_a_name_of_ocio_s_own_needs_no_file():
    choice = discover(environ={"OCIO": NAMED})
    assert choice.path is None
    assert choice.describe() == OcioConfig(NAMED, "$OCIO")


def test_a_file_is_described_by_its_content_and_without_its_path(tmp_path, monkeypatch):
    (tmp_path / "show.ocioz").write_bytes(b"archive")
    monkeypatch.chdir(tmp_path)
    choice = discover("show.ocioz")
    assert choice.path == tmp_path / "show.ocioz"
    config = choice.describe()
    assert (config.name, config.origin) == ("show.ocioz", "--ocio")
    assert config.file.sha256 == hashlib.sha256(b"archive").hexdigest()
    assert (config.file.size, config.file.path) == (7, "")


@pytest.mark.parametrize(
    ("explicit", "environ", "hint"),
    [
        ("/no/such.ocio", {"OCIO": NAMED}, "leave --ocio out"),
        ("", {"OCIO": "/no/such.ocio", "VOID_OCIO": NAMED}, r"Set \$OCIO to a config, unset it"),
        ("", {"VOID_OCIO": "/no/such.ocio"}, r"Set \$VOID_OCIO"),
    ],
    ids=["explicit", "OCIO", "VOID_OCIO"],
)
def test_a_config_that_is_not_there_is_an_error_whatever_else_is(explicit, environ, hint):
    with pytest.raises(RequestError, match=rf"such\.ocio: there is no such file.*{hint}") as caught:
        discover(explicit, environ=environ)
    assert caught.value.code == "ocio_config"


def test_a_host_s_config_that_is_not_there_is_named_with_the_host():
    with pytest.raises(RequestError, match=r"found by host.*project settings"):
        discover(host="/no/such.ocio")


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "show.cube").touch()
    with pytest.raises(RequestError, match=r"is no OCIO config \(expected \.ocio or \.ocioz"):
        discover(str(tmp_path / "show.cube"))


def test_a_file_that_goes_before_it_is_read_is_named(tmp_path):
    with pytest.raises(RequestError, match="it cannot be read") as caught:
        Choice(str(tmp_path / "gone.ocio"), "--ocio").describe()
    assert caught.value.code == "unreadable"
