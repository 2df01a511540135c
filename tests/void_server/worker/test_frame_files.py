import hashlib

import numpy as np
import OpenEXR
import pytest

from bridge.errors import ServerError
from bridge.sequence import PICTURE_KINDS
from bridge.shot import Request
from void_server import composite
from void_server.images.exr_source import ExrSequence
from void_server.images.window import Window
from void_server.patch import Patch
from void_server.plate import PlateColor
from void_server.worker import frame_files
from void_server.worker.frame_files import attributes, write_frame

COLOR = PlateColor("lin_ap1_scene", "lin_ap1_scene")


@pytest.fixture
def write(studio, locate):
    """Writes frame 1002 of a tiny shot, held from 1001."""
    plate, matte = studio.plates(1), studio.mattes(1)
    picture = ExrSequence(plate, locate).read(1001)
    box = Window(8, 8, 15, 15)
    patch = Patch(
        frame=1002,
        box=box,
        rgb=np.full((8, 8, 3), 0.5, np.float32),
        alpha=np.ones((8, 8), np.float32),
        seen=np.ones((8, 8), np.uint16),
    )
    folder = studio.folder / "results"
    folder.mkdir()

    def made(output, *, layers=False, facts=None, **changes):
        request = Request(studio.shot(plate, matte), output=output, layers=layers, **changes)
        return write_frame(
            folder,
            picture,
            patch,
            frame=1002,
            request=request,
            color=COLOR,
            attributes=attributes(request, plate.files[0], facts or {}, job="0123"),
        )

    made.folder = folder
    return made


@pytest.mark.parametrize(
    "output",
    [("comp",), ("patch", "matte"), ("straight", "degrained"), PICTURE_KINDS],
    ids=",".join,
)
def test_exactly_what_was_asked_for_is_written(write, output):
    written = write(output)
    assert list(written.files) == list(output)
    assert {path.name for path in write.folder.iterdir()} == {f"{k}.1002.exr" for k in output}
    for file in written.files.values():
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
    assert written.changed_outside == (0 if "comp" in output else None)


@pytest.mark.parametrize("output", [("patch", "matte"), PICTURE_KINDS], ids=["two", "all"])
def test_with_layers_there_is_one_file_and_it_is_the_comp(write, output):
    written = write(output, layers=True)
    assert list(written.files) == ["comp"]
    names = OpenEXR.File(str(written.files["comp"].path), separate_channels=True).channels()
    found = {name.partition(".")[0] for name in names} - {*"RGB", "confidence"}
    assert found == set(output) - {"comp"}


def test_every_file_says_how_the_model_saw_the_shot(write):
    told = {"curve": "shaper", "exposure": 1.25, "peak": 16.0, "primaries": "rec709",
            "region": "10,20,672,384", "scale": 1}  # fmt: skip
    facts = {**told, "memory": "full"}
    for file in write(PICTURE_KINDS, facts=facts, seed=2**40).files.values():
        header = OpenEXR.File(str(file.path)).header()
        said = {name[5:]: value for name, value in header.items() if name[:5] == "void/"}
        del said["src_sha256"]
        assert said == {**told, "job": "0123", "seed": str(2**40)}


def test_facts_that_are_not_known_are_not_made_up(write):
    header = OpenEXR.File(str(write(("comp",)).files["comp"].path)).header()
    assert {name for name in header if name[:5] == "void/"} == {
        "void/job",
        "void/seed",
        "void/src_sha256",
    }


def test_a_frame_that_comes_back_touched_is_not_handed_over(write, monkeypatch):
    honest = composite.write_comp

    def careless(picture, patch, path, **rest):
        written = honest(picture, patch, path, **rest)
        honest(picture, patch, path, **{**rest, "layers": ("matte",)})
        return written

    monkeypatch.setattr(frame_files.composite, "write_comp", careless)
    with pytest.raises(ServerError, match="768 values outside the composite alpha") as caught:
        write(("comp",))
    assert caught.value.code == "touched_outside"
