"""Opening a shot's files and finding everything that is wrong with them, from headers alone.

All of it is said in one error, so that nobody mends a shot in ten rounds.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import RequestError
from bridge.shot import Sequence, Shot
from ocio import names
from ocio.convert import ColorConfig
from void_server.images.exr_views import no_view
from void_server.images.picture import find_rgb
from void_server.images.source import Locate, Source, open_source
from void_server.images.window import Window, union_all
from void_server.matte_input import MatteInput
from void_server.numbering import Numbering
from void_server.plate import PlateColor, plate_color

_SHOWN_PROBLEMS = 8


class Inputs:
    """The opened plate and mattes of a shot.

    Attributes:
        frames: File numbers wanted, ascending.
        subject: How messages name the plate.
        plate: The plate's pictures.
        numbering: Which of them stands for which frame.
        color: The plate's colour.
        mattes: The opened mattes.
        data_windows: Where each frame's pixels lie.
        canvas: The union of the data windows.
        pixel_aspect: Width of a plate pixel over its height, of the first frame.

    Args:
        shot: What to work on.
        locate: Where each source file lies.
        config: Where colour spaces are looked up.

    Raises:
        RequestError: The shot cannot be worked on; lists everything that was found.
    """

    def __init__(self, shot: Shot, *, locate: Locate, config: ColorConfig) -> None:
        self.frames = tuple(range(shot.first_frame, shot.last_frame + 1))
        self.subject = f"{shot.name} plate"
        self.mattes: list[MatteInput] = []
        self.data_windows: dict[int, Window] = {}
        self.pixel_aspect = 1.0
        self._shot, self._locate = shot, locate
        self._sources: list[Source] = []
        self._problems: list[RequestError] = []
        _check_request(shot)
        try:
            self.plate = self._open_plate()
            self.color = self._find_color(config)
            display = self._read_windows()
            if display is not None:
                self._open_mattes(display)
            _raise_all(shot.name, self._problems)
        except BaseException:
            self.close()
            raise
        self.canvas = union_all(self.data_windows.values())

    @property
    def warnings(self) -> list[str]:
        """What the artist should know of the files."""
        found = [*self.color.warnings, *self.plate.warnings, *self.numbering.warnings(self.subject)]
        for matte in self.mattes:
            found += matte.warnings
        return found

    def close(self) -> None:
        """Let go of open files."""
        for source in self._sources:
            source.close()

    def _open_plate(self) -> Source:
        plate = self._open(self._shot.plate)
        self.numbering = Numbering(plate.frames, self.frames, self._shot.missing)
        self._problems += self.numbering.problems(self.subject, self._shot.plate.label)
        try:
            find_rgb(plate.channels, self.subject)
        except RequestError as error:
            self._problems.append(error)
        if self._shot.view and not plate.views:
            self._problems.append(no_view(self._shot.view, self.subject, ()))
        return plate

    def _find_color(self, config: ColorConfig) -> PlateColor:
        try:
            wanted, said = _in_config(self._shot.colorspace, config, self.subject)
            color = plate_color(
                tag=self.plate.colorspace,
                wanted=wanted,
                untagged=self.plate.untagged,
                config=config,
                subject=self.subject,
            )
        except RequestError as error:
            self._problems.append(error)
            return PlateColor("", "")
        return replace(color, warnings=(*said, *color.warnings)) if said else color

    def _read_windows(self) -> Window | None:
        """Find every data window, and return the one display window; None when there is none."""
        displays: dict[Window, int] = {}
        for frame in self.frames:
            if not self.numbering.has(frame):
                continue
            try:
                facts = self.plate.facts(self.numbering.source(frame))
            except RequestError as error:
                self._problems.append(error)
                continue
            if not self.data_windows:
                self.pixel_aspect = facts.pixel_aspect
            self.data_windows[frame] = facts.data_window
            displays.setdefault(facts.display_window, frame)
        if len(displays) > 1:
            (first, at_first), (other, at_other) = list(displays.items())[:2]
            self._problems.append(
                RequestError(
                    self.subject,
                    f"its display window changes (expected {first} as on frame {at_first}, "
                    f"got {other} on frame {at_other})",
                    "Render the plate in one format.",
                    code="size",
                )
            )
        return next(iter(displays), None)

    def _open_mattes(self, display: Window) -> None:
        for matte in self._shot.mattes:
            subject = f"{self._shot.name} {matte.role} matte"
            try:
                opened = MatteInput(
                    matte,
                    self._open(matte.sequence),
                    frames=self.frames,
                    missing=self._shot.missing,
                    display=display,
                    subject=subject,
                )
            except RequestError as error:
                self._problems.append(error)
                continue
            self.mattes.append(opened)

    def _open(self, sequence: Sequence) -> Source:
        source = open_source(sequence, self._locate, self._shot.view)
        self._sources.append(source)
        return source


def _in_config(wanted: str, config: ColorConfig, subject: str) -> tuple[str, tuple[str, ...]]:
    """A name as the config knows it, and what to say when a host's own word was translated.

    Raises:
        RequestError: It is a host's word that leaves something open.
    """
    if not wanted or config.knows(wanted):
        return wanted, ()
    meant = names.resolve(wanted, subject=subject)
    if meant is None:
        return wanted, ()
    return meant.space, (f"{subject}: {meant.host}'s {meant.name!r} was read as {meant.space}",)


def _check_request(shot: Shot) -> None:
    """Refuse what cannot be worked on whatever the files hold."""
    if shot.last_frame < shot.first_frame:
        raise RequestError(
            shot.name,
            f"the frame range is empty (got {shot.first_frame}-{shot.last_frame})",
            "Give the first frame first.",
            code="malformed",
        )
    if not any(matte.role in ("remove", "quadmask") for matte in shot.mattes):
        raise RequestError(
            shot.name, "no matte says what to remove", "Pass one with --matte.", code="no_matte"
        )


def _raise_all(shot: str, problems: list[RequestError]) -> None:
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    shown = [f"({i}) {p.subject}: {p.text}" for i, p in enumerate(problems[:_SHOWN_PROBLEMS], 1)]
    if len(problems) > _SHOWN_PROBLEMS:
        shown.append(f"and {len(problems) - _SHOWN_PROBLEMS} more")
    hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
    raise RequestError(
        shot,
        f"{len(problems)} things are wrong: {'; '.join(shown)}",
        " ".join(hints),
        code=problems[0].code,
    )
