import json

import pytest

from bridge.cli.prepare import Order, parameters, prepared
from bridge.errors import RequestError
from bridge.shot import Request


@pytest.fixture
def shot(tmp_path):
    for folder in ("plate", "roto", "shadow", "actor"):
        (tmp_path / folder).mkdir()
        for frame in range(1001, 1004):
            file = tmp_path / folder / f"{folder}.0{frame}.exr"
            file.write_bytes(f"{folder} {frame}".encode())
    return tmp_path


def order(folder, **options):
    plate = {"plate": str(folder / "plate"), "matte": (str(folder / "roto"),)}
    return Order(**(plate | options))


def test_a_request_says_what_was_typed(shot):
    made = prepared(
        order(
            shot,
            affected=(str(shot / "shadow"),),
            keep=(str(shot / "actor"),),
            prompt="An empty wall.",
            engine="cleanplate",
            frames="1002-1003",
            colorspace="ACEScg",
            matte_channel="remove.A",
            grow=3.0,
            feather=2.0,
            seed=7,
            missing="hold",
            output="both",
            parameters=("radius=5",),
        )
    )
    request, asked = made.request, made.request.shot
    assert [(m.role, m.sequence.label, m.channel) for m in asked.mattes] == [
        ("remove", "roto.%05d.exr", "remove.A"),
        ("affected", "shadow.%05d.exr", "remove.A"),
        ("keep", "actor.%05d.exr", "remove.A"),
    ]
    assert (asked.name, asked.first_frame, asked.last_frame) == ("plate", 1002, 1003)
    assert asked.plate.frames == (1002, 1003)
    assert (asked.colorspace, asked.missing) == ("ACEScg", "hold")
    assert (request.output, request.layers) == ("both", False)
    assert (request.engine, request.prompt, request.seed) == ("cleanplate", "An empty wall.", 7)
    assert (request.grow, request.feather, request.parameters) == (3.0, 2.0, {"radius": 5})
    assert made.padding == 5


def test_the_same_pictures_elsewhere_are_the_same_job(shot, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (shot / "plate").rename(elsewhere / "plate")
    moved = prepared(order(shot, plate=str(elsewhere / "plate")))
    (elsewhere / "plate").rename(shot / "plate")
    assert prepared(order(shot)).job == moved.job
    assert prepared(order(shot, seed=1)).job != moved.job
    assert prepared(order(shot, frames="1001-1002")).job != moved.job


def test_paths_are_added_for_a_server_that_may_look(shot):
    made = prepared(order(shot))
    assert all(file.path == "" for file in made.request.shot.plate.files)
    placed = made.with_paths().shot
    assert [file.path for file in placed.plate.files] == [
        str(shot / "plate" / f"plate.0{n}.exr") for n in (1001, 1002, 1003)
    ]
    assert made.folders == (shot / "plate", shot / "roto")


def test_links_are_followed_to_the_folders_that_hold_the_files(shot, tmp_path_factory):
    published = tmp_path_factory.mktemp("published")
    (shot / "plate" / "plate.01002.exr").rename(published / "f2.exr")
    (shot / "plate" / "plate.01002.exr").symlink_to(published / "f2.exr")
    made = prepared(order(shot))
    assert published in made.folders
    file = made.with_paths().shot.plate.files[1]
    assert (file.name, file.path) == ("plate.01002.exr", str(published / "f2.exr"))


def test_a_file_that_goes_while_it_is_read_is_named(shot):
    (shot / "plate" / "plate.01002.exr").unlink()
    (shot / "plate" / "plate.01002.exr").symlink_to(shot / "nowhere")
    with pytest.raises(RequestError, match=r"plate plate\.01002\.exr: it cannot be read") as caught:
        prepared(order(shot))
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=5", 5),
        ("x=-5", -5),
        ("x=0.5", 0.5),
        ("x=1e-3", 1e-3),
        ("x=on", True),
        ("x=False", False),
        ("x=dense", "dense"),
        ("x=a=b", "a=b"),
        (" x = 5 ", 5),
        ("x=", ""),
    ],
)
def test_a_parameter_has_the_type_that_it_looks_like(text, value):
    found = parameters((text,))
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


@pytest.mark.parametrize("texts", [("x",), ("=5",), ("x=1", "x=2")], ids=lambda texts: texts[-1])
def test_a_parameter_that_cannot_be_read_is_refused(texts):
    with pytest.raises(RequestError) as caught:
        parameters(texts)
    assert caught.value.code == "bad_parameter"


