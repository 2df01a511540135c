"""The whole way against a real server with the engine cleanplate: nothing is scripted."""

import json

import OpenEXR

from bridge.sequence import FrameRange
from host_plugins.run.removal import Removal


def removed(host, purpose="remove"):
    ending = Removal(host, purpose).run()
    assert host.ending is ending
    return ending


def test_a_plate_and_a_matte_become_a_patch_that_is_attached(cleanplate, order_of, host_of):
    host = host_of(order_of(cleanplate))
    ending = removed(host)
    assert (ending.end, ending.error) == ("done", None)
    assert ending.text.startswith("v001 is there: frames 1001-1004, engine cleanplate")
    landing = ending.landings[""]
    assert landing.complete
    for frame in range(1001, 1005):
        file = landing.version.picture("patch", frame)
        with OpenEXR.File(str(file), separate_channels=True) as picture:
            assert {"R", "G", "B", "A"} <= set(picture.channels())
    assert host.attached[-1] == {"": (1001, 1002, 1003, 1004)}
    assert host.remembered == {"": landing.job}
    assert host.questions == []
    assert host.stages[:3] == ["checking", "exporting", "reading"]
    assert host.stages[-1] == "landing"


def test_a_second_press_exports_nothing_and_shows_what_is_there(cleanplate, order_of, host_of):
    order = order_of(cleanplate)
    first = removed(host_of(order))
    host = host_of(order)
    again = removed(host)
    assert "export" not in host.calls
    assert again.end == "done"
    assert again.landings[""].version == first.landings[""].version
    assert host.attached == [{"": (1001, 1002, 1003, 1004)}]
    assert [folder.name for folder in order.out.glob("sh010*")] == ["sh010_void_v001"]


def test_another_seed_is_another_version_of_the_same_export(cleanplate, order_of, host_of):
    removed(host_of(order_of(cleanplate)))
    host = host_of(order_of(cleanplate, seed=7))
    ending = removed(host)
    assert "export" not in host.calls
    assert "reading" not in host.stages  # the digests were kept
    assert ending.landings[""].version.label == "v002"


def test_the_second_eye_takes_over_what_was_chosen_for_the_first(cleanplate, order_of, host_of):
    model = {"engine": "standin", "colorspace": "ACEScg", "parameters": {"exposure": "auto"}}
    host = host_of(order_of(cleanplate, views=("left", "right"), seed=3, **model))
    ending = removed(host)
    assert ending.end == "done", ending.text
    assert {view: landing.version.stem for view, landing in ending.landings.items()} == {
        "left": "sh010_left_void_v001",
        "right": "sh010_right_void_v001",
    }
    assert len(set(host.remembered.values())) == 2
    assert host.calls.index("remember") > len(host.calls) - 1 - host.calls[::-1].index("export")
    left, right = (
        json.loads(ending.landings[view].version.sidecar.read_bytes()) for view in ("left", "right")
    )
    assert (left["seed"], right["seed"]) == (3, 3)
    assert left["engine"] == right["engine"] == "standin"
    chosen = {n: v for n, v in left["engine_facts"].items() if left["parameters"].get(n) == "auto"}
    assert chosen
    assert {n: right["parameters"][n] for n in chosen} == {n: str(v) for n, v in chosen.items()}


def test_a_preview_keeps_the_exported_range_and_is_not_remembered(cleanplate, order_of, host_of):
    order = order_of(cleanplate)
    removed(host_of(order))
    few = order_of(
        cleanplate, purpose="preview", frames=FrameRange(1002, 1003), out=order.out / "previews"
    )
    host = host_of(few)
    ending = removed(host, "preview")
    assert ending.landings[""].finished == (1002, 1003)
    assert ending.text.startswith("The preview is there: frames 1002-1003")  # v001 is another thing
    assert host.remembered == {}
    assert (order.out / "previews" / "sh010_void_v001").is_dir()
    host = host_of(order)
    removed(host)
    assert "export" not in host.calls


def test_exports_that_nobody_wants_to_keep_are_gone_at_the_end(cleanplate, order_of, host_of):
    order = order_of(cleanplate, keep_exports=False)
    assert removed(host_of(order)).end == "done"
    assert sorted(path.name for path in order.out.iterdir()) == ["sh010_void_v001"]


def test_pictures_are_sent_where_the_server_must_not_look(cleanplate, order_of, host_of):
    ending = removed(host_of(order_of(cleanplate, transport="stream", kinds=("comp", "patch"))))
    assert ending.end == "done"
    assert sorted(path.suffix for path in ending.landings[""].version.folder.iterdir()) == [
        *[".exr"] * 8,
        ".html",
        ".json",
    ]


def test_an_engine_that_the_server_has_not_is_said_before_the_export(cleanplate, order_of, host_of):
    host = host_of(order_of(cleanplate, engine="magic"))
    ending = removed(host)
    assert (ending.end, ending.error.code) == ("failed", "engine")
    assert "available: cleanplate" in ending.text
    assert "export" not in host.calls
    assert not host.asked_for.out.exists()


def test_parameters_of_another_engine_are_left_out(cleanplate, order_of, host_of):
    ending = removed(host_of(order_of(cleanplate, parameters={"steps": 3, "grain": "none"})))
    assert ending.end == "done", ending.text
    assert ending.landings[""].record["parameters"]["grain"] == "none"
    assert "steps" not in ending.landings[""].record["parameters"]


def test_what_the_server_refuses_is_said_in_the_nodes_words(
    cleanplate, order_of, host_of, footage, tmp_path
):
    black = tmp_path / "black"
    black.mkdir()
    for file in footage.iterdir():
        kind = "remove" if file.name.startswith("remove") else "plate"
        (black / file.name).write_bytes(file.read_bytes())
        if kind == "remove":
            with OpenEXR.File(str(file), separate_channels=True) as picture:
                alpha = picture.channels()["A"].pixels * 0
            OpenEXR.File({"type": OpenEXR.scanlineimage}, {"A": alpha}).write(
                str(black / file.name)
            )
    host = host_of(order_of(cleanplate))
    host.footage = black
    ending = removed(host)
    assert (ending.end, ending.error.code) == ("failed", "empty_matte")
    assert "Check the roto's frame range" in ending.text
    assert "--" not in ending.text
    assert ending.landings == {}
    assert list(host.asked_for.out.glob("sh010*")) == []
