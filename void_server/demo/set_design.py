"""The set: a brick and plaster room with posters, books, a timber floor and a burning lamp."""

from __future__ import annotations

import cv2
import numpy as np

from void_server.demo import surfaces
from void_server.demo.surfaces import Image

MARGIN = 0.12
"""How far the set reaches beyond the picture at rest, on each side, as a share of its size."""

FLOOR = 0.835
"""Where the floor begins, as a share of the picture height at rest."""

LAMP = (0.775, 0.235)
"""Centre of the lamp's shade at rest, as shares of picture width and height."""

BULB = 30.0
"""Scene-linear value of the bulb: about seven stops over a white wall."""


class SetDesign:
    """The set, painted once, larger than the picture.

    Attributes:
        picture: (H', W', 3) float32, scene-linear ACEScg: the set with its light on it.
        left: Columns of it that lie left of the picture at rest.
        top: Rows of it that lie above the picture at rest.
    """

    def __init__(self, *, width: int, height: int, rng: np.random.Generator) -> None:
        self.left = int(np.ceil(width * MARGIN)) + 4
        self.top = int(np.ceil(height * MARGIN)) + 4
        self._shape = (height + 2 * self.top, width + 2 * self.left)
        self._size = (width, height)
        self._unit = width / 1920.0
        self._rng = rng
        canvas = self._walls()
        self._hang_posters(canvas)
        self._put_shelf(canvas)
        self._lay_floor(canvas)
        lit = self._light(canvas)
        self._burn_lamp(lit)
        # The lens: nothing on a sensor is sharper than its optics and low-pass filter allow.
        self.picture: Image = np.asarray(cv2.GaussianBlur(lit, (0, 0), 0.62))

    def _box(self, x: float, y: float, wide: float, high: float) -> tuple[slice, slice]:
        """Slices of a rectangle given as shares of the picture at rest, cut to the set."""
        width, height = self._size
        left, top = self.left + round(x * width), self.top + round(y * height)
        right = min(left + max(round(wide * width), 1), self._shape[1])
        bottom = min(top + max(round(high * height), 1), self._shape[0])
        return slice(max(top, 0), bottom), slice(max(left, 0), right)

    def _walls(self) -> Image:
        canvas = surfaces.plaster(self._rng, self._shape, self._unit)
        bricks = self._box(-1.0, -1.0, 1.40, 3.0)
        canvas[bricks] = surfaces.brick(self._rng, canvas[bricks].shape[:2], self._unit)
        self._panel(canvas, self._box(0.42, 0.60, 0.9, FLOOR - 0.60))
        post = self._box(0.395, -1.0, 0.030, 3.0)
        high, wide = canvas[post].shape[:2]
        grain = surfaces.timber(self._rng, (wide, high), self._unit, (0.085, 0.050, 0.030))
        canvas[post] = grain.transpose(1, 0, 2)
        self._round_off(canvas, post)
        return canvas

    def _panel(self, canvas: Image, box: tuple[slice, slice]) -> None:
        """Wainscot: upright boards with a dark groove between them and a rail on top."""
        high, wide = canvas[box].shape[:2]
        grain = surfaces.timber(self._rng, (wide, high), self._unit, (0.150, 0.082, 0.045))
        boards = grain.transpose(1, 0, 2).copy()
        pitch = max(62 * self._unit, 5.0)
        phase = (np.arange(wide, dtype=np.float32) % pitch) / pitch
        tone = self._rng.uniform(0.8, 1.2, int(wide / pitch) + 1)
        tone = tone[(np.arange(wide) / pitch).astype(int)]
        groove = 1 - 0.75 * np.exp(-((phase - 0.5) ** 2) * 2600)
        boards *= (groove * tone).astype(np.float32)[None, :, None]
        rail = max(round(high * 0.09), 1)
        boards[:rail] *= np.linspace(1.9, 0.9, rail, dtype=np.float32)[:, None, None]
        boards[rail : rail + max(rail // 3, 1)] *= 0.45
        canvas[box] = boards

    def _round_off(self, canvas: Image, box: tuple[slice, slice]) -> None:
        """Shade a post as if it stood proud of the wall, and let it cast a line of shadow."""
        wide = canvas[box].shape[1]
        across = np.linspace(-1, 1, wide, dtype=np.float32)
        canvas[box] *= (1.15 - 0.5 * across**4 - 0.25 * across)[None, :, None]
        reach = max(round(26 * self._unit), 2)
        beside = slice(box[1].stop, min(box[1].stop + reach, canvas.shape[1]))
        fade = np.linspace(0.45, 1.0, beside.stop - beside.start, dtype=np.float32)
        canvas[box[0], beside] *= fade[None, :, None]

    def _hang_posters(self, canvas: Image) -> None:
        sheets = (
            (0.462, 0.135, 0.115, 0.300, ("STAGE", "FOUR")),
            (0.600, 0.085, 0.100, 0.255, ("ROOM", "TONE")),
            (0.150, 0.260, 0.120, 0.310, ("QUIET", "PLEASE")),
            (0.905, 0.150, 0.110, 0.290, ("TAKE", "NINE")),
        )
        for x, y, wide, high, words in sheets:
            self._shade(canvas, self._box(x + 0.004, y + 0.008, wide, high), 0.45, 9)
            box = self._box(x, y, wide, high)
            canvas[box] = surfaces.poster(self._rng, canvas[box].shape[:2], words)

    def _put_shelf(self, canvas: Image) -> None:
        """A shelf full of books under the lamp."""
        self._shade(canvas, self._box(0.655, 0.37, 0.235, 0.17), 0.4, 22)
        end, x = 0.875, 0.665
        while x < end:
            wide = self._rng.uniform(0.006, 0.014)
            high = self._rng.uniform(0.085, 0.135)
            box = self._box(x, 0.505 - high, wide, high)
            color = self._rng.uniform(0.02, 0.30, 3) * self._rng.uniform(0.4, 1.2)
            across = np.linspace(-1, 1, canvas[box].shape[1], dtype=np.float32)
            spine = (1.1 - 0.6 * across**2)[None, :, None] * color.astype(np.float32)
            canvas[box] = spine
            for band in self._rng.uniform(0.1, 0.9, 2):
                canvas[self._box(x, 0.505 - high * band, wide, 0.004)] *= 2.2
            x += wide + 0.0006
        plank = self._box(0.650, 0.505, 0.240, 0.014)
        canvas[plank] = surfaces.timber(
            self._rng, canvas[plank].shape[:2], self._unit, (0.20, 0.12, 0.065)
        )
        self._shade(canvas, self._box(0.652, 0.519, 0.24, 0.03), 0.5, 10)

    def _shade(self, canvas: Image, box: tuple[slice, slice], depth: float, soft: float) -> None:
        """Darken a rectangle with soft edges: the shadow of something that hangs on the wall."""
        mask = np.zeros(canvas.shape[:2], np.float32)
        mask[box] = depth
        canvas *= 1 - cv2.GaussianBlur(mask, (0, 0), max(soft * self._unit, 0.6))[..., None]

    def _lay_floor(self, canvas: Image) -> None:
        skirting = self._box(-1.0, FLOOR - 0.035, 3.0, 0.035)
        high = canvas[skirting].shape[0]
        canvas[skirting] = surfaces.timber(
            self._rng, canvas[skirting].shape[:2], self._unit, (0.11, 0.065, 0.04)
        )
        canvas[skirting] *= np.linspace(1.7, 0.6, high, dtype=np.float32)[:, None, None]
        floor = self._box(-1.0, FLOOR, 3.0, 3.0)
        canvas[floor] = self._boards(canvas[floor].shape[:2])

    def _boards(self, shape: tuple[int, int]) -> Image:
        """Floor boards that run towards the camera."""
        high, wide = shape
        wood = surfaces.timber(self._rng, (wide, high * 3), self._unit, (0.19, 0.11, 0.06))
        y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
        depth = 1.0 + y / max(high, 1) * 0.9
        across = (x - wide / 2) / depth
        pitch = max(90 * self._unit, 6.0)
        number = np.floor(across / pitch)
        tone = self._rng.uniform(0.7, 1.25, 512).astype(np.float32)[number.astype(int) % 512]
        phase = across / pitch - number
        gap = 1 - 0.8 * np.exp(
            -((np.minimum(phase, 1 - phase) * pitch / (1.6 * self._unit + 0.3)) ** 2)
        )
        grained = cv2.remap(
            np.ascontiguousarray(wood.transpose(1, 0, 2)),
            across + wide / 2,
            y * 2.2 + tone * 40 * self._unit,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        fade = np.clip(0.5 + y / max(0.06 * self._size[1], 1), 0, 1)
        return np.asarray(grained * (tone * gap * fade)[..., None], np.float32)

    def _light(self, reflectance: Image) -> Image:
        """Key light from the left, fill, and the pool of the lamp."""
        width, height = self._size
        y, x = np.mgrid[0 : self._shape[0], 0 : self._shape[1]].astype(np.float32)
        x, y = (x - self.left) / width, (y - self.top) / height
        key = 0.75 + 0.95 * np.exp(-(((x - 0.22) / 0.42) ** 2) - ((y - 0.38) / 0.62) ** 2)
        away = (x - LAMP[0]) ** 2 + ((y - LAMP[1] - 0.02) * height / width) ** 2
        pool = 0.012 / (away + 0.0065)
        daylight = key[..., None] * np.array([0.97, 1.0, 1.08], np.float32)
        tungsten = pool[..., None] * np.array([1.25, 0.86, 0.45], np.float32)
        return np.asarray(reflectance * (daylight + tungsten), np.float32)

    def _burn_lamp(self, lit: Image) -> None:
        """The lamp itself: a stand, a glowing shade, a bare bulb below it and its glow."""
        width, height = self._size
        x0, y0 = self.left + LAMP[0] * width, self.top + LAMP[1] * height
        y, x = np.mgrid[0 : self._shape[0], 0 : self._shape[1]].astype(np.float32)
        x, y = (x - x0) / (1920 * self._unit), (y - y0) / (1920 * self._unit)
        soft = 1.6 / (1920 * self._unit)
        stem = surfaces.edge(0.004 - np.abs(x), soft) * surfaces.edge(
            0.166 - np.abs(y - 0.166), soft
        )
        stem *= y > 0
        lit *= (1 - 0.88 * stem)[..., None]
        half = 0.026 + 0.30 * (y + 0.034)
        shade = surfaces.edge(np.minimum(half - np.abs(x), 0.034 - np.abs(y)), soft)
        hot = np.exp(-((x / 0.030) ** 2) - ((y - 0.020) / 0.030) ** 2)
        ribs = 1 + 0.10 * np.cos(x / np.maximum(half, 1e-3) * 40)
        warm = surfaces.colored(
            np.asarray((0.42 + 3.8 * hot) * ribs, np.float32), (1.0, 0.66, 0.30)
        )
        lit += (warm - lit) * shade[..., None]
        bulb = surfaces.edge(0.0135 - np.hypot(x, (y - 0.042) * 0.9), soft)
        lit += (np.array([BULB, BULB * 0.72, BULB * 0.40], np.float32) - lit) * bulb[..., None]
        away = x**2 + (y - 0.03) ** 2
        glow = 0.30 * np.exp(-away / 0.004) + 0.05 * np.exp(-away / 0.03)
        lit += surfaces.colored(np.asarray(glow, np.float32), (1.0, 0.70, 0.36))
