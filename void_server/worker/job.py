"""One job from order to sidecar: footage in, engine, composite, results out.

Each frame is written, read back and handed to the broker while the engine fills the next ones, so
that whatever ends the process costs the frames in hand and no more.
"""

from __future__ import annotations

import errno
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bridge.errors import ServerError, VoidError
from bridge.messages import Result, ResultKind
from bridge.shot import Shot, SourceFile, kinds_of
from void_server.engines import catalog
from void_server.engines.engine import Cancelled, Engine, Fill
from void_server.footage import ShotFootage
from void_server.images.atomic import Written, write_file
from void_server.images.picture import Picture
from void_server.layers import refuse_unfit
from void_server.patch import Patch
from void_server.plate import PlateColor
from void_server.worker import sidecar
from void_server.worker.evidence import Gathering
from void_server.worker.frame_files import attributes, write_frame
from void_server.worker.job_page import job_page
from void_server.worker.link import Link
from void_server.worker.record import EngineRecord
from void_server.worker.reporter import Interrupted, Reporter
from void_server.worker.sidecar import FrameRecord
from void_server.worker.versions import versions
from void_server.worker.worker_link import Delivered, Ended, Run, Warned
from void_server.worker.writer import Writer

log = logging.getLogger(__name__)

_BEHIND = 2
"""Frames that may wait to be written while the engine goes on; each is held in memory."""


def perform(order: Run, *, offered: Mapping[str, Engine], device: str, link: Link) -> Ended:
    """Run a job to its end, whatever that is; never raises."""
    job = _Job(order, offered=offered, device=device, link=link)
    try:
        job.run()
    except Cancelled:
        return job.ended("cancelled")
    except Interrupted:
        return Ended(job=order.job, attempt=order.attempt, state=None, interrupted=True)
    except VoidError as error:
        return job.ended("failed", error)
    except Exception as error:  # whatever it is, the worker lives on and the artist is told
        log.exception("job %s failed", order.job)
        return job.ended("failed", _unexpected(order, error))
    return job.ended("done")


@dataclass(frozen=True)
class _Frame:
    """A frame's files, written and checked."""

    frame: int
    files: Mapping[ResultKind, Written]


