from void_server.numbering import Numbering

WANTED = range(1011, 1077)
WITHOUT = [frame for frame in WANTED if frame not in (1033, 1034, 1050)]


def test_missing_frames_are_named_with_the_way_out():
    numbering = Numbering(WITHOUT, WANTED, "refuse")
    (problem,) = numbering.problems("sh010 plate", "plate.%04d.exr")
    assert str(problem) == (
        "sh010 plate: frames 1033-1034, 1050 are missing in plate.%04d.exr (wanted 1011-1076). "
        "Render them, or pass --missing hold."
    )
    assert problem.code == "missing_frames"


def test_one_missing_frame_is_said_in_the_singular():
    (problem,) = Numbering([1, 3], [1, 2, 3], "refuse").problems("a", "b")
    assert "frame 2 is missing" in str(problem)


def test_hold_repeats_the_nearest_earlier_frame_and_says_so():
    numbering = Numbering(WITHOUT, WANTED, "hold")
    assert numbering.problems("sh010 plate", "p") == []
    assert [numbering.source(f) for f in (1032, 1033, 1034, 1035, 1050)] == [
        1032, 1032, 1032, 1035, 1049,
    ]  # fmt: skip
    assert numbering.warnings("sh010 plate") == [
        "sh010 plate: missing frames 1033-1034, 1050 repeat the frame before"
    ]


def test_there_is_nothing_to_hold_before_the_first_frame():
    numbering = Numbering([1005], [1003, 1004, 1005, 1006], "hold")
    (problem,) = numbering.problems("a", "b")
    assert "frames 1003-1004 are missing" in str(problem)
    assert "no earlier frame" in problem.hint
    assert numbering.source(1006) == 1005
    assert not numbering.has(1003)


def test_frames_beyond_the_wanted_ones_do_not_matter():
    numbering = Numbering(range(1, 100), [10, 11], "refuse")
    assert numbering.problems("a", "b") == []
    assert numbering.source(10) == 10


def test_a_held_frame_may_lie_before_the_wanted_range():
    assert Numbering([1], [5, 6], "hold").source(6) == 1
