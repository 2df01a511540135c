from pathlib import Path

import msgspec
import pytest

from bridge.errors import RequestError
from void_server import settings as module
from void_server.settings import ServerSettings


@pytest.fixture(autouse=True)
def no_file_of_this_user(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "default_file", lambda: tmp_path / "void.toml")


def load(flags=None, **environ) -> ServerSettings:
    return ServerSettings.load(flags, environ=environ)


def test_by_default_only_this_machine_can_reach_the_server_and_no_path_is_shared():
    settings = load()
    assert (settings.host, settings.port, settings.roots) == ("127.0.0.1", 5599, ())
    assert settings.loopback


def test_the_file_of_this_user_is_read_when_it_is_there(tmp_path):
    (tmp_path / "void.toml").write_text("[server]\nport = 7000\n")
    assert load().port == 7000


def test_a_named_file_is_read_instead(tmp_path):
    (tmp_path / "void.toml").write_text("[server]\nport = 7000\n")
    (tmp_path / "other.toml").write_text("[server]\nspool_limit = 1\n")
    settings = ServerSettings.load(file=tmp_path / "other.toml", environ={})
    assert (settings.port, settings.spool_bytes) == (5599, 2**30)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("192.168.1.20", False),
        ("*", False),
        ("render01", False),
    ],
)
def test_only_loopback_addresses_count_as_this_machine(host, loopback):
    assert load(VOID_HOST=host).loopback is loopback


def test_roots_are_resolved_so_that_paths_can_be_compared_with_them(tmp_path):
    (tmp_path / "show").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "show")
    settings = load(VOID_ROOTS=f"{tmp_path / 'link'}")
    assert settings.roots == ((tmp_path / "show").resolve(),)


def test_a_root_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RequestError, match=r"root .*none: it cannot be read"):
        load(VOID_ROOTS=str(tmp_path / "none"))


def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "plate.exr").touch()
    with pytest.raises(RequestError, match="it is not a folder"):
        load(VOID_ROOTS=str(tmp_path / "plate.exr"))


def test_files_of_the_server_lie_in_its_data_folder_unless_named():
    settings = load(VOID_DATA_DIR="/data")
    assert (settings.notice, settings.keys) == (Path("/data/server.json"), Path("/data/keys"))
    settings = load(VOID_CONNECTION_FILE="/run/void.json", VOID_KEYS_DIR="/keys")
    assert (settings.notice, settings.keys) == (Path("/run/void.json"), Path("/keys"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "-1"), ("devices", ","), ("attempts", "0"), ("spool_limit", "0"), ("log_level", "x")],
)
def test_values_out_of_range_are_refused(name, value):
    with pytest.raises(RequestError, match=f"setting VOID_{name.upper()}"):
        load(**{f"VOID_{name.upper()}": value})


@pytest.mark.parametrize(
    "devices",
    [("cpu",), ("cuda",), ("cuda:0", "cuda:11"), ("cuda:0+cuda:1", "cuda:2"), ("cpu+cpu", "cpu")],
)
def test_devices_and_groups_of_devices_are_taken_as_they_are(devices):
    assert load(VOID_DEVICES=",".join(devices)).devices == devices


@pytest.mark.parametrize(
    "device",
    ["gpu", "cuda:", "cuda:x", "CPU", "cuda+cuda", "cpu+cuda:0", "cuda:0+", "cuda:-1", "../cpu"],
)
def test_what_is_no_device_is_refused_with_what_would_be(device):
    with pytest.raises(RequestError, match="expected cpu, cuda, cuda:0, or several") as caught:
        load(VOID_DEVICES=f"cpu,{device}")
    assert caught.value.subject == f"device {device}"


def test_a_group_does_not_hold_one_device_twice():
    with pytest.raises(RequestError, match="names one device twice"):
        load(VOID_DEVICES="cuda:1+cuda:0+cuda:1")


def test_the_weights_are_where_the_flag_the_variable_or_the_file_says(tmp_path, monkeypatch):
    (tmp_path / "void.toml").write_text('[server]\nweights = "/models"\n')
    assert load().weights == Path("/models")
    assert load(VOID_WEIGHTS="/disk/void").weights == Path("/disk/void")
    monkeypatch.chdir(tmp_path)
    assert load({"weights": "mine"}, VOID_WEIGHTS="/disk").weights == tmp_path / "mine"


def test_by_default_the_weights_lie_with_the_users_data_whatever_server_it_is():
    assert load(VOID_DATA_DIR="/data").weights == load().weights
    assert load().weights.name == "weights"


def test_every_setting_describes_itself():
    for field in msgspec.structs.fields(ServerSettings):
        (meta,) = field.type.__metadata__
        assert meta.description, field.name
