"""Materials of the set: brick, plaster, timber, boards, paper. All reflectances, scene-linear."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
"""(H, W) or (H, W, 3) float32."""


def clouds(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int) -> Image:
    """(H, W) smooth noise of about unit deviation; ``cell`` is the size of its largest blobs.

    Source: Perlin's fractal sum, here of value noise (Ebert et al., "Texturing and Modeling").
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.0)
        grid = rng.standard_normal((int(height / size) + 4, int(width / size) + 4))
        grown = cv2.resize(
            grid.astype(np.float32), None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC
        )
        total += grown[:height, :width] * np.float32(0.55**octave)
    return np.asarray(total / np.float32(max(total.std(), 1e-6)))


def relief(height_map: Image, strength: float) -> Image:
    """(H, W) shading of a rough surface lit from the upper left; about 1."""
    x = cv2.Sobel(height_map, cv2.CV_32F, 1, 0, ksize=3)
    y = cv2.Sobel(height_map, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(np.clip(1.0 + strength * (0.7 * x + 1.0 * y), 0.45, 1.7), np.float32)


def colored(shade: Image, color: tuple[float, float, float]) -> Image:
    """(H, W, 3) a grey picture in one colour."""
    return np.asarray(shade[..., None] * np.array(color, np.float32), np.float32)


def edge(distance: Image, softness: float = 0.8) -> Image:
    """0 outside (negative) to 1 inside (positive) of a signed distance in pixels, antialiased."""
    return np.asarray(np.clip(distance / softness * 0.5 + 0.5, 0.0, 1.0), np.float32)


def brick(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> Image:
    """(H, W, 3) running bond; ``unit`` is the scale, 1 at 1920 pixels picture width."""
    height, width = shape
    course, length, joint = max(40 * unit, 3.0), max(118 * unit, 8.0), max(5.5 * unit, 0.5)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wobble = clouds(rng, shape, 30 * unit + 2, 3) * np.float32(1.2 * unit)
    row = np.floor((y + wobble) / course)
    along = x + wobble + (row % 2) * length / 2
    column = np.floor(along / length)
    to_edge = np.minimum.reduce(
        [
            (along - column * length),
            (column + 1) * length - along,
            (y + wobble - row * course),
            (row + 1) * course - y - wobble,
        ]
    )
    face = edge(to_edge - joint / 2, max(3 * unit, 0.8))
    table = rng.uniform(0.55, 1.25, (256, 256)).astype(np.float32)
    tone = table[row.astype(int) % 256, column.astype(int) % 256]
    rough = clouds(rng, shape, 9 * unit + 1, 4)
    height_map = face * 1.6 + rough * 0.22
    clay = colored(tone * (1 + 0.16 * rough), (0.215, 0.088, 0.058))
    clay += colored(
        np.maximum(table[column.astype(int) % 256, row.astype(int) % 256] - 1, 0),
        (0.12, 0.13, 0.12),
    )
    mortar = colored(1 + 0.12 * rough, (0.24, 0.215, 0.19))
    mixed = clay * face[..., None] + mortar * (1 - face[..., None])
    return np.asarray(mixed * relief(height_map, 0.16)[..., None], np.float32)


def plaster(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> Image:
    """(H, W, 3) painted wall with roller texture, stains and fine cracks."""
    stains = clouds(rng, shape, 420 * unit + 4, 4)
    roller = clouds(rng, shape, 5 * unit + 1.2, 2)
    veins = np.abs(clouds(rng, shape, 170 * unit + 3, 5))
    cracks = 1 - 0.5 * np.exp(-((veins / 0.018) ** 2)) * (stains > 0.2)
    shade = (1 + 0.10 * stains) * relief(roller, 0.045) * cracks
    return colored(np.asarray(shade, np.float32), (0.155, 0.235, 0.215))


def timber(
    rng: np.random.Generator,
    shape: tuple[int, int],
    unit: float,
    color: tuple[float, float, float],
) -> Image:
    """(H, W, 3) wood with its grain along the rows."""
    height, width = shape
    stretch = 14
    bands = clouds(rng, (height, max(width // stretch, 2) + 2), 26 * unit + 2, 4)
    long = cv2.resize(bands, (width + 2 * stretch, height), interpolation=cv2.INTER_CUBIC)[
        :, :width
    ]
    rings = np.sin(long * 7.0 + clouds(rng, shape, 300 * unit + 3, 2) * 0.6)
    pores = clouds(rng, (height, max(width // 6, 2) + 2), 2.2 * unit + 1, 2)
    fibre = cv2.resize(pores, (width + 12, height), interpolation=cv2.INTER_LINEAR)[:, :width]
    return colored(np.asarray(1 + 0.17 * rings + 0.09 * fibre, np.float32), color)


def poster(rng: np.random.Generator, shape: tuple[int, int], words: tuple[str, ...]) -> Image:
    """(H, W, 3) a printed sheet: flat shapes, rules and lettering, slightly faded."""
    height, width = shape
    inks = np.array(
        [[0.45, 0.40, 0.31], [0.42, 0.085, 0.05], [0.045, 0.09, 0.16], [0.55, 0.33, 0.07],
         [0.05, 0.16, 0.12]], np.float32
    )  # fmt: skip
    order = rng.permutation(4) + 1
    sheet = np.empty((height, width, 3), np.float32)
    sheet[:] = inks[0]
    centre = (int(width * rng.uniform(0.35, 0.65)), int(height * 0.38))
    for ring, ink in enumerate((order[0], 0, order[1], 0, order[2])):
        radius = int(width * (0.40 - 0.075 * ring))
        if radius > 0:
            cv2.circle(sheet, centre, radius, inks[ink].tolist(), -1, cv2.LINE_AA)
    for bar in range(7):
        top = int(height * (0.68 + 0.013 * bar))
        end = int(width * rng.uniform(0.5, 0.92))
        cv2.line(sheet, (int(width * 0.08), top), (end, top), inks[order[1]].tolist(), 1)
    _lettering(sheet, words, inks[order[3]])
    return np.asarray(sheet * (1 + 0.05 * clouds(rng, shape, width / 3, 5))[..., None], np.float32)


def _lettering(sheet: Image, words: tuple[str, ...], ink: Image) -> None:
    """Print ``words`` below each other at the foot of the sheet, as large as they fit."""
    height, width = sheet.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    for line, word in enumerate(words):
        (wide, high), _ = cv2.getTextSize(word, cv2.FONT_HERSHEY_TRIPLEX, 4.0, 4)
        scale = 4.0 * min(0.84 * width / max(wide, 1), 0.070 * height / max(high, 1))
        weight = max(round(1.6 * scale), 1)
        place = (int(width * 0.08), int(height * (0.865 + 0.095 * line)))
        cv2.putText(mask, word, place, cv2.FONT_HERSHEY_TRIPLEX, scale, 255, weight, cv2.LINE_AA)
    cover = (mask.astype(np.float32) / 255)[..., None]
    sheet += (ink - sheet) * cover
