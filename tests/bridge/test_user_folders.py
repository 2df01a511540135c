import sys
from pathlib import Path

import platformdirs
import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from bridge.errors import RequestError
from bridge.user_folders import APPLICATION, data_folder, keys_folder


@pytest.fixture(autouse=True)
def somebody(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


@pytest.mark.parametrize("said", ["", "  ", "/data/home", "~/elsewhere"])
@pytest.mark.parametrize(("platform", "kind"), [("linux", Unix), ("darwin", MacOS)])
def test_the_folder_is_the_one_of_the_command_line(monkeypatch, said, platform, kind):
    monkeypatch.setenv("XDG_DATA_HOME", said)
    expected = kind(APPLICATION, appauthor=False).user_data_dir
    assert str(data_folder({"XDG_DATA_HOME": said}, platform=platform)) == expected


def test_this_machine_agrees_with_platformdirs():
    expected = platformdirs.user_data_dir(APPLICATION, appauthor=False)
    assert str(data_folder({}, platform=sys.platform)) == expected


def test_windows_keeps_it_in_the_local_application_data():
    local = data_folder({"LOCALAPPDATA": "/c/Users/anna/AppData/Local"}, platform="win32")
    assert local == Path("/c/Users/anna/AppData/Local/void-bridge")
    assert data_folder({}, platform="win32") == Path.home() / "AppData/Local/void-bridge"


def test_keys_lie_where_the_environment_says(tmp_path):
    assert keys_folder({}) == data_folder({}) / "keys"
    assert keys_folder({"VOID_DATA_DIR": "/srv/void"}) == Path("/srv/void/keys")
    both = {"VOID_DATA_DIR": "/srv/void", "VOID_KEYS_DIR": "~/keys"}
    assert keys_folder(both) == tmp_path / "keys"


def test_a_folder_that_can_be_none_is_refused():
    with pytest.raises(RequestError, match="VOID_KEYS_DIR"):
        keys_folder({"VOID_KEYS_DIR": "~nobody_of_that_name/keys"})
