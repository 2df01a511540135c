import pytest

from void_server.worker.estimate import Estimate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def heard(estimate, stage, done, total, *, steps=0, left=None):
    estimate.heard(stage, done, total, steps=steps, left=left)


def test_before_frames_come_out_nobody_knows(clock):
    estimate = Estimate(frames=10, finished=0, clock=clock)
    for done in range(5):
        heard(estimate, "tracking", done, 10)
        clock.now += 1
    assert estimate.left is None


def test_frames_are_counted_from_the_last_word_before_the_first_came_out(clock):
    estimate = Estimate(frames=10, finished=4, clock=clock)
    heard(estimate, "tracking", 10, 10)
    clock.now += 2
    estimate.frame_done()
    heard(estimate, "filling", 2, 6)
    clock.now += 4
    estimate.frame_done()
    assert estimate.left == pytest.approx(12.0)  # two in 6 s, four to go


def test_steps_are_counted_from_the_first_one_on(clock):
    estimate = Estimate(frames=10, finished=0, clock=clock)
    heard(estimate, "encoding", 10, 10)
    clock.now += 50
    heard(estimate, "denoising", 0, 30, steps=30)
    assert estimate.left is None
    for step in range(1, 11):
        clock.now += 2
        heard(estimate, "denoising", step, 30, steps=30)
    assert estimate.left == pytest.approx(40.0)


def test_the_next_stage_has_a_pace_of_its_own(clock):
    estimate = Estimate(frames=10, finished=0, clock=clock)
    for step in range(31):
        clock.now += 2
        heard(estimate, "denoising", step, 30, steps=30)
    heard(estimate, "refining", 0, 50, steps=50)
    assert estimate.left is None
    clock.now += 5
    heard(estimate, "refining", 1, 50, steps=50)
    assert estimate.left == pytest.approx(245.0)


def test_while_a_later_part_is_denoised_frames_that_came_out_say_nothing(clock):
    estimate = Estimate(frames=400, finished=0, clock=clock)
    heard(estimate, "denoising", 30, 60, steps=30)
    for _ in range(100):
        clock.now += 0.01
        estimate.frame_done()
    heard(estimate, "denoising", 31, 60, steps=30)
    clock.now += 3
    heard(estimate, "denoising", 32, 60, steps=30)
    assert estimate.left == pytest.approx(28 * (1.0 + 3) / 2)


def test_the_engines_own_word_goes_first_and_counts_down(clock):
    estimate = Estimate(frames=10, finished=0, clock=clock)
    heard(estimate, "denoising", 0, 30, steps=30, left=90.0)
    assert estimate.left == 90.0
    clock.now += 10
    assert estimate.left == 80.0
    heard(estimate, "denoising", 1, 30, steps=30)
    assert estimate.left == 80.0
    clock.now += 200
    assert estimate.left == 0.0


def test_a_stage_about_which_the_engine_says_nothing_is_taken_by_its_pace(clock):
    estimate = Estimate(frames=10, finished=0, clock=clock)
    heard(estimate, "denoising", 30, 30, steps=30, left=20.0)
    heard(estimate, "decoding", 0, 10)
    clock.now += 1
    estimate.frame_done()
    assert estimate.left == pytest.approx(9.0)


def test_when_every_frame_is_out_nothing_is_left(clock):
    estimate = Estimate(frames=2, finished=0, clock=clock)
    heard(estimate, "decoding", 0, 2, left=30.0)
    estimate.frame_done()
    assert estimate.left == 30.0
    estimate.frame_done()
    assert estimate.left == 0.0
