import pytest

from bridge.errors import ServerError
from void_server.engines.void.upscale.config import upscaler_config


def test_the_published_configuration_is_understood(described):
    config = upscaler_config(described(embed_dim=180, depths=[6] * 6, num_heads=[6] * 6))
    assert config.embed_dim == 180
    assert config.depths == (6,) * 6
    assert config.upscale == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model_type": "swinir"}, "'swinir' - at `[$].model_type`"),
        ({"upscale": 3}, "upscale"),
        ({"use_absolute_embeddings": True}, "use_absolute_embeddings"),
        ({"num_channels": 1}, "num_channels"),
        ({"embed_dim": 10**9}, "embed_dim"),
        ({"num_heads": [2]}, r"num_heads and depths differ in length \(expected 2, got 1\)"),
        ({"num_heads": [2, 3]}, "embed_dim 8 cannot be split into 3 heads"),
    ],
)
def test_what_cannot_be_used_is_said(described, changed, said):
    with pytest.raises(ServerError, match=said) as caught:
        upscaler_config(described(**changed))
    assert caught.value.code == "weights"


def test_a_missing_configuration_is_named(described):
    layout = described()
    (layout.upscaler / "config.json").unlink()
    with pytest.raises(ServerError, match="there is no such file"):
        upscaler_config(layout)
