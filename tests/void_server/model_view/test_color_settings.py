import pytest

from bridge.errors import RequestError
from void_server.model_view.color_settings import ColorSettings


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ColorSettings()),
        ({"curve": "auto", "peak": "auto", "steps": 3}, ColorSettings()),
        ({"exposure": "1.25", "peak": 8}, ColorSettings(exposure=1.25, peak=8.0)),
        ({"curve": "srgb", "primaries": "rec709", "exposure": 0},
         ColorSettings(curve="srgb", primaries="rec709", exposure=0.0)),
    ],
)  # fmt: skip
def test_wishes_are_read_from_an_engines_parameters(parameters, expected):
    assert ColorSettings.of(parameters) == expected


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"curve": "reinhard"}, "expected one of auto, shaper, srgb, acescct, camera-log"),
        ({"primaries": "p3"}, "expected one of auto, rec709, ap1, plate, got 'p3'"),
        ({"exposure": "bright"}, "expected auto or -16 to 16, stops, got 'bright'"),
        ({"exposure": "nan"}, "out of range"),
        ({"exposure": 17}, "out of range"),
        ({"peak": 0.5}, "expected auto or 1 to 1024"),
        ({"curve": "acescct", "peak": 4}, "has a peak of its own"),
    ],
)
def test_a_wish_that_cannot_be_met_is_named(parameters, said):
    with pytest.raises(RequestError, match=said) as caught:
        ColorSettings.of(parameters)
    assert caught.value.code == "parameter"
