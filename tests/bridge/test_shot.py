import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.shot import Matte, Request, Sequence, Shot, SourceFile, job_id, source_files


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
