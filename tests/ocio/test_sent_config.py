"""What a config that came alone holds, and what it does not."""

import zipfile

import pytest

from ocio import sent_config
from ocio.sent_config import SentConfig


@pytest.fixture
def archive(tmp_path):
    """Writes an archive of members by name."""

    def make(members, compression=zipfile.ZIP_DEFLATED):
        path = tmp_path / "0123abcd"
        with zipfile.ZipFile(path, "w", compression) as packed:
            for name, content in members.items():
                packed.writestr(name, content)
        return path

    return make


def test_a_plain_config_is_its_text_and_holds_nothing_else(tmp_path):
    path = tmp_path / "show.ocio"
    path.write_bytes(b"# Zo\xeb's\n")
    (tmp_path / "half.cube").write_text("LUT")
    sent = SentConfig(path)
    assert sent.text == b"# Zo\xeb's\n"
    assert not sent.holds("half.cube")
    assert (sent.read(str(tmp_path / "half.cube")), sent.digest("half.cube")) == (b"", "")


@pytest.mark.parametrize("name", ["luts/a.cube", "luts/../luts/a.cube", "./luts//a.cube"])
def test_a_member_is_found_by_any_spelling_of_its_path(archive, name):
    sent = SentConfig(archive({"config.ocio": "text", "luts\\a.cube": "LUT"}))
    assert sent.holds(name)
    assert (sent.text, sent.read(name)) == (b"text", b"LUT")


@pytest.mark.parametrize("name", ["/luts/a.cube", "../luts/a.cube", "a.cube", "luts", "", "."])
def test_what_is_no_member_is_not_there(archive, name):
    sent = SentConfig(archive({"config.ocio": "text", "luts/a.cube": "LUT", "/luts/a.cube": "x"}))
    assert not sent.holds(name)
    assert (sent.read(name), sent.digest(name)) == (b"", "")


def test_members_of_one_name_are_told_apart(archive, tmp_path):
    first = SentConfig(archive({"config.ocio": "text", "a.cube": "1"})).digest("a.cube")
    second = SentConfig(archive({"config.ocio": "text", "a.cube": "2"})).digest("a.cube")
    assert len({first, second, ""}) == 3


@pytest.mark.parametrize("members", [{}, {"config.ocio": ""}, {"show.ocio": "text"}], ids=str)
def test_an_archive_without_a_config_is_none(archive, members):
    with pytest.raises(ValueError, match=r"holds no readable config\.ocio"):
        SentConfig(archive(members))


def test_a_damaged_archive_is_told_and_a_damaged_member_is_not_there(archive):
    path = archive({"config.ocio": "text", "a.cube": "LUT of light"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"LUT of light", b"LUT of night"))
    assert SentConfig(path).read("a.cube") == b""
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match="its archive is damaged"):
        SentConfig(path)


def test_nothing_is_unpacked_beyond_the_limit(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(sent_config, "LARGEST", 1000)
    sent = SentConfig(archive({"config.ocio": "text", "a.cube": " " * 1001, "b.cube": " " * 1000}))
    assert (len(sent.read("a.cube")), len(sent.read("b.cube"))) == (0, 1000)
    with pytest.raises(ValueError, match="more than"):
        SentConfig(archive({"config.ocio": " " * 1001}))
    plain = tmp_path / "show.ocio"
    plain.write_text(" " * 1001)
    with pytest.raises(ValueError, match="more than"):
        SentConfig(plain)
