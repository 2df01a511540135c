import json

from void_server.engines.void.layout import Layout
from void_server.engines.void.weights.where import where


def test_every_file_is_listed_with_size_and_licence(layout):
    places = where(layout)
    sizes = {place.file: place.size for place in places.files}
    assert places.folder == str(layout.root)
    assert places.missing == ()
    assert sizes["void_pass1.safetensors"] == layout.checkpoint(1).stat().st_size
    assert sizes["raft_large.safetensors"] is None
    assert all(place.licence and place.page.startswith("https://") for place in places.files)
    assert [place.file for place in places.files if not place.needed] == [
        "CogVideoX-Fun-V1.5-5b-InP/transformer/diffusion_pytorch_model.safetensors",
        "raft_large.safetensors",
        "swin2SR-classical-sr-x2-64/config.json",
        "swin2SR-classical-sr-x2-64/model.safetensors",
    ]


def test_an_empty_folder_lists_what_would_be_there(tmp_path):
    places = where(Layout(tmp_path / "none"))
    assert {place.size for place in places.files} == {None}
    assert len(places.missing) >= 8


def test_the_parts_of_split_weights_are_listed_one_by_one(layout):
    (layout.text_encoder / "model.safetensors").unlink()
    index = layout.text_encoder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}))
    names = [place.file.split("/")[-1] for place in where(layout).files]
    assert index.name in names
    assert "model-00001-of-00001.safetensors" in names


def test_a_broken_index_does_not_hide_the_rest(layout):
    (layout.text_encoder / "model.safetensors").unlink()
    (layout.text_encoder / "model.safetensors.index.json").write_text("{")
    assert len(where(layout).files) >= 12
