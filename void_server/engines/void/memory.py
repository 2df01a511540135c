"""Memory modes: which one a device has room for, and what is done when it turns out not to have.

Choosing is arithmetic and needs no device; see `memory_needs` for the figures.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch

from bridge.errors import ServerError
from void_server.engines.void.memory_needs import MODES, Mode, Needs

Result = TypeVar("Result")

Wish = Mode | Literal["auto"]

RESERVE_BYTES = 2**30
"""Left free beside the estimate: workspaces of cuBLAS and cuDNN, and gaps between allocations."""

_GIB = 2**30
_SUBJECT = "device memory"


@dataclass(frozen=True)
class Plan:
    """What was chosen.

    Attributes:
        mode: The mode.
        estimate: The most that a job is expected to take on the device, bytes.
        text_on_device: Whether the text encoder fits there too; on the CPU otherwise.
        reason: Why, with figures, for the log and the result's record.
    """

    mode: Mode
    estimate: int
    text_on_device: bool
    reason: str


def choose(wish: Wish, free_bytes: int | None, needs: Needs, *, fp8: bool = True) -> Plan:
    """The fastest mode that fits, beginning with the one that was asked for.

    Args:
        wish: A mode, or ``auto`` for the fastest of all.
        free_bytes: Free on the device before anything is loaded; None for the CPU, where all
            modes are the same and ``full`` says so.
        needs: What each mode takes.
        fp8: Whether the device computes in fp8; the mode is passed over where it does not.

    Raises:
        ServerError: There is too little memory for every mode allowed (code ``device_memory``).
    """
    if free_bytes is None:
        return Plan("full", needs.peak("full"), True, "on the CPU everything is in its memory")
    first: Mode = "full" if wish == "auto" else wish
    allowed = [mode for mode in (first, *smaller(first)) if fp8 or mode != "fp8"]
    room = free_bytes - RESERVE_BYTES
    for mode in allowed:
        if needs.peak(mode) <= room:
            text_fits = needs.with_text(mode) <= room
            reason = _reason(mode, allowed, free_bytes, needs)
            return Plan(mode, needs.peak(mode), text_fits, reason)
    raise too_little(free_bytes, needs)


def smaller(mode: Mode) -> tuple[Mode, ...]:
    """The modes that need less, the fastest first."""
    return MODES[MODES.index(mode) + 1 :]


def next_mode(mode: Mode, *, fp8: bool = True) -> Mode | None:
    """The mode to go on in when memory ran out; None when there is none left.

    Args:
        mode: The one that ran out.
        fp8: Whether the device computes in fp8.
    """
    return next((each for each in smaller(mode) if fp8 or each != "fp8"), None)


def with_fallback(
    run: Callable[[Mode], Result],
    mode: Mode,
    on_change: Callable[[str], None],
    *,
    needs: Needs,
    free_bytes: Callable[[], int | None],
    fp8: bool = True,
) -> tuple[Result, Mode]:
    """Run, in smaller and smaller modes for as long as the device runs out of memory.

    Args:
        run: Does the work in a mode, from its beginning each time; it holds nothing on the device
            of what an earlier attempt made.
        mode: To begin with.
        on_change: Told in words of every change.
        needs: For the figures in those words.
        free_bytes: Free on the device now; see `free_on`.
        fp8: Whether the device computes in fp8.

    Returns:
        What ``run`` returned, and the mode in which it did.

    Raises:
        ServerError: Memory ran out in the last mode too (code ``device_memory``).
    """
    while True:
        try:
            return run(mode), mode
        except RuntimeError as error:
            if not _ran_out(error):
                raise
        # Not in the handler: while the exception lives, its frames hold the attempt's tensors.
        _let_go()
        following = next_mode(mode, fp8=fp8)
        if following is None:
            raise too_little(free_bytes(), needs)
        on_change(
            f"memory ran out in mode {mode} (estimated {_gib(needs.peak(mode))}); "
            f"going on in mode {following} (estimated {_gib(needs.peak(following))})"
        )
        mode = following


def free_on(device: torch.device) -> int | None:
    """Bytes that this process could have on a device; None on the CPU.

    What its allocator keeps in reserve counts as free. What is loaded does not: unload first.
    """
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def too_little(free_bytes: int | None, needs: Needs) -> ServerError:
    """The error that says what is free and what each mode would take."""
    wanted = ", ".join(f"{mode} {_gib(needs.peak(mode) + RESERVE_BYTES)}" for mode in MODES)
    got = "unknown" if free_bytes is None else _gib(free_bytes)
    return ServerError(
        _SUBJECT,
        f"it is too small for every memory mode (expected {wanted}, got {got} free)",
        "Close other programs on this GPU, choose a smaller model width and height, or run on "
        "another device.",
        code="device_memory",
    )


def _reason(mode: Mode, allowed: list[Mode], free_bytes: int, needs: Needs) -> str:
    stages = needs.stages(mode)
    text = (
        f"{mode} takes about {_gib(needs.peak(mode))}, most of it in "
        f"{max(stages, key=stages.__getitem__)}; {_gib(free_bytes)} are free"
    )
    passed = allowed[: allowed.index(mode)]
    return text + "".join(f", {each} would take {_gib(needs.peak(each))}" for each in passed)


def _gib(count: int) -> str:
    return f"{count / _GIB:.1f} GiB"


def _ran_out(error: RuntimeError) -> bool:
    """Whether it is want of memory: cuBLAS, cuDNN and the driver have no exception for it."""
    marks = ("out of memory", "ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(mark in str(error) for mark in marks)


def _let_go() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
