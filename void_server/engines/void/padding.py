"""How a shot is lengthened to what the model takes: its own frames again, back and forth."""

from __future__ import annotations

from bridge.errors import RequestError

WINDOW_FRAMES = 85
"""Frames that the model was trained on: the least a shot is padded to."""

LONGEST_REFERENCE = 197
"""Frames after which the reference cuts a clip. We do not."""

FRAMES_PER_LATENT = 4
"""Frames that one latent stands for; the first latent is the first frame alone."""


def padded_length(frames: int, *, window: int = WINDOW_FRAMES) -> int:
    """The padded length of a shot: 8k + 5 frames, so that the number of latents is even.

    Args:
        frames: Frames of the shot, at least 1; any number.
        window: The least length, 8k + 5.

    Raises:
        RequestError: There is no frame.

    Source: VOID's reference loader, measured for clips of 1 to 229 frames.
    """
    if frames < 1:
        raise RequestError(
            "plate",
            f"a shot has at least one frame (expected 1 or more, got {frames})",
            "Choose a frame range that the plate covers.",
            code="frames",
        )
    length = frames // FRAMES_PER_LATENT * FRAMES_PER_LATENT + 1
    if length < frames:
        length += FRAMES_PER_LATENT
    if length // FRAMES_PER_LATENT % 2 == 0:
        length += FRAMES_PER_LATENT
    return max(window, length)


def reference_length(
    frames: int, *, window: int = WINDOW_FRAMES, longest: int = LONGEST_REFERENCE
) -> int:
    """The padded length as the reference has it, which cuts what is longer; for parity only."""
    return min(longest, padded_length(frames, window=window))


def source_indices(frames: int, length: int) -> list[int]:
    """For each padded frame, the frame of the shot that stands there.

    The shot is followed by itself reversed, over and over, its end frames repeated:
    0 1 2 2 1 0 0 1 ...

    Args:
        frames: Frames of the shot.
        length: Padded length; a shorter one cuts the shot.
    """
    positions = (i % (2 * frames) for i in range(length))
    return [min(i, 2 * frames - 1 - i) for i in positions]


def latent_count(length: int) -> int:
    """Latents of a padded shot."""
    return (length - 1) // FRAMES_PER_LATENT + 1
