from __future__ import annotations

import numpy as np
import pytest

from ocio.model_space import ModelSpace
from void_server.engines.engine import Mask, Rgb
from void_server.engines.void.model_shot import Frames, ModelShot, read_shot
from void_server.plate import PlateColor

HEIGHT, WIDTH = 32, 48


class Shot:
    """Footage of three frames, each one colour, with a square to remove."""

    frames = (7, 8, 9)
    size = (64, 96)
    pixel_aspect = 1.0
    color = PlateColor("lin_rec709_scene", "lin_rec709_scene")

    def __init__(self, lights: tuple[float, ...] = (0.1, 0.2, 0.3)) -> None:
        self.lights = lights

    def plate(self, frame: int) -> Rgb:
        return np.full((*self.size, 3), self.lights[frame - 7], np.float32)

    def hole(self, frame: int) -> Mask:
        return self.quadmask(frame)[0]

    def foreign(self, frame: int) -> Mask:
        return self.quadmask(frame)[0]

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        remove, affected = np.zeros((2, *self.size), np.bool_)
        remove[16:32, 32:64] = True
        affected[40:64, :32] = True
        return remove, affected


def _said(*_: object, **__: object) -> None:
    pass


def _read(shot: Shot, mask_resize: str = "clean") -> ModelShot:
    return read_shot(shot, height=HEIGHT, width=WIDTH, mask_resize=mask_resize, progress=_said)  # type: ignore[arg-type]


def test_each_frame_stays_at_its_place_and_in_its_light() -> None:
    shot = _read(Shot())
    assert shot.numbers == (7, 8, 9)
    for index, light in enumerate((0.1, 0.2, 0.3)):
        picture = np.asarray(shot.plate[index]).transpose(1, 2, 0)
        assert shot.filled(picture, (slice(0, 4), slice(2, 6))) == pytest.approx(light, rel=1e-4)


def test_the_curve_is_one_for_the_whole_shot_and_highlights_fit_in() -> None:
    shot = _read(Shot((0.2, 0.2, 30.0)))
    assert shot.space.peak >= 30.0 * 2**shot.space.exposure
    picture = np.asarray(shot.plate[2]).transpose(1, 2, 0)
    assert shot.filled(picture, (slice(0, 1), slice(0, 1))) == pytest.approx(30.0, rel=1e-3)


def test_a_single_stray_pixel_does_not_set_the_peak() -> None:
    class Firefly(Shot):
        def plate(self, frame: int) -> Rgb:
            rgb = super().plate(frame)
            rgb[0, 0] = 500.0 if frame == 8 else rgb[0, 0]
            return rgb

    assert _read(Firefly()).space.peak <= 4.0


def test_nothing_is_affected_in_the_first_frame() -> None:
    shot = _read(Shot())
    assert set(np.unique(shot.levels[0])) == {0, 255}
    assert set(np.unique(shot.levels[1])) == {0, 127, 255}


def test_a_wire_thinner_than_a_model_pixel_is_removed_everywhere() -> None:
    class Wire(Shot):
        size = (768, 1344)

        def quadmask(self, frame: int) -> tuple[Mask, Mask]:
            remove, affected = np.zeros((2, *self.size), np.bool_)
            remove[:, 100 + frame] = True
            return remove, affected

    shot = read_shot(Wire(), height=384, width=672, mask_resize="clean", progress=_said)  # type: ignore[arg-type]
    assert all((np.asarray(shot.levels[index]) == 0).any(axis=1).all() for index in range(3))


def test_the_references_reduction_averages_levels_and_grows_nothing() -> None:
    shot = _read(Shot(), "reference")
    assert (np.asarray(shot.levels[0]) == 0).sum() == 8 * 16
    assert (np.asarray(_read(Shot()).levels[0]) == 0).sum() > 8 * 16


def test_a_picture_keeps_its_place_when_it_is_enlarged() -> None:
    shot = ModelShot((1,), Frames(1, (3, 2, 2), np.float32), Frames(1, (2, 2), np.uint8),
                     ModelSpace(), (64, 96))  # fmt: skip
    ramp = np.tile(((np.arange(WIDTH, dtype=np.float32) + 0.5) / WIDTH)[None, :, None], (32, 1, 3))
    whole = shot.filled(ramp, (slice(0, 64), slice(0, 96)))
    part = shot.filled(ramp, (slice(10, 20), slice(30, 50)))
    assert np.array_equal(part, whole[10:20, 30:50])
    expected = ModelSpace().decode((np.arange(96, dtype=np.float32) + 0.5) / 96)
    assert whole[32, 4:-4, 0] == pytest.approx(expected[4:-4], abs=1e-4)


def test_frames_are_kept_on_disk_and_read_back_as_they_were() -> None:
    frames = Frames(3, (2, 2), np.float32)
    frames[1] = np.array([[1, 2], [3, 4]], np.float32)
    assert frames.stacked([1, 0]).tolist() == [[[1, 2], [3, 4]], [[0, 0], [0, 0]]]
    assert len(frames) == 3
    frames.close()