@pytest.fixture
def folder(tmp_path):
    import av
    import numpy as np

    made = tmp_path / "lime"
    made.mkdir()
    for name in ("input_video.mp4", "quadmask_0.mp4"):
        with av.open(str(made / name), "w") as container:
            stream = container.add_stream("mpeg4", rate=12)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for _ in range(5):
                picture = np.full((48, 64, 3), len(name), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
    (made / "prompt.json").write_text(json.dumps({"bg": "A lime falls."}))
    return made


def test_a_void_folder_is_taken_whole(folder):
    made = prepared(Order(plate=str(folder)))
    shot = made.request.shot
    assert (shot.name, shot.first_frame, shot.last_frame) == ("lime", 1, 5)
    assert (shot.plate.label, shot.plate.frames) == ("input_video.mp4", (1,))
    assert [(m.role, m.sequence.frames, m.channel) for m in shot.mattes] == [("quadmask", (1,), "")]
    assert made.request.prompt == "A lime falls."
    assert prepared(Order(plate=str(folder), prompt="Mine.")).request.prompt == "Mine."


def test_a_void_folder_and_a_matte_contradict_each_other(folder):
    with pytest.raises(RequestError) as caught:
        prepared(Order(plate=str(folder), matte=(str(folder),)))
    assert caught.value.code == "two_mattes"


# --- OCIO config, view, and an earlier result ------------------------------------------------


@pytest.fixture(autouse=True)
def no_config(monkeypatch):
    monkeypatch.delenv("OCIO", raising=False)
    monkeypatch.delenv("VOID_OCIO", raising=False)


def test_without_a_config_the_built_in_one_is_meant(shot):
    assert prepared(order(shot)).request.shot.config is None


def test_a_config_file_goes_along_with_the_pictures(shot, tmp_path, monkeypatch):
    (tmp_path / "show").mkdir()
    file = tmp_path / "show" / "config.ocio"
    file.write_text("ocio_profile_version: 2")
    monkeypatch.setenv("OCIO", str(file))
    made = prepared(order(shot))
    config = made.request.shot.config
    assert (config.name, config.origin, config.file.path) == ("config.ocio", "$OCIO", "")
    assert made.lacking((config.file.sha256,)) == [(config.file, file)]
    assert file.parent in made.folders
    assert made.with_paths().shot.config.file.path == str(file)
    assert prepared(order(shot, ocio=str(file))).job == made.job
    assert prepared(order(shot, ocio="ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1")).job != made.job


def test_a_config_that_is_not_there_stops_the_command(shot, monkeypatch):
    monkeypatch.setenv("OCIO", "/no/such.ocio")
    with pytest.raises(RequestError, match=r"/no/such\.ocio: there is no such file"):
        prepared(order(shot))


def test_a_view_is_part_of_the_request_and_of_the_default_name(shot):
    asked = prepared(order(shot, view="right")).request.shot
    assert (asked.view, asked.name) == ("right", "plate_right")
    assert prepared(order(shot, view="right", name="sh010")).request.shot.name == "sh010"


@pytest.fixture
def earlier(tmp_path):
    folder = tmp_path / "left_void_v001"
    folder.mkdir()
    sidecar = {
        "engine": "void",
        "prompt": "An empty wall.",
        "seed": 9,
        "grow": 12.0,
        "feather": 4.0,
        "parameters": {"exposure": "auto", "quality": "draft"},
        "engine_facts": {"exposure": 1.25},
    }
    (folder / "left_void_v001.json").write_text(json.dumps(sidecar))
    return str(folder)


def test_an_earlier_result_says_what_is_not_typed(shot, earlier):
    request = prepared(order(shot, like=earlier)).request
    assert (request.engine, request.prompt, request.seed) == ("void", "An empty wall.", 9)
    assert (request.grow, request.feather) == (12.0, 4.0)
    assert request.parameters == {"exposure": "1.25", "quality": "draft"}


def test_what_is_typed_goes_before_an_earlier_result(shot, earlier):
    typed = {"prompt": "A field.", "seed": 0, "grow": 0.0, "parameters": ("quality=best",)}
    request = prepared(order(shot, like=earlier, **typed)).request
    assert (request.prompt, request.seed, request.grow) == ("A field.", 0, 0.0)
    assert request.feather == 4.0
    assert request.parameters == {"exposure": "1.25", "quality": "best"}


def test_another_engine_takes_no_parameters_over(shot, earlier):
    request = prepared(order(shot, like=earlier, engine="cleanplate")).request
    assert (request.engine, request.parameters, request.seed) == ("cleanplate", {}, 9)


def test_without_anything_typed_the_defaults_are_those_of_a_request(shot):
    made = prepared(order(shot)).request
    assert made == Request(made.shot)
