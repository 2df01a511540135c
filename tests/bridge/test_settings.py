from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from bridge.errors import RequestError
from bridge.settings import flag, layered, variable


class Knobs(msgspec.Struct, frozen=True):
    port: Annotated[int, Meta(ge=0, le=65535)] = 5599
    ratio: float = 0.5
    loud: bool = False
    name: str = "void"
    folder: Path = Path("/data")
    roots: Annotated[tuple[Path, ...], Meta(description="folders")] = ()
    devices: tuple[str, ...] = ("cpu",)
    limit: int | None = None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "void.toml"


def load(flags=None, environ=None, file=None) -> Knobs:
    return layered(Knobs, flags=flags or {}, environ=environ or {}, file=file, table="knobs")


def refused(*values, **named) -> RequestError:
    with pytest.raises(RequestError) as error:
        load(*values, **named)
    assert error.value.code == "settings"
    return error.value


def test_without_anything_the_defaults_apply():
    assert load() == Knobs()


def test_flags_win_over_environment_over_file_over_defaults(file):
    file.write_text("[knobs]\nport = 1\nratio = 0.1\nname = 'file'\n")
    knobs = load({"port": "3", "loud": None}, {"VOID_PORT": "2", "VOID_RATIO": "0.2"}, file)
    assert knobs == Knobs(port=3, ratio=0.2, name="file")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "12", 12),
        ("ratio", "2", 2.0),
        ("loud", "true", True),
        ("loud", "0", False),
        ("folder", "/mnt/void", Path("/mnt/void")),
        ("folder", "~/void", Path.home() / "void"),
        ("roots", "/show, /library,", (Path("/show"), Path("/library"))),
        ("devices", "cuda:0,cuda:1", ("cuda:0", "cuda:1")),
        ("limit", "7", 7),
    ],
)
def test_text_of_the_environment_stands_for_any_type(name, text, value):
    assert getattr(load(environ={variable(name): text}), name) == value


def test_an_empty_variable_counts_as_not_set():
    assert load(environ={"VOID_PORT": ""}).port == 5599


def test_variables_of_others_are_left_alone():
    assert load(environ={"VOID_ELSEWHERE": "1", "PORT": "2"}) == Knobs()


def test_lists_in_a_file_are_lists(file):
    file.write_text("[knobs]\nroots = ['/show, with comma', '/b']\n")
    assert load(file=file).roots == (Path("/show, with comma"), Path("/b"))


def test_other_tables_of_the_file_belong_to_others(file):
    file.write_text("[client]\nserver = 'x'\n")
    assert load(file=file) == Knobs()


def test_a_wrong_value_names_the_place_it_came_from(file):
    file.write_text("[knobs]\nport = 'many'\n")
    assert str(refused(file=file)).startswith(f"setting port in [knobs] of {file}: Expected `int`")
    assert refused(environ={"VOID_PORT": "many"}).subject == "setting VOID_PORT"
    assert refused({"port": "many"}).subject == "setting --port"


def test_a_value_out_of_range_is_refused():
    assert "`int` <= 65535 (got '70000')" in str(refused({"port": "70000"}))


def test_a_misspelt_setting_in_the_file_is_no_default(file):
    file.write_text("[knobs]\nprot = 1\n")
    assert "has no setting 'prot' (expected one of devices, folder," in str(refused(file=file))


def test_a_file_that_was_asked_for_has_to_be_there(file):
    assert "cannot be read (No such file or directory)" in str(refused(file=file))


def test_a_file_that_is_no_toml_is_named(file):
    file.write_text("[knobs\nport = 1")
    error = refused(file=file)
    assert str(file) in error.subject
    assert "not TOML" in error.text


def test_a_value_in_place_of_the_table_is_refused(file):
    file.write_text("knobs = 3\n")
    assert "'knobs' is not a table" in str(refused(file=file))


def test_flags_and_variables_are_named_after_settings():
    assert (flag("data_dir"), variable("data_dir")) == ("--data-dir", "VOID_DATA_DIR")
