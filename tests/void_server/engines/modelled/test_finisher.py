from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.engines.modelled import evidence
from void_server.report.measures import charts

MEASURES = {
    *("gain_r", "gain_g", "gain_b", "ring_residual", "flicker_before", "flicker_after"),
    *("seam_step", "real", "grain_sigma", "grain_sigma_ratio"),
}
"""What a frame may be measured by."""


def blurred(sent, index):
    return cv2.GaussianBlur(sent, (0, 0), 1.2)


@pytest.fixture(scope="module")
def grainy(studio_set):
    return studio_set.grainy()


@pytest.fixture(scope="module")
def filled(studio_set, grainy):
    """Fills with everything on, and the pictures of the first, taken while it is at hand."""
    fills = studio_set.started(grainy, blurred, grid=(64, 112), detail=True, grain="match")
    first = next(fills)
    return [(first, first.evidence()), *((fill, None) for fill in fills)]


def energy(picture):
    """Of what a Laplacian leaves."""
    return float((cv2.Laplacian(picture, cv2.CV_32F)[2:-2, 2:-2] ** 2).mean())


@pytest.mark.parametrize("model", ["same", "blurred"])
def test_a_fill_is_as_sharp_as_the_plate_where_other_frames_show_the_background(studio_set, model):
    scene = studio_set.panned(6)
    how = {"grid": (48, 80), "detail": True}
    for fill in studio_set.run(scene, blurred if model == "blurred" else studio_set.same, **how):
        assert 0.85 <= energy(fill.rgb) / energy(scene.box(fill)) <= 1.15
        assert (fill.seen > 0).mean() > 0.95
    soft = studio_set.run(scene, blurred, grid=(48, 80))[0]
    assert energy(soft.rgb) / energy(scene.box(soft)) < 0.5


def test_real_pixels_brighter_than_the_peak_survive(studio_set):
    scene = studio_set.panned(6)
    for plate in scene.plates:
        plate[44:52, 88:96] = 40.0
    fills = studio_set.run(scene, grid=(96, 160), detail=True, curve="srgb")
    seen = [fill for fill in fills if scene.hole(fill.frame)[48, 92]]
    assert seen
    for fill in seen:
        assert fill.rgb.max() == pytest.approx(40.0, rel=1e-3)
    bare = studio_set.run(scene, grid=(96, 160), curve="srgb", frames=[seen[0].frame])
    assert bare[0].rgb.max() < 2


def test_without_other_frames_nothing_counts_as_seen(studio_set):
    scene = studio_set.panned(3, holes=[(30, 40, 30, 30)] * 3)
    for fill in studio_set.run(scene, detail=True):
        assert not fill.seen.any()
        assert fill.measures["real"] == 0.0


def test_grain_comes_only_onto_what_is_not_real(grainy, filled):
    for fill, _ in filled:
        changed = (fill.rgb != fill.degrained).any(axis=2)
        inside = grainy.inside(fill)
        assert changed[inside & (fill.seen == 0)].mean() > 0.95
        assert changed[fill.seen > 0].mean() < 0.2
        assert not changed[~inside].any()


def test_without_grain_there_is_nothing_beside_the_fill(studio_set, grainy, filled):
    how = {"grid": (64, 112), "detail": True, "grain": "none", "frames": [1002]}
    (bare,) = studio_set.run(grainy, blurred, **how)
    grained = next(fill for fill, _ in filled if fill.frame == 1002)
    assert bare.degrained is None
    assert np.array_equal(bare.rgb, grained.degrained)
    assert not {"grain_sigma", "grain_sigma_ratio"} & bare.measures.keys()


def test_a_plate_without_grain_gets_none_and_it_is_said(studio_set):
    scene, heard = studio_set.panned(2), studio_set.Heard()
    fills = studio_set.run(scene, heard=heard, grain="match")
    assert all(fill.degrained is None for fill in fills)
    assert heard.facts["grain"].startswith("none")


def test_all_that_is_measured_is_finite_and_has_a_chart(filled):
    for fill, _ in filled:
        assert fill.measures.keys() == MEASURES
        assert np.isfinite(list(fill.measures.values())).all()
        assert 0 <= fill.measures["real"] <= 1
        assert 0.9 <= fill.measures["grain_sigma_ratio"] <= 1.1
    found = charts({fill.frame: fill.measures for fill, _ in filled})
    assert all(chart.note for chart in found)


def test_evidence_shows_what_was_sent_what_came_back_and_what_is_real(filled):
    fill, shown = filled[0]
    assert list(shown) == [evidence.SAW, evidence.RETURNED, evidence.REAL]
    assert all(p.dtype == np.uint8 and p.ndim == 3 and p.shape[2] == 3 for p in shown.values())
    assert shown[evidence.SAW].shape == shown[evidence.RETURNED].shape == (64, 112, 3)
    assert shown[evidence.REAL].shape == fill.rgb.shape
    white = shown[evidence.REAL][..., 0] > 127
    assert np.array_equal(white, fill.seen > 0)


def test_evidence_is_of_the_tile_that_holds_most_of_the_hole(studio_set):
    plates = [studio_set.texture(96, 320, 1, cells=(40, 16))] * 2
    scene = studio_set.Scene(plates, [(20, 30, 60, 260), (20, 250, 60, 50)])
    shown, parts = {}, []
    model = studio_set.model_of(studio_set.same)

    def marked(shot, part, parts_):
        made = model(shot, part, parts_)
        for index in range(2):
            made[index] = np.full_like(made[index], part / 10)
        parts.append(part)
        return made

    fills = studio_set.started(scene, model=marked, grid=(96, 160), fit="tiles", match=False)
    for fill in fills:
        shown[fill.frame] = int(fill.evidence()[evidence.RETURNED][0, 0, 0])
        assert evidence.REAL not in fill.evidence()
    assert len(parts) > 1
    assert shown[1002] == round(255 * parts[-1] / 10)
