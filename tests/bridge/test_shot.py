import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.shot import (
    Matte,
    OcioConfig,
    Request,
    Sequence,
    Shot,
    SourceFile,
    job_id,
    protocol_of,
    source_files,
)


def file(name: str = "plate.1001.exr", digest: str = "ab", path: str = "") -> SourceFile:
    return SourceFile(name, 10, digest * 32, path)


def request(path: str = "", **changes) -> Request:
    plate = Sequence("plate.%04d.exr", "stills", (file(path=path),), (1001,))
    matte = Sequence("roto.%04d.exr", "stills", (file("roto.1001.exr", "cd", path),), (1001,))
    shot = Shot("sh010", plate, (Matte("remove", matte),), 1001, 1001)
    return Request(shot, **changes)


def test_the_same_pictures_with_the_same_parameters_are_the_same_job_wherever_they_lie():
    assert job_id(request("/shows/a/plate.1001.exr")) == job_id(request("/mnt/b/plate.1001.exr"))


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "cleanplate"},
        {"prompt": "a wall"},
        {"seed": 1},
        {"grow": 9.0},
        {"feather": 2.0},
        {"output": "both"},
        {"output": ("comp", "matte")},
        {"layers": True},
        {"parameters": {"search": 10}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_parameter_makes_another_job(change):
    assert job_id(request(**change)) != job_id(request())


def test_other_pixels_make_another_job():
    shot = request().shot
    plate = msgspec.structs.replace(shot.plate, files=(file(digest="ef"),))
    other = Request(msgspec.structs.replace(shot, plate=plate))
    assert job_id(other) != job_id(request())


@given(st.dictionaries(st.text(max_size=5), st.integers(-5, 5), min_size=2, max_size=5))
def test_the_order_in_which_parameters_are_given_does_not_matter(parameters):
    backwards = dict(reversed(parameters.items()))
    assert job_id(request(parameters=parameters)) == job_id(request(parameters=backwards))


def test_a_job_id_is_32_hex_digits():
    assert len(bytes.fromhex(job_id(request()))) == 16


def test_the_files_of_a_shot_are_listed_once_each_plate_first():
    files = source_files(request().shot)
    assert list(files) == ["ab" * 32, "cd" * 32]


# --- what protocol 1.2 brought ---------------------------------------------------------------


def with_config(name="show.ocio", origin="", digest="77", path=""):
    config = OcioConfig(name, origin, file(name, digest, path))
    return Request(msgspec.structs.replace(request().shot, config=config))


def test_a_request_of_1_1_keeps_the_job_id_that_it_had():
    # As computed by the code that spoke protocol 1.1.
    assert job_id(request(parameters={"b": 1, "a": 0.5})) == "7fa36b519499193244d96f090404f75e"


@pytest.mark.parametrize(
    "fields", [{"view": "right"}, {"config": OcioConfig("ocio://cg-config-v1.0.0")}]
)
def test_a_view_and_a_config_make_another_job_that_needs_1_2(fields):
    other = Request(msgspec.structs.replace(request().shot, **fields))
    assert job_id(other) != job_id(request())
    assert (protocol_of(request()), protocol_of(other)) == ((1, 1), (1, 2))


def test_a_config_counts_by_its_content_not_by_where_it_was_found():
    here = with_config(origin="$OCIO", path="/shows/a/show.ocio")
    there = with_config(origin="--ocio", path="/mnt/b/show.ocio")
    assert job_id(here) == job_id(there)
    assert job_id(here) != job_id(with_config(digest="88"))


def test_a_config_travels_with_the_pictures():
    assert list(source_files(with_config().shot)) == ["ab" * 32, "cd" * 32, "77" * 32]
    named = msgspec.structs.replace(request().shot, config=OcioConfig("ocio://x"))
    assert len(source_files(named)) == 2


def test_what_1_2_brought_is_not_sent_while_it_holds_its_default():
    sent = msgspec.to_builtins(request())
    assert "layers" not in sent
    assert not {"view", "config"} & set(sent["shot"])
    assert msgspec.convert(sent, Request) == request()
    again = with_config(origin="$OCIO")
    assert msgspec.convert(msgspec.to_builtins(again), Request) == again