class _Job:
    """A job's inputs and what it has found out so far."""

    def __init__(
        self, order: Run, *, offered: Mapping[str, Engine], device: str, link: Link
    ) -> None:
        self._order = order
        self._request = order.request
        self._offered = offered
        self._device = device
        self._link = link
        self._folder = Path(order.results)
        self._inputs_say: tuple[str, ...] = ()
        self._record = EngineRecord(
            self._folder, resumed=bool(order.finished), on_warning=self._warn
        )
        self._lap = time.monotonic()

    def run(self) -> None:
        """Fill every frame that is not finished yet, then write the sidecar."""
        request, shot = self._request, self._request.shot
        self._engine = catalog.choose(request.engine, self._offered)
        self._reporter = Reporter(self._order, self._engine.describe().name, self._link)
        self._reporter("opening files", 0, 0)
        with ShotFootage(
            shot,
            locate=lambda file: Path(self._order.files[file.sha256]),
            grow=request.grow,
            feather=request.feather,
        ) as footage:
            footage.prepare(self._reporter)
            self._inputs_say = footage.warnings
            for text in self._inputs_say:
                self._warn(text)
            if request.layers:
                kinds = kinds_of(request.output)
                refuse_unfit(footage.picture(footage.frames[0]), footage.color, kinds)
            self._gathering = Gathering(
                self._folder, [frame for frame in footage.frames if footage.has_hole(frame)]
            )
            self._fill(footage)
            self._write_sidecar(footage)

    def ended(self, state: str, error: VoidError | None = None) -> Ended:
        """The last message of this job."""
        return Ended(
            job=self._order.job,
            attempt=self._order.attempt,
            state=state,  # type: ignore[arg-type]
            error=error.record() if error else None,
            warnings=self._warnings,
        )

    @property
    def _warnings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._inputs_say, *self._record.warnings)))

    def _warn(self, text: str) -> None:
        self._link.send(Warned(self._order.job, self._order.attempt, text))

    def _fill(self, footage: ShotFootage) -> None:
        wanted = [n for n in footage.frames if n not in set(self._order.finished)]
        fills = self._fills(footage, wanted)
        with Writer[_Frame](_BEHIND) as writer:
            try:
                for frame in wanted:
                    fill = next(fills) if footage.has_hole(frame) else None
                    self._hand_over_all(writer.push(self._work(footage, frame, fill)))
                    self._reporter.stop_if_told()
            except (Cancelled, Interrupted):
                self._hand_over_all(writer.drain())
                raise
            self._hand_over_all(writer.drain())

    def _hand_over_all(self, finished: Iterator[_Frame]) -> None:
        for written in finished:
            self._hand_over(written.frame, written.files)
            self._reporter.frame_done()

    def _fills(self, footage: ShotFootage, wanted: list[int]) -> Iterator[Fill]:
        return self._engine.fill(
            footage,
            frames=[frame for frame in wanted if footage.has_hole(frame)],
            prompt=self._request.prompt,
            seed=self._request.seed,
            parameters=catalog.complete(self._engine.describe(), self._request.parameters),
            progress=self._reporter,
            record=self._record,
        )

    def _work(self, footage: ShotFootage, frame: int, fill: Fill | None) -> Callable[[], _Frame]:
        """What the writer does for a frame; holds all it needs, as footage is not for threads."""
        patch = footage.patch(fill) if fill is not None else None
        picture = footage.picture(frame)
        write = partial(
            self._write,
            frame,
            picture,
            patch,
            color=footage.color,
            source=footage.source_file(frame),
            held_from=footage.held_from(frame),
            seconds=self._seconds(),
            measures=fill.measures if fill is not None else {},
        )
        if fill is None or patch is None:
            return write
        return partial(_shown, write, self._gathering.of(fill, picture, patch, color=footage.color))

    def _seconds(self) -> float:
        """Time since this was asked last, or since the job began; the frames' sum is the job's."""
        began, self._lap = self._lap, time.monotonic()
        return round(self._lap - began, 3)

    def _write(
        self,
        frame: int,
        picture: Picture,
        patch: Patch | None,
        *,
        color: PlateColor,
        source: SourceFile,
        held_from: int | None,
        seconds: float,
        measures: Mapping[str, float],
    ) -> _Frame:
        """Write a frame's results, read them back, and remember what was measured."""
        written = write_frame(
            self._folder,
            picture,
            patch,
            frame=frame,
            request=self._request,
            color=color,
            attributes=attributes(
                self._request,
                source,
                self._record.facts,
                job=self._order.job,
                engine=self._engine.describe().name,
                version=versions()["void-bridge"],
            ),
        )
        record = _record(
            frame,
            patch,
            written.changed_outside,
            source=source,
            held_from=held_from,
            seconds=seconds,
            measures=measures,
        )
        sidecar.remember(self._folder, record)
        return _Frame(frame, written.files)

    def _hand_over(self, frame: int | None, written: Mapping[ResultKind, Written]) -> None:
        results = tuple(
            Result(kind=kind, frame=frame, sha256=w.sha256, size=w.size, path=str(w.path))
            for kind, w in written.items()
        )
        self._link.send(
            Delivered(
                job=self._order.job, attempt=self._order.attempt, frame=frame, results=results
            )
        )

    def _write_sidecar(self, footage: ShotFootage) -> None:
        request, shot = self._request, self._request.shot
        engine = self._engine.describe()
        records = sidecar.recall(self._folder)
        content = sidecar.Sidecar(
            job=self._order.job,
            engine=engine.name,
            device=self._device,
            first_frame=shot.first_frame,
            last_frame=shot.last_frame,
            plate=shot.plate.label,
            colorspace=footage.color.linear or footage.color.space,
            color_config=_config_record(shot, footage),
            view=shot.view,
            mattes=tuple(
                sidecar.MatteRecord(m.role, m.sequence.label, m.channel) for m in shot.mattes
            ),
            prompt=request.prompt,
            seed=request.seed,
            grow=request.grow,
            feather=request.feather,
            output=kinds_of(request.output),
            layers=request.layers,
            missing=shot.missing,
            parameters=catalog.complete(engine, request.parameters),
            engine_facts=self._record.facts,
            changed_outside=sidecar.changed_values(records),
            seen=sidecar.seen_share(records),
            seconds=round(sum(record.seconds for record in records.values()), 3),
            frames=tuple(records[frame] for frame in sorted(records)),
            warnings=self._warnings,
            versions=versions(),
        )
        files: dict[ResultKind, Written] = {
            "sidecar": write_file(self._folder / "sidecar.json", content.to_json())
        }
        page = self._page(content)
        if page is not None:
            files["report"] = write_file(self._folder / "report.html", page)
        self._hand_over(None, files)

    def _page(self, content: sidecar.Sidecar) -> bytes | None:
        try:
            return job_page(content, self._gathering.strips(), name=self._request.shot.name)
        except Exception:  # no page is worth a result
            log.exception("job %s: its report cannot be made", self._order.job)
            return None


def _config_record(shot: Shot, footage: ShotFootage) -> sidecar.ConfigRecord:
    told = shot.config
    return sidecar.ConfigRecord(
        name=footage.config.name,
        title=footage.config.title,
        origin=told.origin if told is not None else "built in",
        sha256=told.file.sha256 if told is not None and told.file is not None else "",
    )


def _record(
    frame: int,
    patch: Patch | None,
    changed: int | None,
    *,
    source: SourceFile,
    held_from: int | None,
    seconds: float,
    measures: Mapping[str, float],
) -> FrameRecord:
    hole = patch.alpha > 0 if patch is not None else None
    count = int(hole.sum()) if hole is not None else 0
    seen = float((patch.seen[hole] > 0).mean()) if patch is not None and count else 1.0
    return FrameRecord(
        frame=frame,
        hole=count,
        seen=round(seen, 6),
        changed_outside=changed,
        source_sha256=source.sha256,
        held_from=held_from,
        seconds=seconds,
        measures={name: float(n) for name, n in measures.items() if math.isfinite(n)},
    )


def _shown(write: Callable[[], _Frame], strip: Callable[[], Written | None]) -> _Frame:
    """Write a frame, and then its strip for the report."""
    written, picture = write(), strip()
    if picture is None:
        return written
    return replace(written, files={**written.files, "strip": picture})


def _unexpected(order: Run, error: Exception) -> ServerError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ServerError(
            "server",
            "its disk is full",
            "Free space or run 'void purge'; finished frames are kept, and the same command goes "
            "on from there.",
            code="disk_full",
        )
    if isinstance(error, MemoryError):
        return ServerError(
            order.request.shot.name, "the worker ran out of memory", code="out_of_memory"
        )
    return ServerError(
        order.request.shot.name,
        f"the worker met an error that nobody foresaw ({type(error).__name__}: {error})",
        "Its log in the server's data folder has the details.",
        code="unexpected",
    )
