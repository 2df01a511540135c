"""The kinds of pictures as files of their own."""

from dataclasses import replace

import numpy as np
import OpenEXR
import pytest

from void_server.images.window import Window
from void_server.patch_file import write_patch_file

BOX = Window(30, 20, 39, 23)
RAMP = np.linspace(0, 1, 10, dtype=np.float32)[None, :].repeat(4, axis=0)
KINDS = ("patch", "straight", "degrained", "matte")


def written(comps, kind, patch, channels=None, **header):
    channels = channels or {n: np.ones((40, 60), np.float16) for n in "RGB"}
    _, picture = comps.plate(channels, **({"display": (0, 0, 79, 49)} | header))
    path = comps.folder / f"{kind}.exr"
    write_patch_file(kind, picture, patch, path, color=comps.plain, attributes=comps.mine)
    return comps.header(path), comps.pixels(path)


def test_the_patch_is_premultiplied_with_alpha_and_confidence(comps):
    patch = comps.patch(BOX, value=8.0, alpha=RAMP)
    header, got = written(comps, "patch", patch, pixelAspectRatio=2.0)
    assert set(got) == {"R", "G", "B", "A", "confidence.Y"}
    np.testing.assert_array_equal(got["A"], RAMP.astype(np.float16))
    np.testing.assert_allclose(got["R"], 8.0 * RAMP, rtol=1e-3)
    assert (got["confidence.Y"] == np.where(RAMP > 0, 3, 0)).all()
    assert [v.tolist() for v in header["dataWindow"]] == [[30, 20], [39, 23]]
    assert [v.tolist() for v in header["displayWindow"]] == [[0, 0], [79, 49]]
    assert [v.tolist() for v in header["originalDataWindow"]] == [[0, 0], [59, 39]]
    assert header["pixelAspectRatio"] == 2.0
    assert header["colorInteropID"] == "lin_ap1_scene"
    assert (header["void/job"], header["void/seed"]) == ("0123", 7)


@pytest.mark.parametrize(
    ("kind", "degrained", "expected"),
    [("straight", 2.0, 8.0), ("degrained", 2.0, 2.0), ("degrained", None, 8.0)],
    ids=["straight", "degrained", "degrained-where-there-was-no-grain"],
)
def test_a_straight_picture_keeps_its_light_up_to_the_edge(comps, kind, degrained, expected):
    patch = comps.patch(BOX, value=8.0, alpha=RAMP, degrained=degrained)
    _, got = written(comps, kind, patch)
    assert set(got) == set("RGBA")
    np.testing.assert_array_equal(got["R"], np.where(RAMP > 0, expected, 0))
    np.testing.assert_array_equal(got["A"], RAMP.astype(np.float16))


def test_nothing_of_the_fill_is_told_where_alpha_is_0(comps):
    """K3: what an engine leaves there may be anything."""
    alpha = np.zeros(BOX.shape, np.float32)
    alpha[1:3, 2:8] = 0.5
    patch = comps.patch(BOX, alpha=alpha)
    patch.rgb[alpha == 0] = np.nan
    patch.seen[alpha == 0] = 9
    for kind in KINDS:
        for plane in written(comps, kind, patch)[1].values():
            assert np.isfinite(plane).all()
            hole = plane != 0
            assert hole.sum() == 12


def test_the_matte_covers_the_plate_and_shows_in_every_host(comps):
    """It is an alpha, a luma and a picture at once, and it is data rather than light."""
    patch = comps.patch(BOX, value=8.0, alpha=RAMP)
    header, got = written(comps, "matte", patch, data=(-2, -1, 57, 38))
    expected = np.zeros((40, 60), np.float16)
    expected[21:25, 32:42] = RAMP
    assert set(got) == set("RGBA")
    for plane in got.values():
        np.testing.assert_array_equal(plane, expected)
    assert [v.tolist() for v in header["dataWindow"]] == [[-2, -1], [57, 38]]
    assert header["colorInteropID"] == "data"
    assert "originalDataWindow" not in header


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_without_a_hole_gives_a_transparent_picture(comps, kind):
    header, got = written(comps, kind, None, {n: np.ones((4, 5), np.float16) for n in "RGB"})
    size = (4, 5) if kind == "matte" else (1, 1)
    assert {plane.shape for plane in got.values()} == {size}
    assert not any(plane.any() for plane in got.values())
    assert [v.tolist() for v in header["displayWindow"]] == [[0, 0], [79, 49]]


def test_premultiplied_patch_over_plate_is_the_comp(comps):
    rng = np.random.default_rng(11)
    _, picture = comps.plate(comps.noise(40, 60))
    patch = replace(comps.patch(BOX, alpha=RAMP), rgb=rng.random((*BOX.shape, 3), np.float32) * 20)
    comp = comps.pixels(comps.write(picture, patch))
    path = comps.folder / "patch.exr"
    write_patch_file("patch", picture, patch, path, color=comps.plain, attributes={})
    got = comps.pixels(path)
    for name in "RGB":
        plate = picture.channel(name)[20:24, 30:40].astype(np.float32)
        merged = got[name] + plate * (1 - got["A"].astype(np.float32))
        np.testing.assert_allclose(merged, comp[name][20:24, 30:40], rtol=3e-3)


def test_rate_and_timecode_of_the_plate_are_kept(comps):
    from fractions import Fraction

    code = OpenEXR.TimeCode(21, 42, 53, 14, True, *([False] * 5), *([0] * 8))
    header, _ = written(
        comps, "straight", comps.patch(BOX), framesPerSecond=Fraction(30000, 1001), timeCode=code
    )
    kept = header["timeCode"]
    assert (kept.hours, kept.minutes, kept.seconds, kept.frame) == (21, 42, 53, 14)
    assert kept.dropFrame
    assert header["framesPerSecond"] == Fraction(30000, 1001)


@pytest.mark.parametrize("value", [16.0, 65504.0, 65520.0, 1e6, -1e6])
@pytest.mark.parametrize("kind", ["patch", "straight", "degrained"])
def test_bright_light_stays_finite(comps, kind, value):
    """E5."""
    patch = comps.patch(BOX, value=value, alpha=RAMP, degrained=value)
    for name, plane in written(comps, kind, patch)[1].items():
        assert np.isfinite(plane).all(), name
        assert np.abs(plane.astype(np.float32)).max() <= 65504
    floats = {n: np.ones((40, 60), np.float32) for n in "RGB"}
    assert written(comps, kind, patch, floats)[1]["R"][0, 9] == np.float32(value)
