from __future__ import annotations

import numpy as np

from void_server.model_view.frames import Frames


def test_frames_are_kept_on_disk_and_read_back_as_they_were() -> None:
    frames = Frames(3, (2, 2), np.float32)
    frames[1] = np.array([[1, 2], [3, 4]], np.float32)
    assert [frames[index].tolist() for index in (1, 0)] == [[[1, 2], [3, 4]], [[0, 0], [0, 0]]]
    assert len(frames) == 3
    frames.close()
