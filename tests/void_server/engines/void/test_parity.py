import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from void_server.engines.void.parity import main

# Threads of one sum wait for each other; beside other work one is faster than two.
torch.set_num_threads(1)

GOLDEN = Path(__file__).parents[3] / "golden"
CASE = "pass1_single_window"


@pytest.fixture
def folder(tmp_path):
    """The golden folder with one of its cases."""
    copy = tmp_path / "golden"
    shutil.copytree(GOLDEN, copy)
    rewrite(copy, lambda cases: {CASE: cases[CASE]})
    return copy


def rewrite(folder, change):
    file = folder / "cases.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))


def set_tensor(folder, name, change):
    file = folder / "cases.safetensors"
    tensors = load_file(file)
    tensors[f"{CASE}.{name}"] = change(tensors[f"{CASE}.{name}"])
    save_file({key: value.contiguous() for key, value in tensors.items()}, file)


def test_the_module_tells_every_difference_and_the_worst():
    command = [sys.executable, "-m", "void_server.engines.void.parity", str(GOLDEN), "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr
    record = json.loads(ran.stdout)
    assert record["passed"] is True
    assert record["tolerance"] == 1e-4
    assert len(record["differences"]) == 5 * 5 + 2
    assert record["worst"]["largest"] == max(one["largest"] for one in record["differences"])
    assert record["worst"]["largest"] < 1e-5
    assert set(record["versions"]) == {"torch", "diffusers", "transformers"}


def test_people_get_a_table_and_one_line_with_the_worst(folder, capsys):
    assert main([str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "mask_latents" in shown
    assert sum(line.startswith("worst ") for line in shown.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "largest"),
    [
        (lambda output: output + 2e-4, pytest.approx(2e-4, rel=0.05)),
        (lambda output: torch.full_like(output, float("nan")), None),
    ],
    ids=["a little off", "not a number"],
)
def test_one_tensor_above_the_tolerance_is_a_failure(folder, capsys, change, largest):
    set_tensor(folder, "output", change)
    assert main([str(folder), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["passed"] is False
    assert record["worst"] == {
        "case": CASE,
        "tensor": "output",
        "largest": largest,
        "passed": False,
    }


def test_a_padded_frame_in_the_wrong_place_is_a_failure(folder, capsys):
    file = folder / "temporal_padding.json"
    table = json.loads(file.read_text())
    table["indices"]["46"][46] = 44
    file.write_text(json.dumps(table))
    assert main([str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["worst"]["largest"] == 1


def truncate(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: shutil.rmtree(f), "cases.json: there is no such file"),
        (lambda f: (f / "cases.json").unlink(), "cases.json: there is no such file"),
        (lambda f: (f / "cases.json").write_text("{"), "cases.json: it is not as expected"),
        (lambda f: (f / "cases.json").write_bytes(b"\xff\xfe"), "cases.json: it is not as"),
        (lambda f: (f / "cases.json").write_text("{}"), "cases.json: it has no case"),
        (lambda f: rewrite(f, lambda c: {"a": {"frames": 1}}), "missing required field"),
        (lambda f: rewrite(f, lambda c: {CASE: c[CASE] | {"steps": 0}}), "steps"),
        (lambda f: rewrite(f, lambda c: {CASE: c[CASE] | {"window": 5}}), "impossible sizes"),
        (lambda f: rewrite(f, lambda c: {CASE: c[CASE] | {"padded": 12}}), "impossible sizes"),
        (lambda f: rewrite(f, lambda c: {CASE: c[CASE] | {"height": 33}}), "impossible sizes"),
        (lambda f: rewrite(f, lambda c: {"other": c[CASE]}), "no tensor 'other.video'"),
        (lambda f: rewrite(f, lambda c: {CASE: c[CASE] | {"checkpoint": "x"}}), "no such file"),
        (lambda f: truncate(f / "cases.safetensors"), "cases.safetensors"),
        (lambda f: (f / "cases.safetensors").write_bytes(b"no"), "cases.safetensors"),
        (lambda f: set_tensor(f, "output", lambda t: t[:, :, 1:]), "output has the wrong shape"),
        (lambda f: (f / "void_pass1.safetensors").unlink(), "void_pass1.safetensors"),
        (lambda f: truncate(f / "void_pass1.safetensors"), "void_pass1.safetensors"),
        (lambda f: (f / "temporal_padding.json").write_text("[]"), "temporal_padding.json"),
        (
            lambda f: (f / "temporal_padding.json").write_text('{"indices": {"x": [1]}}'),
            "temporal_padding.json: it is not as",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_named_without_a_traceback(folder, capsys, damage, said):
    damage(folder)
    assert main([str(folder)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_named(capsys):
    assert main([str(GOLDEN), "--device", "cuda"]) == 2
    assert "torch sees no CUDA device" in capsys.readouterr().err
