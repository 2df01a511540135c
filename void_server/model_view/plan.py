"""How a shot's hole is shown to a model: one crop, overlapping tiles, or the whole canvas.

One crop sees everything at once, so what a model invents in it hangs together; it is soft where
the hole is large. Tiles are sharper, cost a run of the model each, and know nothing of each
other: two of them agree only where both see enough background. So a crop is the rule, and tiles
are taken when a crop would lose too much and none of them is left without a view.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import RequestError
from void_server.engines.engine import Fact, Footage, Progress
from void_server.images.window import Window
from void_server.model_view import region as regions
from void_server.model_view.region import Grid, Region, Shape
from void_server.model_view.tiling import Counted, Tiling, background_and_hole, best, tilings

FITS = ("auto", "crop", "tiles", "whole")

CROP_MOST = 3.0
"""Plate pixels per model pixel up to which one crop is taken without looking at tiles."""

SHARPER_LEAST = 1.5
"""How much sharper than one crop tiles must be to be worth what they cost."""

BACKGROUND_LEAST = 0.6
"""Share of a tile, averaged over the shot, that shows background; with less a
model does not see what belongs behind the object, and guesses tile by tile."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is shown to the model, fixed for the whole shot.

    Attributes:
        fit: ``crop``, ``tiles`` or ``whole``.
        shown: Part of the canvas that is shown, in one region or in tiles.
        regions: One, or those of the tiles, from the top left.
        why: The choice and its reason, in words.
        warnings: What the artist should know about it.
    """

    fit: str
    shown: Window
    regions: tuple[Region, ...]
    why: str
    warnings: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Fact]:
        """For the record: ``fit`` and ``region`` as parameters take them, ``scale``, ``fitted``.

        With these two as parameters another shot of the same size is shown in the same way.
        """
        shown = self.shown
        return {
            "fit": self.fit,
            "region": f"{shown.x_min},{shown.y_min},{shown.width},{shown.height}",
            "scale": round(max(region.reduction for region in self.regions), 3),
            "fitted": self.why,
        }


def planned(
    footage: Footage,
    *,
    grid: Grid,
    fit: str = "auto",
    region: tuple[int, int, int, int] | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Choose what the model is shown of a shot; the same whichever frames are wanted.

    Args:
        footage: The shot.
        grid: (height, width) of the model's picture.
        fit: One of `FITS`; ``whole`` needs no ``region``.
        region: (left, top, width, height) on the canvas, instead of a choice.
        progress: Told after each frame; may raise to stop.

    Raises:
        RequestError: ``region`` does not cover the hole, or there is no such ``fit``.
    """
    _check(fit)
    canvas, shape = footage.size, Shape(grid, footage.pixel_aspect)
    if fit == "whole":
        return _whole(canvas, shape)
    box = regions.hole_box(footage, progress) or _middle(canvas)
    if region is None:
        need = regions.with_context(box, canvas)
        crop = regions.crop_around(need, shape, canvas)
    else:
        need = regions.given(region, box=box, canvas=canvas)
        crop = regions.exactly(need, shape, canvas)
    asked = ("as asked",) if region is not None else ()
    if fit == "crop" or (fit == "auto" and (asked or crop.reduction <= CROP_MOST)):
        return _crop(crop, shape, *asked)
    return _tiles_or(crop, need, footage, shape, asked=fit == "tiles", progress=progress)


def _whole(canvas: tuple[int, int], shape: Shape) -> Plan:
    squeezed = regions.whole(canvas, shape.grid)
    return Plan(
        fit="whole",
        shown=squeezed.window,
        regions=(squeezed,),
        why=f"the whole canvas squeezed, {squeezed.ratio}, as asked",
        warnings=tuple(regions.losses(squeezed, shape.pixel_aspect)),
    )


def _crop(crop: Region, shape: Shape, *reasons: str) -> Plan:
    return Plan(
        fit="crop",
        shown=crop.window,
        regions=(crop,),
        why=", ".join([f"one crop of {crop.ratio}", *reasons]),
        warnings=tuple(regions.losses(crop, shape.pixel_aspect)),
    )


def _tiles_or(
    crop: Region,
    need: Window,
    footage: Footage,
    shape: Shape,
    *,
    asked: bool,
    progress: Progress | None,
) -> Plan:
    """Tiles where they show enough more than a crop, and each of them enough background."""
    background, hole = background_and_hole(footage, progress)
    found = tilings(need, shape, footage.size, hole)
    sharper = [one for one in found if SHARPER_LEAST * one.reduction <= crop.reduction]
    seeing = [one for one in sharper if _least(background, one) >= BACKGROUND_LEAST]
    if asked:
        wanted = best(found)
        whole = wanted.down * wanted.across == 1
        return _crop(crop, shape) if whole else _tiles(wanted, need, shape, "as asked")
    if not sharper:
        return _crop(crop, shape, f"because {best(found)} would show little more")
    if not seeing:
        blind = best(sharper)
        least = _least(background, blind)
        return _crop(crop, shape, f"because one of {blind} would see only {least:.0%} background")
    reason = f"because one crop would reduce the plate {crop.reduction:.1f} times"
    return _tiles(best(seeing), need, shape, reason)


def _tiles(chosen: Tiling, need: Window, shape: Shape, reason: str) -> Plan:
    return Plan(
        fit="tiles",
        shown=need,
        regions=chosen.tiles,
        why=f"{chosen}, {reason}",
        warnings=tuple(regions.losses(chosen.tiles[0], shape.pixel_aspect)),
    )


def _least(background: Counted, tiling: Tiling) -> float:
    return min(background.mean(tile) for tile in tiling.tiles)


def _middle(canvas: tuple[int, int]) -> Window:
    return Window.of_size(1, 1, left=canvas[1] // 2, top=canvas[0] // 2)


def _check(fit: str) -> None:
    if fit not in FITS:
        raise RequestError(
            "parameter fit",
            f"there is no such fit (expected one of {', '.join(FITS)}, got {fit!r})",
            code="parameter",
        )
