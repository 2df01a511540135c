import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import RequestError
from void_server.engines import catalog

GOLDEN = Path(__file__).parents[2] / "golden"


def offered(weights, device="cuda:0"):
    return catalog.engines(device=device, weights=weights, cache=weights / "cache")


def test_the_model_comes_first_and_the_engine_without_one_is_always_there(tmp_path):
    infos = [engine.describe() for engine in offered(tmp_path).values()]
    assert [(info.name, info.available) for info in infos] == [
        ("void", False),
        ("cleanplate", True),
        ("standin", True),
    ]


def test_auto_is_the_model_where_its_files_are(tmp_path):
    assert catalog.choose("auto", offered(tmp_path)).describe().name == "cleanplate"
    assert catalog.choose("auto", offered(GOLDEN)).describe().name == "void"


def test_auto_never_takes_the_stand_in_and_it_can_be_asked_for(tmp_path):
    for weights, device in ((tmp_path, "cpu"), (tmp_path, "cuda:0"), (GOLDEN, "cpu")):
        engines = offered(weights, device)
        assert list(engines)[-1] == "standin"
        assert catalog.choose("auto", engines).describe().name != "standin"
        assert catalog.choose("standin", engines) is engines["standin"]


def test_on_a_cpu_auto_is_the_engine_without_a_model(tmp_path):
    assert catalog.choose("auto", offered(GOLDEN, "cpu")).describe().name == "cleanplate"
    assert catalog.choose("void", offered(GOLDEN, "cpu")).describe().name == "void"


def test_without_its_files_the_model_says_where_it_looked_and_what_to_do(tmp_path):
    with pytest.raises(RequestError) as caught:
        catalog.choose("void", offered(tmp_path))
    assert str(tmp_path) in caught.value.text
    assert "void weights fetch" in caught.value.text
    assert "expected one of auto, cleanplate" in caught.value.text


def test_without_its_libraries_the_model_says_what_to_install(monkeypatch):
    found = catalog.importlib.util.find_spec
    monkeypatch.setattr(
        catalog.importlib.util,
        "find_spec",
        lambda name: None if name in ("torch", "diffusers") else found(name),
    )
    info = offered(GOLDEN)["void"].describe()
    assert not info.available
    assert info.reason == "torch, diffusers not installed: pip install 'void-bridge[void]'"


@pytest.mark.parametrize(("weights", "imported"), [("nothing here", False), (GOLDEN, True)])
def test_torch_is_imported_only_where_the_model_can_run(tmp_path, weights, imported):
    program = (
        "import sys; from pathlib import Path; from void_server.engines import catalog\n"
        "folder = Path(sys.argv[1])\n"
        "offered = catalog.engines(device='cpu', weights=folder, cache=folder)\n"
        "for engine in offered.values(): engine.describe()\n"
        "assert 'torch' not in sys.modules\n"
        "catalog.import_available(offered.values())\n"
        "print('torch' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / weights)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert said.stdout.strip() == str(imported), said.stderr
