from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bridge.errors import RequestError, ServerError
from void_server.engines.engine import Cancelled, Fill, Mask, Rgb
from void_server.engines.void.engine import Void
from void_server.engines.void.layout import Layout
from void_server.plate import PlateColor

_FILE = Path(__file__).with_name("identity.py")
_SPEC = importlib.util.spec_from_file_location("identity_networks", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
identity = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(identity)

BITS = 10
WIDTH, HEIGHT = 8 * BITS, 32
SMALL = {
    **{"width": WIDTH, "height": HEIGHT, "steps": 2, "refine_steps": 2, "flow": "opencv_dis"},
    **{"fit": "whole", "match": False, "detail": False, "grain": "none"},
}


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


@pytest.mark.parametrize("count", [1, 4, 5, 84, 85, 86, 197, 198, 400])
@pytest.mark.parametrize("quality", ["standard", "best"])
def test_every_frame_comes_back_as_itself_whatever_the_length(
    unchanged: Fills, count: int, quality: str
) -> None:
    fills = unchanged(count, quality=quality)
    wanted = [n for n in Marked(count).frames if n % 7 != 3]
    assert [fill.frame for fill in fills] == wanted
    assert [read_mark(fill) for fill in fills] == wanted
    assert {fill.rgb.shape for fill in fills} == {(32, 2 * WIDTH, 3)}
    assert {fill.top for fill in fills} == {8}


@pytest.fixture
def tiny(layout: Layout, tmp_path: Path) -> Void:
    """The engine over the tiny checkpoint."""
    return Void(device="cpu", weights=layout.root, cache=tmp_path / "cache")


def test_the_same_job_gives_the_same_bits_and_another_seed_others(tiny: Void) -> None:
    small = {"width": 48, "height": 32, "quality": "best"}
    runs = [_filled(tiny, Marked(5), Heard(), small, seed=seed) for seed in (7, 7, 8)]
    first, again, other = ([fill.rgb for fill in run] for run in runs)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_fill_does_not_depend_on_which_other_frames_are_wanted(tiny: Void) -> None:
    small = {"width": 48, "height": 32}
    whole = _filled(tiny, Marked(6), Heard(), small)
    (alone,) = _filled(tiny, Marked(6), Heard(), small, frames=(5,))
    assert alone.frame == 5
    assert np.array_equal(alone.rgb, next(f.rgb for f in whole if f.frame == 5))


def test_what_really_ran_is_recorded(tiny: Void) -> None:
    heard = Heard()
    _filled(tiny, Marked(4), heard, {"width": 48, "height": 32, "quality": "best"})
    assert heard.facts["memory"] == "full"
    assert heard.facts["flow"] == "opencv_dis"
    assert heard.facts["attention"] == "torch"
    assert {"model", "exposure", "peak", "memory_estimate_gib"} <= heard.facts.keys()


def test_progress_names_each_stage_and_counts_its_steps(tiny: Void) -> None:
    heard = Heard()
    _filled(tiny, Marked(4), heard, {"width": 48, "height": 32, "quality": "best", "steps": 3})
    assert heard.stages == [
        "waking up",
        "reading the plate",
        "reading the prompt",
        "encoding for pass 1",
        "pass 1",
        "decoding pass 1",
        "following motion",
        "encoding for pass 2",
        "pass 2",
        "decoding",
        "finishing",
    ]
    assert heard.steps[:3] == [("pass 1", step, 3) for step in (1, 2, 3)]
    assert heard.steps[3:] == [("pass 2", step, 2) for step in (1, 2)]
    assert set(heard.previews) <= set(Marked(4).frames)
    assert heard.previews


def test_a_draft_has_one_pass(tiny: Void) -> None:
    heard = Heard()
    _filled(tiny, Marked(4), heard, {"width": 48, "height": 32, "quality": "draft"})
    assert "pass 2" not in heard.stages


def test_the_end_of_a_long_prompt_is_named(tiny: Void) -> None:
    heard = Heard()
    words = " ".join(["table"] * 400)
    _filled(tiny, Marked(1), heard, {"width": 48, "height": 32}, prompt=words + " and a lamp")
    (warning,) = [text for text in heard.warnings if "226" in text]
    assert "table" in warning


@pytest.mark.parametrize(
    "stage", ["reading the plate", "encoding for pass 1", "pass 1", "following motion", "decoding"]
)
def test_a_cancelled_job_ends_at_once_and_the_engine_works_on(tiny: Void, stage: str) -> None:
    small = {"width": 48, "height": 32, "quality": "best"}
    with pytest.raises(Cancelled):
        _filled(tiny, Marked(4), Heard(stage), small)
    assert len(_filled(tiny, Marked(2), Heard(), small)) == 2


def test_two_devices_give_what_one_gives(layout: Layout, tmp_path: Path) -> None:
    small = {"width": 48, "height": 32, "quality": "best"}
    one = Void(device="cpu", weights=layout.root, cache=tmp_path)
    two = Void(device="cpu+cpu", weights=layout.root, cache=tmp_path)
    heard = Heard()
    try:
        alone = _filled(one, Marked(86), Heard(), small)
        together = _filled(two, Marked(86), heard, small)
    finally:
        two.rest()
    assert heard.facts["devices"] == 2
    for first, second in zip(alone, together, strict=True):
        # A guided prediction is a batch of two on one device, and two of one on two.
        assert np.allclose(first.rgb, second.rgb, rtol=0, atol=1e-3)


def test_an_engine_that_rests_wakes_up_again(tiny: Void) -> None:
    small = {"width": 48, "height": 32}
    before = _filled(tiny, Marked(2), Heard(), small)
    tiny.rest()
    after = _filled(tiny, Marked(2), Heard(), small)
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(before, after, strict=True))


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
