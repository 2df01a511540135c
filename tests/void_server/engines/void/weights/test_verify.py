import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bridge.errors import ServerError
from void_server.engines.void.weights import lock
from void_server.engines.void.weights.lock import Lock, LockedFile, LockedSource
from void_server.engines.void.weights.verify import verify

GOLDEN = Path(__file__).parents[4] / "golden"
PASS1 = "void_pass1.safetensors"


@pytest.fixture
def locked(layout):
    """A lock that knows pass 1 as it is now."""
    file = layout.checkpoint(1)
    known = LockedFile(file.stat().st_size, lock.sha256(file))
    sources = {"netflix/void-model": LockedSource("0" * 40, {PASS1: known})}
    lock.write(layout.root, Lock(sources=sources))
    return layout


def problems(layout, said, **options):
    report = verify(layout, said=said, **options)
    assert report.ok == (not report.problems)
    return [f"{Path(p.file).name}: {p.text}" for p in report.problems]


def test_a_whole_checkpoint_has_no_problems(layout, said):
    report = verify(layout, said=said)
    assert report.ok
    assert report.channels == {PASS1: 48, "void_pass2.safetensors": 48}
    assert report.compared == ()
    assert PASS1 in report.unknown


def test_a_file_that_was_fetched_is_compared(locked, said):
    report = verify(locked, said=said)
    assert report.compared == (PASS1,)
    assert PASS1 not in report.unknown
    assert said.bars["reading"] == [locked.checkpoint(1).stat().st_size] * 2


def test_one_changed_byte_of_a_fetched_file_is_found_unless_it_has_to_be_quick(locked, said):
    file = locked.checkpoint(1)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    (said_of_it,) = problems(locked, said)
    assert said_of_it.startswith(f"{PASS1}: it was changed since it was fetched")
    assert problems(locked, said, quick=True) == []


def test_a_fetched_file_that_is_cut_off_is_found_both_ways(locked, said):
    file = locked.checkpoint(1)
    file.write_bytes(file.read_bytes()[:-4])
    texts = problems(locked, said)
    assert any("cut off" in text for text in texts)
    assert any("wrong size" in text for text in texts)


def test_a_missing_file_is_one_problem_not_two(layout, said):
    layout.checkpoint(2).unlink()
    (text,) = problems(layout, said)
    assert "missing: pass 2 of VOID (void_pass2.safetensors)" in text


def test_super_resolution_counts_where_any_of_it_is_there(layout, said):
    layout.upscaler.mkdir()
    assert [text for text in problems(layout, said) if "config.json" in text] == []
    (layout.upscaler / "config.json").write_text('{"model_type": "other"}')
    (text,) = problems(layout, said)
    assert text.startswith("config.json: ")
    assert "swin2SR-classical-sr-x2-64/config.json" in verify(layout, said=said).unknown


def test_a_wrong_shape_is_named_in_its_file(layout, said):
    tensors = load_file(layout.checkpoint(2))
    tensors["proj_out.weight"] = torch.zeros(64, 64)
    save_file(tensors, layout.checkpoint(2))
    assert problems(layout, said) == [
        "void_pass2.safetensors: proj_out.weight has the wrong shape "
        "(expected (128, 64), got (64, 64))"
    ]


def test_several_broken_parts_are_all_named(layout, said):
    (layout.vae / "diffusion_pytorch_model.safetensors").write_bytes(b"PK\x03\x04" + bytes(99))
    (layout.scheduler / "scheduler_config.json").write_text("{}")
    (layout.text_encoder / "config.json").write_text("[]")
    layout.raft.write_bytes(b"no")
    names = {text.split(":")[0] for text in problems(layout, said)}
    assert names == {
        "diffusion_pytorch_model.safetensors",
        "scheduler_config.json",
        "config.json",
        "raft_large.safetensors",
    }


def test_33_channels_are_said(layout, said):
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(2))
    report = verify(layout, said=said)
    assert report.ok
    assert report.channels["void_pass2.safetensors"] == 33


def test_33_channels_without_the_base_transformer_are_a_problem(layout, said):
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(2))
    (layout.transformer / "diffusion_pytorch_model.safetensors").unlink()
    (text,) = problems(layout, said)
    assert "33-channel" in text


def test_a_base_transformer_that_is_there_must_fit(layout, said):
    base = layout.transformer / "diffusion_pytorch_model.safetensors"
    shutil.copyfile(GOLDEN / PASS1, base)
    (text,) = problems(layout, said)
    assert "expected (64, 264), got (64, 384)" in text


def test_an_empty_folder_has_problems_but_no_crash(layout, said):
    shutil.rmtree(layout.root)
    layout.root.mkdir()
    assert len(problems(layout, said)) >= 8


def test_a_lock_that_cannot_be_read_is_an_error(layout, said):
    (layout.root / lock.NAME).write_text("{")
    with pytest.raises(ServerError, match="not a lock"):
        verify(layout, said=said)
