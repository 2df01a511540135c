from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bridge.errors import RequestError, ServerError
from void_server.engines.engine import Cancelled, Fill, Mask, Rgb
from void_server.engines.void import engine as engine_module
from void_server.engines.void.engine import Void
from void_server.engines.void.layout import Layout
from void_server.plate import PlateColor

_FILE = Path(__file__).with_name("identity.py")
_SPEC = importlib.util.spec_from_file_location("identity_networks", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
identity = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(identity)

GOLDEN = Path(__file__).parents[3] / "golden"
BITS = 10
WIDTH, HEIGHT = 8 * BITS, 32
SMALL = {
    **{"width": WIDTH, "height": HEIGHT, "steps": 2, "refine_steps": 3, "flow": "opencv_dis"},
    **{"fit": "whole", "match": False, "detail": False, "grain": "none"},
}
TINY = {"width": 32, "height": 32}
BEST = TINY | {"quality": "best"}


class Marked:
    """Footage whose every frame shows its own number in stripes, a bit each; all of it a hole."""

    size = (2 * HEIGHT, 2 * WIDTH)
    pixel_aspect = 1.0
    color = PlateColor("lin_rec709_scene", "lin_rec709_scene")

    def __init__(self, count: int, first: int = 1) -> None:
        self.frames = tuple(range(first, first + count))

    def plate(self, frame: int) -> Rgb:
        bits = [(frame >> bit) & 1 for bit in range(BITS)]
        stripe = np.repeat(np.where(bits, 0.6, 0.05), self.size[1] // BITS)
        return np.broadcast_to(stripe[None, :, None], (*self.size, 3)).astype(np.float32)

    def hole(self, frame: int) -> Mask:
        hole = np.zeros(self.size, np.bool_)
        hole[8:40] = frame % 7 != 3
        return hole

    def foreign(self, frame: int) -> Mask:
        return self.hole(frame)

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        return self.hole(frame), np.zeros(self.size, np.bool_)


def read_mark(fill: Fill) -> int:
    """The number that a fill shows."""
    stripes = fill.rgb.mean(axis=(0, 2)).reshape(BITS, -1)[:, 4:-4].mean(axis=1)
    return sum(1 << bit for bit, light in enumerate(stripes) if light > 0.3)


class Heard:
    """`Progress` and `Record` in one."""

    def __init__(self, stop_at: str = "") -> None:
        self.stages: list[str] = []
        self.steps: list[tuple[str, int, int]] = []
        self.facts: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.previews: list[int] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int, total: int, **rest: Any) -> None:
        assert 0 <= done <= total
        if stage not in self.stages:
            self.stages.append(stage)
        if rest.get("steps"):
            self.steps.append((stage, rest["step"], rest["steps"]))
        if stage == self._stop_at:
            raise Cancelled

    def preview(self, frame: int, png: bytes) -> None:
        self.previews.append(frame)

    def note(self, key: str, value: Any) -> None:
        assert type(value) in (bool, int, float, str)  # a subclass cannot be written to a sidecar
        self.facts[key] = value

    def warn(self, text: str) -> None:
        self.warnings.append(text)


Fills = Callable[..., list[Fill]]


@pytest.fixture
def unchanged(layout: Layout, tmp_path: Path) -> Fills:
    """Runs the engine with networks that change nothing."""

    def run(count: int, heard: Heard | None = None, **parameters: Any) -> list[Fill]:
        def build(mode: str) -> Any:
            return identity.IdentityModels(layout, mode)

        engine = Void(device="cpu", weights=layout.root, cache=tmp_path, build=build)
        return _filled(engine, Marked(count), heard or Heard(), parameters)

    return run


def _filled(
    engine: Void,
    footage: Marked,
    heard: Heard,
    parameters: dict[str, Any],
    *,
    prompt: str = "an empty table",
    seed: int = 1,
    frames: tuple[int, ...] | None = None,
) -> list[Fill]:
    torch.set_num_threads(1)
    wanted = [n for n in frames or footage.frames if footage.hole(n).any()]
    fills = engine.fill(
        footage,
        frames=wanted,
        prompt=prompt,
        seed=seed,
        parameters=SMALL | parameters,
        progress=heard,
        record=heard,
    )
    return list(fills)


@pytest.mark.parametrize(
    ("quality", "count"),
    [
        *[("best", count) for count in (1, 4, 5, 84, 85, 86, 197, 198, 400)],
        *[("standard", count) for count in (1, 5, 86, 198)],  # the same without pass 2
    ],
)
def test_every_frame_comes_back_as_itself_whatever_the_length(
    unchanged: Fills, quality: str, count: int
) -> None:
    fills = unchanged(count, quality=quality)
    wanted = [n for n in Marked(count).frames if n % 7 != 3]
    assert [fill.frame for fill in fills] == wanted
    assert [read_mark(fill) for fill in fills] == wanted
    assert {fill.rgb.shape for fill in fills} == {(32, 2 * WIDTH, 3)}
    assert {fill.top for fill in fills} == {8}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Void:
    """The engine over the tiny checkpoint, for all tests that leave it as it was."""
    cache = tmp_path_factory.mktemp("cache")
    return Void(device="cpu", weights=GOLDEN, cache=cache)


@dataclass
class Run:
    """What a job gave and said."""

    fills: list[Fill]
    heard: Heard

    @property
    def rgb(self) -> np.ndarray:
        return np.stack([fill.rgb for fill in self.fills])


@pytest.fixture(scope="module")
def best(tiny: Void) -> Run:
    """Four frames through both passes."""
    heard = Heard()
    return Run(_filled(tiny, Marked(4), heard, BEST, seed=7), heard)


@pytest.fixture(scope="module")
def draft(tiny: Void) -> Run:
    """One frame through the first pass."""
    heard = Heard()
    return Run(_filled(tiny, Marked(1), heard, TINY | {"quality": "draft"}), heard)


def _again(tiny: Void, seed: int) -> np.ndarray:
    return Run(_filled(tiny, Marked(4), Heard(), BEST, seed=seed), Heard()).rgb


def test_another_seed_gives_other_bits_everywhere(tiny: Void, best: Run) -> None:
    other = _again(tiny, seed=8)
    assert not any(np.array_equal(a, b) for a, b in zip(best.rgb, other, strict=True))


def test_an_engine_that_rests_wakes_up_again_and_the_same_job_gives_the_same_bits(
    tiny: Void, best: Run
) -> None:
    tiny.rest()
    assert np.array_equal(_again(tiny, seed=7), best.rgb)


def test_a_fill_does_not_depend_on_which_other_frames_are_wanted(tiny: Void, best: Run) -> None:
    (alone,) = _filled(tiny, Marked(4), Heard(), BEST, seed=7, frames=(4,))
    assert alone.frame == 4
    assert np.array_equal(alone.rgb, next(f.rgb for f in best.fills if f.frame == 4))


def test_what_really_ran_is_recorded(best: Run) -> None:
    facts = best.heard.facts
    assert facts["memory"] == "full"
    assert facts["flow"] == "opencv_dis"
    assert facts["attention"] == "torch"
    assert {"model", "exposure", "peak", "memory_estimate_gib"} <= facts.keys()


def test_how_the_plate_was_shown_is_recorded(best: Run) -> None:
    facts = best.heard.facts
    assert (facts["curve"], facts["primaries"]) == ("shaper", "rec709")
    assert (facts["fit"], facts["region"]) == ("whole", f"0,0,{2 * WIDTH},{2 * HEIGHT}")


@pytest.mark.parametrize(
    ("upscale", "said"), [("off", "cubic"), ("on", "swin2sr"), ("auto", "cubic (super-resolution")]
)
def test_what_enlarges_the_pictures_is_recorded(
    tiny: Void, monkeypatch: pytest.MonkeyPatch, upscale: str, said: str
) -> None:
    class Network:
        """Weights are 50 MB: this one repeats pixels."""

        name, factor = "swin2sr x2", 2

        def __init__(self, layout: Layout, device: torch.device, **rest: object) -> None:
            assert device.type == "cpu"

        def __call__(self, picture: Rgb) -> Rgb:
            return picture.repeat(2, axis=0).repeat(2, axis=1)

    monkeypatch.setattr(engine_module.swin2sr, "available", lambda layout: True)
    monkeypatch.setattr(engine_module.swin2sr, "Swin2Sr", Network)
    heard = Heard()
    how = TINY | {"quality": "draft", "upscale": upscale}
    (fill,) = _filled(tiny, Marked(1), heard, how)
    assert heard.facts["upscaler"].startswith(said)
    assert np.isfinite(fill.rgb).all()


def test_without_its_weights_super_resolution_is_left_out_and_said(draft: Run) -> None:
    assert draft.heard.facts["upscaler"] == engine_module.swin2sr.NONE


def test_progress_names_each_stage_and_counts_its_steps(best: Run) -> None:
    heard = best.heard
    assert heard.stages == [
        "waking up",
        "measuring light",
        "reading the plate",
        "reading the prompt",
        "encoding for pass 1",
        "pass 1",
        "decoding pass 1",
        "following motion",
        "encoding for pass 2",
        "pass 2",
        "decoding",
        "checking pictures",
        "finishing",
    ]
    assert heard.steps[:2] == [("pass 1", step, 2) for step in (1, 2)]
    assert heard.steps[2:] == [("pass 2", step, 3) for step in (1, 2, 3)]
    assert set(heard.previews) <= set(Marked(4).frames)
    assert heard.previews


def test_a_draft_has_one_pass(draft: Run) -> None:
    assert "pass 1" in draft.heard.stages
    assert "pass 2" not in draft.heard.stages
    assert draft.heard.stages[-1] == "finishing"


def test_the_end_of_a_long_prompt_is_named(tiny: Void) -> None:
    heard = Heard()
    words = " ".join(["table"] * 400)
    _filled(tiny, Marked(1), heard, TINY, prompt=words + " and a lamp")
    (warning,) = [text for text in heard.warnings if "226" in text]
    assert "table" in warning


@pytest.mark.parametrize(
    "stage", ["reading the plate", "encoding for pass 1", "pass 1", "following motion", "decoding"]
)
def test_a_cancelled_job_ends_at_once_and_the_engine_works_on(
    tiny: Void, draft: Run, stage: str
) -> None:
    heard = Heard(stage)
    with pytest.raises(Cancelled):
        _filled(tiny, Marked(1), heard, BEST)
    assert heard.stages[-1] == stage
    after = Run(_filled(tiny, Marked(1), Heard(), TINY | {"quality": "draft"}), Heard())
    assert np.array_equal(after.rgb, draft.rgb)


def test_two_devices_give_what_one_gives(tmp_path: Path, best: Run) -> None:
    # Pass 2 is guided: it has something to share however short the shot.
    two = Void(device="cpu+cpu", weights=GOLDEN, cache=tmp_path)
    heard = Heard()
    try:
        together = Run(_filled(two, Marked(4), heard, BEST, seed=7), heard)
    finally:
        two.rest()
    assert heard.facts["devices"] == 2
    # A guided prediction is a batch of two on one device, and two of one on two.
    assert np.allclose(best.rgb, together.rgb, rtol=0, atol=1e-3)


def test_when_memory_runs_out_the_job_goes_on_in_the_next_mode_and_says_so(
    layout: Layout, tmp_path: Path
) -> None:
    class Cramped(identity.IdentityModels):  # type: ignore[misc,name-defined]
        def forward(self, pass_number: int) -> Any:
            if self.mode == "full":
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().forward(pass_number)

    built: list[Any] = []

    def build(mode: str) -> Any:
        built.append(Cramped(layout, mode))
        return built[-1]

    heard = Heard()
    engine = Void(device="cpu", weights=layout.root, cache=tmp_path, build=build)
    fills = _filled(engine, Marked(5), heard, {})
    assert [read_mark(fill) for fill in fills] == [1, 2, 4, 5]
    assert [models.mode for models in built] == ["full", "offload"]
    assert built[0].released
    (warning,) = heard.warnings
    assert "memory ran out in mode full" in warning
    assert "offload" in warning


def test_a_result_that_is_no_number_names_its_pass_and_step(layout: Layout, tmp_path: Path) -> None:
    class Broken(identity.IdentityModels):  # type: ignore[misc,name-defined]
        def forward(self, pass_number: int) -> Any:
            good, calls = super().forward(pass_number), []

            def forward(*arguments: Any) -> torch.Tensor:
                calls.append(arguments)
                return good(*arguments) * (float("nan") if len(calls) == 2 else 1)

            return forward

    engine = Void(
        device="cpu", weights=layout.root, cache=tmp_path, build=lambda mode: Broken(layout, mode)
    )
    with pytest.raises(ServerError, match=r"pass 1.*step 2 of 2") as caught:
        _filled(engine, Marked(5), Heard(), {})
    assert caught.value.code == "nan"


def test_a_size_that_the_model_cannot_take_is_refused(tiny: Void) -> None:
    with pytest.raises(RequestError, match="multiple of 16") as caught:
        _filled(tiny, Marked(1), Heard(), {"width": 100})
    assert "96 or 112" in str(caught.value)


def test_without_weights_the_engine_is_offered_with_the_reason(tmp_path: Path) -> None:
    info = Void(device="cpu", weights=tmp_path, cache=tmp_path).describe()
    assert not info.available
    assert "void weights fetch" in info.reason
    assert {p.name for p in info.parameters} >= {"quality", "steps", "memory", "masks"}
