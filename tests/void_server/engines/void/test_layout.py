import json
import shutil
import subprocess
import sys
from pathlib import Path

from void_server.engines.void.layout import Layout, missing, why_unavailable

GOLDEN = Path(__file__).parents[3] / "golden"


def test_nothing_is_missing_from_a_whole_checkpoint(layout):
    assert missing(layout) == []
    assert why_unavailable(layout) == ""


def test_the_base_transformers_weights_are_not_needed(layout):
    (layout.transformer / "diffusion_pytorch_model.safetensors").unlink()
    assert missing(layout) == []


def test_a_33_channel_checkpoint_needs_the_base_transformers_weights(layout):
    shutil.copyfile(GOLDEN / "void_33ch.safetensors", layout.checkpoint(2))
    assert missing(layout) == []
    (layout.transformer / "diffusion_pytorch_model.safetensors").unlink()
    assert ["33-channel" in text for text in missing(layout)] == [True]
    assert missing(layout, passes=(1,)) == []


def test_each_missing_file_is_named_with_what_it_is(layout):
    layout.checkpoint(2).unlink()
    (layout.tokenizer / "spiece.model").unlink()
    assert missing(layout) == [
        "pass 2 of VOID (void_pass2.safetensors)",
        "the T5 tokenizer (CogVideoX-Fun-V1.5-5b-InP/tokenizer/spiece.model)",
    ]
    assert missing(layout, passes=(1,)) == missing(layout)[1:]


def test_a_missing_part_of_split_weights_is_named(layout):
    (layout.text_encoder / "model.safetensors").unlink()
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (layout.text_encoder / "model.safetensors.index.json").write_text(json.dumps(index))
    (text,) = missing(layout)
    assert "text_encoder/model-00001-of-00002.safetensors" in text


def test_a_broken_index_counts_as_missing_and_says_why(layout):
    (layout.vae / "diffusion_pytorch_model.safetensors").unlink()
    (layout.vae / "diffusion_pytorch_model.safetensors.index.json").write_text("{")
    (text,) = missing(layout)
    assert "weights of the VAE" in text
    assert "not JSON" in text


def test_an_empty_folder_is_explained_in_one_line(tmp_path):
    reason = why_unavailable(Layout(tmp_path))
    assert str(tmp_path) in reason
    assert "void weights fetch" in reason
    assert "VOID_WEIGHTS" in reason
    assert "\n" not in reason


def test_looking_for_files_loads_no_network_library():
    code = (
        "import sys, void_server.engines.void.weights.where;"
        "print([m for m in ('torch', 'diffusers', 'transformers', 'huggingface_hub')"
        " if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
