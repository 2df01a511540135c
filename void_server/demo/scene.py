"""One synthetic shot with a known truth: plate, clean plate, roto and shadow matte per frame."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.demo import grain
from void_server.demo.boom import Boom
from void_server.demo.camera import Camera, Matrix, Move
from void_server.demo.set_design import FLOOR, SetDesign

Image = npt.NDArray[np.float32]
"""(H, W) or (H, W, 3) float32."""


class Scene:
    """A boom microphone dips into a shot; what the shot looks like without it is known.

    Everything is made from ``seed`` alone, so any frame can be asked for in any order and gives
    the same bits. Nothing is kept but the painted set.

    Args:
        width: Picture width, pixels.
        height: Picture height, pixels.
        frames: Length of the shot.
        first_frame: Number of its first frame.
        camera: How the camera moves.
        seed: Seed of set, shake, fur and grain.
        boom: Whether the boom is in the shot; without it, plate and truth are the same.
    """

    def __init__(
        self,
        *,
        width: int = 1920,
        height: int = 1080,
        frames: int = 48,
        first_frame: int = 1001,
        camera: Move = "slow",
        seed: int = 1,
        boom: bool = True,
    ) -> None:
        set_rng, camera_rng, boom_rng = np.random.default_rng(seed).spawn(3)
        self._shape = (height, width)
        self._first = first_frame
        self._count = frames
        self._seed = seed
        self._set = SetDesign(width=width, height=height, rng=set_rng)
        self._camera = Camera(
            width=width, height=height, frames=frames, move=camera, rng=camera_rng
        )
        self._boom = Boom(width=width, height=height, frames=frames, rng=boom_rng) if boom else None

    @property
    def frames(self) -> tuple[int, ...]:
        """File numbers, ascending."""
        return tuple(range(self._first, self._first + self._count))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""
        return self._shape

    def plate(self, frame: int) -> Image:
        """(H, W, 3) float32, scene-linear ACEScg: the shot with the boom, its shadow and grain."""
        light = self.light(frame)
        if self._boom is not None:
            index = self._index(frame)
            light = self._boom.over(light, index, self._camera.wall(index))
        return grain.grained(light, self._grain(frame))

    def truth(self, frame: int) -> Image:
        """(H, W, 3) float32, scene-linear ACEScg: the same frame and grain without the boom."""
        return grain.grained(self.light(frame), self._grain(frame))

    def remove(self, frame: int) -> Image:
        """(H, W) float32 alpha of the boom: soft edges, motion blur."""
        if self._boom is None:
            return np.zeros(self._shape, np.float32)
        index = self._index(frame)
        return self._boom.roto(index, self._camera.wall(index))

    def affected(self, frame: int) -> Image:
        """(H, W) float32 alpha of a soft shape that covers the boom's shadow generously."""
        if self._boom is None:
            return np.zeros(self._shape, np.float32)
        index = self._index(frame)
        return self._boom.cover(index, self._camera.wall(index))

    def light(self, frame: int) -> Image:
        """(H, W, 3) float32, scene-linear ACEScg: the empty set before any grain."""
        index = self._index(frame)
        picture = self._view(self._camera.wall(index))
        floor = self._camera.floor(index, FLOOR * self._shape[0])
        if not np.array_equal(floor, self._camera.wall(index)):
            self._put_floor(picture, floor)
        return picture

    def grain_sigma(self, frame: int) -> Image:
        """(H, W, 3) float32: standard deviation of the grain on `truth`, scene-linear."""
        return grain.sigma(self.light(frame))

    def _index(self, frame: int) -> int:
        if not self._first <= frame < self._first + self._count:
            last = self._first + self._count - 1
            raise KeyError(f"frame {frame} (expected {self._first}-{last})")
        return frame - self._first

    def _grain(self, frame: int) -> Image:
        return grain.field(self._shape, seed=self._seed, frame=frame)

    def _view(self, view: Matrix, first_row: int = 0) -> Image:
        """The set through a homography, from one picture row down."""
        height, width = self._shape
        if np.array_equal(view, np.eye(3)):
            top, left = self._set.top + first_row, self._set.left
            rows = slice(top, top + height - first_row)
            return self._set.picture[rows, left : left + width].copy()
        into_set = np.array([[1, 0, -self._set.left], [0, 1, -self._set.top], [0, 0, 1.0]])
        out_of_rows = np.array([[1, 0, 0], [0, 1, -first_row], [0, 0, 1.0]])
        return np.asarray(
            cv2.warpPerspective(
                self._set.picture,
                out_of_rows @ view @ into_set,
                (width, height - first_row),
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REFLECT_101,
            )
        )

    def _put_floor(self, picture: Image, view: Matrix) -> None:
        """Replace what lies below the skirting by the floor, which a sway moves differently."""
        height, width = self._shape
        line = FLOOR * height
        corners = np.array([[[0.0, line]], [[width - 1.0, line]]])
        left, right = cv2.perspectiveTransform(corners, view)[:, 0]
        columns = np.arange(width)
        edge = left[1] + (columns - left[0]) * (right[1] - left[1]) / (right[0] - left[0])
        first = int(np.clip(np.floor(edge.min()), 0, height - 1))
        below = np.arange(first, height)[:, None] > edge[None, :]
        rows = picture[first:]
        rows[below] = self._view(view, first)[below]
