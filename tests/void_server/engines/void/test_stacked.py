from __future__ import annotations

import numpy as np

from void_server.engines.void.stacked import stacked
from void_server.model_view.frames import Frames


def test_frames_are_stacked_in_the_order_asked_for_and_copied() -> None:
    frames = Frames(3, (2,), np.float32)
    frames[1] = np.array([1, 2], np.float32)
    found = stacked(frames, [1, 0, 1])
    assert found.tolist() == [[1, 2], [0, 0], [1, 2]]
    frames[1] = np.zeros(2, np.float32)
    assert found[0].tolist() == [1, 2]
    frames.close()
