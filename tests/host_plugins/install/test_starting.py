"""A Nuke that starts with the install on its path: the strict stand-in, in a bare Python."""

import json
from pathlib import Path

import pytest

FAKES = Path(__file__).parents[2] / "fakes"

STARTS = """
import json, sys
sys.path.append(sys.argv[2])
import nuke
from nuke import fake
session = fake.start(gui=json.loads(sys.argv[3]))
before = list(sys.path)
session.start_up.run([sys.argv[1]])
print(json.dumps({
    "plugins": session.plugin_path,
    "path": [place for place in sys.path if place not in before],
    "behind": sys.path[: len(before)] == before,
    "node": nuke.menu("Nodes").findItem("VOID/VoidRemove") is not None if nuke.GUI else None,
    "heavy": sorted({"zmq", "msgspec", "numpy"} & set(sys.modules)),
}))
"""


@pytest.fixture
def start(whole, host):
    """Starts a Nuke; what it looks like then."""

    def run(*, gui):
        said = host.run(STARTS, whole.folder, FAKES, json.dumps(gui)).splitlines()
        assert len(said) == 1, said
        return json.loads(said[0])

    return run


@pytest.mark.parametrize("gui", [True, False], ids=["gui", "terminal"])
def test_our_code_is_found_behind_everybody_elses_and_a_gui_has_the_node(gui, start, whole):
    got = start(gui=gui)

    assert got["plugins"] == [whole.void.as_posix(), whole.folder.as_posix()]
    assert got["behind"]
    assert got["path"][0] == str(whole.void / "lib")
    assert [Path(place).parent.name for place in got["path"]] == ["void", "vendor"]
    if gui:
        assert got["node"]
    else:
        assert got["heavy"] == []
