"""The engine: tracked clean plates, as a careful compositor makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import cv2

from bridge.messages import EngineInfo
from bridge.shot import Parameter
from void_server.engines.cleanplate.filler import Filler
from void_server.engines.cleanplate.settings import Settings, description
from void_server.engines.cleanplate.track import track
from void_server.engines.engine import Fill, Footage, Progress, Record


class CleanPlate:
    """Fills holes with real pixels of other frames; implements `Engine`.

    The parts follow published methods:

    - tracking (`register`, `track`): Shi-Tomasi corners and pyramidal Lucas-Kanade; homographies
      by MAGSAC++ (Barath et al. 2020), refined by ECC (Evangelidis and Psarakis 2008); ORB
      (Rublee et al. 2011) and phase correlation (Kuglin and Hines 1975) where corners fail;
    - pixels (`sources`, `gather`, `choose`): homography-warped candidates and a temporal median
      as in Granados et al., "Background inpainting for videos with dynamic objects and a
      free-moving camera" (2012), by vote in place of their graph cut;
    - parallax (`parallax`): DIS optical flow (Kroeger et al. 2016) around the hole, carried into it
      as a harmonic field;
    - the never seen (`exemplar`, `paint`, `invent`): patch voting (Wexler et al. 2007) with
      PatchMatch (Barnes et al. 2009), once per shot, carried along by the homographies;
    - seam (`seam`): the membrane of Perez et al. (2003) as a harmonic offset (Farbman et al.
      2009);
    - grain of the invented (`engines.graining`): see `void_server.finish.grain`.
    """

    def describe(self) -> EngineInfo:
        """Name, words and parameters, from which hosts build their knobs."""
        return description()

    def fill(
        self,
        footage: Footage,
        *,
        frames: Sequence[int],
        prompt: str,
        seed: int,
        parameters: Mapping[str, Parameter],
        progress: Progress,
        record: Record,
    ) -> Iterator[Fill]:
        """Yield one `Fill` for each of ``frames`` whose hole is not empty, in that order.

        The whole shot is tracked first, whichever frames are wanted, so that a frame's fill does
        not depend on them. ``prompt`` is ignored.
        """
        settings = Settings.of(parameters)
        cv2.setRNGSeed(seed % 2**31)
        motion = track(footage, progress)
        filler = Filler(footage, motion, settings, seed=seed, record=record)
        for index, frame in enumerate(frames):
            fill = filler.fill(frame)
            progress("filling", index + 1, len(frames), frame=frame)
            if fill is not None:
                yield fill

    def rest(self) -> None:
        """Nothing to let go of: no device memory is held."""
