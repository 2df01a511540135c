"""N1, N2: files that crash other readers are refused by name, in a process that lives on.

They are read in a process of its own, because what they do to an unguarded library is abort it.
"""

import subprocess
import sys

import numpy as np
import OpenImageIO as oiio
import pytest

READER = """
import json, sys
from hashlib import sha256
from pathlib import Path
from bridge.errors import RequestError
from bridge.shot import Sequence, SourceFile
from void_server.images.exr_source import ExrSequence

def outcome(path):
    data = path.read_bytes()
    file = SourceFile(path.name, len(data), sha256(data).hexdigest(), str(path))
    try:
        plate = ExrSequence(Sequence("p.%04d.exr", "stills", (file,), (1,)), lambda f: path)
        return plate.read(1).data_window.width
    except RequestError as error:
        return [error.subject, error.code, error.text]

for name in sys.argv[1:]:
    said = outcome(Path(name))
    print("said", json.dumps([Path(name).name, said]))
"""


def outcomes(paths):
    """What reading each file came to: its width, or subject, code and text of the refusal."""
    import json

    command = [sys.executable, "-c", READER, *map(str, paths)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 0
    # OpenEXR itself warns on standard output.
    lines = [line for line in ran.stdout.splitlines() if line.startswith("said ")]
    return dict(json.loads(line[5:]) for line in lines)


def test_a_deep_frame_is_refused_and_nothing_crashes(tmp_path):
    """N1."""
    path = tmp_path / "plate.1001.exr"
    spec = oiio.ImageSpec(4, 4, 5, "float")
    spec.channelnames = ("R", "G", "B", "A", "Z")
    spec.deep = True
    deep = oiio.DeepData()
    deep.init(16, 5, [oiio.FLOAT] * 5, list(spec.channelnames))
    deep.set_samples(3, 2)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec)
    assert out.write_deep_image(deep)
    out.close()
    subject, code, text = outcomes([path])[path.name]
    assert (subject, code) == ("plate.1001.exr", "deep")
    assert "deep EXR" in text


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """Every way of cutting a file short, for each codec; heights are no multiple of a chunk."""
    import OpenEXR

    folder = tmp_path_factory.mktemp("damaged")
    rng = np.random.default_rng(1)
    noise = {name: rng.random((77, 40), np.float32).astype(np.float16) for name in "RGB"}
    paths = []
    for codec in ("NO", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "DWAA"):
        whole = folder / f"{codec}.whole.exr"
        OpenEXR.File({"compression": getattr(OpenEXR, f"{codec}_COMPRESSION")}, dict(noise)).write(
            str(whole)
        )
        data = whole.read_bytes()
        cuts = {"0": 0, "10B": 10, "header": 200, "25": len(data) // 4,
                "75": len(data) * 3 // 4, "last": len(data) - 1}  # fmt: skip
        paths.append(whole)
        for name, length in cuts.items():
            paths.append(folder / f"{codec}.{name}.exr")
            paths[-1].write_bytes(data[:length])
    return outcomes(paths)


@pytest.mark.parametrize("cut", ["0", "10B", "header", "25", "75", "last"])
def test_a_frame_cut_short_is_named_for_every_codec(damaged, cut):
    """N2."""
    cases = {name: said for name, said in damaged.items() if name.split(".")[1] == cut}
    assert len(cases) == 8
    for name, said in cases.items():
        assert said[:2] == [name, "corrupt"], said
        assert "damaged" in said[2]


def test_what_was_not_cut_is_read(damaged):
    assert {said for name, said in damaged.items() if ".whole." in name} == {40}
