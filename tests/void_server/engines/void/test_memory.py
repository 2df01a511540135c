import gc
import weakref

import pytest
import torch

from bridge.errors import ServerError
from void_server.engines.void.memory import (
    RESERVE_BYTES,
    choose,
    free_on,
    next_mode,
    smaller,
    with_fallback,
)
from void_server.engines.void.memory_needs import MODES, Needs

GIB = 2**30

NEEDS = Needs(
    around=GIB // 2,
    block=GIB // 2,
    block_fp8=GIB // 4,
    blocks=20,
    vae=GIB // 2,
    text=9 * GIB,
    window=GIB,
    chunk=0,
    vae_work=3 * GIB,
)
"""Peaks: full 14 GiB, offload 11.5, fp8 6.5, sequential 3.5; text beside it 20, 9, 9, 9."""


def free(gib):
    return round(gib * GIB) + RESERVE_BYTES


def test_the_figures_of_these_tests_are_what_they_say():
    assert [NEEDS.peak(mode) / GIB for mode in MODES] == [14, 11.5, 6.5, 3.5]


@pytest.mark.parametrize(
    ("room", "mode"),
    [(14, "full"), (13.9, "offload"), (11.5, "offload"), (11.4, "fp8"), (6.4, "sequential"),
     (3.5, "sequential")],
)  # fmt: skip
def test_auto_takes_the_fastest_mode_that_fits(room, mode):
    plan = choose("auto", free(room), NEEDS)
    assert plan.mode == mode
    assert plan.estimate == NEEDS.peak(mode)


def test_a_mode_asked_for_is_taken_though_a_faster_one_would_fit():
    for mode in MODES:
        assert choose(mode, free(100), NEEDS).mode == mode


def test_a_mode_asked_for_that_does_not_fit_gives_way_to_a_smaller_one():
    assert choose("offload", free(7), NEEDS).mode == "fp8"
    assert choose("full", free(7), NEEDS).mode == "fp8"


def test_fp8_is_passed_over_where_the_device_has_none():
    assert choose("auto", free(7), NEEDS, fp8=False).mode == "sequential"
    assert choose("fp8", free(7), NEEDS, fp8=False).mode == "sequential"
    assert "fp8" not in choose("auto", free(7), NEEDS, fp8=False).reason


def test_the_reason_states_the_estimate_the_free_memory_and_what_was_passed_over():
    assert choose("auto", free(12), NEEDS).reason == (
        "offload takes about 11.5 GiB, most of it in denoising; 13.0 GiB are free, "
        "full would take 14.0 GiB"
    )
    assert choose("auto", free(14), NEEDS).reason == (
        "full takes about 14.0 GiB, most of it in the VAE; 15.0 GiB are free"
    )


def test_the_text_encoder_goes_to_the_cpu_where_it_does_not_fit():
    assert not choose("auto", free(14), NEEDS).text_on_device
    assert choose("auto", free(20), NEEDS).text_on_device
    assert choose("offload", free(11.5), NEEDS).text_on_device
    assert not choose("fp8", free(8), NEEDS).text_on_device


@pytest.mark.parametrize("wish", ["auto", *MODES])
def test_on_the_cpu_it_is_full_with_a_note(wish):
    plan = choose(wish, None, NEEDS)
    assert plan.mode == "full"
    assert "CPU" in plan.reason
    assert plan.text_on_device


@pytest.mark.parametrize("room", [-1, 0, 3.4])
def test_too_little_for_every_mode_says_what_is_free_and_what_each_would_take(room):
    with pytest.raises(ServerError) as caught:
        choose("auto", free(room), NEEDS)
    assert caught.value.code == "device_memory"
    assert "full 15.0 GiB, offload 12.5 GiB, fp8 7.5 GiB, sequential 4.5 GiB" in str(caught.value)
    assert f"got {room + 1:.1f} GiB free" in str(caught.value)


def test_modes_give_way_in_order():
    assert [next_mode(mode) for mode in MODES] == ["offload", "fp8", "sequential", None]
    assert next_mode("offload", fp8=False) == "sequential"
    assert smaller("sequential") == ()


class Device:
    """Work that runs out of memory in some modes."""

    def __init__(self, too_large, error=None):
        self.too_large = too_large
        self.error = error or torch.OutOfMemoryError("tried to allocate 2 GiB")
        self.tried = []
        self.said = []

    def run(self, mode):
        self.tried.append(mode)
        if mode in self.too_large:
            raise self.error
        return f"made in {mode}"

    def fall(self, mode, **options):
        return with_fallback(
            self.run, mode, self.said.append, needs=NEEDS, free_bytes=lambda: 2 * GIB, **options
        )


def test_work_that_fits_runs_once_and_nothing_is_said():
    device = Device(())
    assert device.fall("full") == ("made in full", "full")
    assert (device.tried, device.said) == (["full"], [])


def test_out_of_memory_moves_to_the_next_mode_and_says_so():
    device = Device(("full", "offload"))
    assert device.fall("full") == ("made in fp8", "fp8")
    assert device.said == [
        "memory ran out in mode full (estimated 14.0 GiB); "
        "going on in mode offload (estimated 11.5 GiB)",
        "memory ran out in mode offload (estimated 11.5 GiB); "
        "going on in mode fp8 (estimated 6.5 GiB)",
    ]


def test_fp8_is_not_gone_to_where_the_device_has_none():
    device = Device(("offload",))
    assert device.fall("offload", fp8=False) == ("made in sequential", "sequential")


def test_the_last_mode_ends_in_our_error_with_the_figures():
    device = Device(MODES)
    with pytest.raises(ServerError, match=r"got 2\.0 GiB free") as caught:
        device.fall("fp8")
    assert caught.value.code == "device_memory"
    assert device.tried == ["fp8", "sequential"]


@pytest.mark.parametrize(
    "text", ["CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"]
)
def test_want_of_memory_is_recognised_when_a_library_reports_it(text):
    assert Device(("full",), RuntimeError(text)).fall("full")[1] == "offload"


def test_any_other_error_passes_through():
    with pytest.raises(RuntimeError, match="illegal memory access"):
        Device(("full",), RuntimeError("CUDA error: an illegal memory access")).fall("full")
    with pytest.raises(ValueError):
        Device(("full",), ValueError("out of memory")).fall("full")


def test_what_a_failed_attempt_held_is_free_before_the_next_one_begins():
    """An exception that is kept alive keeps its frames, and they keep their tensors."""
    held = []

    def run(mode):
        assert all(reference() is None for reference in held)
        tensor = torch.zeros(3)
        tensor.itself = tensor  # a cycle, which only the collector ends
        held.append(weakref.ref(tensor))
        if mode != "sequential":
            raise torch.OutOfMemoryError("out of memory")
        return len(held)

    gc.disable()
    try:
        found = with_fallback(run, "full", lambda _: None, needs=NEEDS, free_bytes=lambda: None)
    finally:
        gc.enable()
    assert found == (4, "sequential")


def test_the_cpu_has_no_device_memory():
    assert free_on(torch.device("cpu")) is None
