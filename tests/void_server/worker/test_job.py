"""Jobs performed in this process, with a real line to a broker's socket."""

import contextlib
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bridge.messages import EngineInfo
from bridge.shot import Matte, Request, Sequence, Shot, SourceFile, job_id
from bridge.wire import Router
from void_server.demo import footage
from void_server.demo.scene import Scene
from void_server.engines import catalog
from void_server.engines.engine import Fill
from void_server.images import exr, exr_header
from void_server.worker import job, sidecar
from void_server.worker.link import Link
from void_server.worker.worker_link import (
    Delivered,
    Drop,
    Ended,
    FromWorker,
    Leave,
    Previewed,
    Progressed,
    Run,
    Warned,
)

FRAMES = range(1001, 1007)


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    """A tiny shot on disk; the boom is not in every frame."""
    folder = tmp_path_factory.mktemp("shot")
    scene = Scene(width=128, height=72, frames=len(FRAMES), camera="static")
    footage.write(scene, folder, advanced=lambda count: None)

    def sequence(what):
        paths = [Path(str(footage.pattern(folder, what)) % frame) for frame in FRAMES]
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
        files = tuple(
            SourceFile(path.name, path.stat().st_size, digest, str(path))
            for path, digest in zip(paths, digests, strict=True)
        )
        return Sequence(f"demo_{what}.%04d.exr", "stills", files, tuple(FRAMES))

    mattes = (Matte("remove", sequence("boom")), Matte("affected", sequence("shadow")))
    return Shot("demo", sequence("plate"), mattes, FRAMES[0], FRAMES[-1])


class Grey:
    """An engine that denoises nothing into grey, and says all that an engine may say."""

    def __init__(self, *, stop_before=None):
        self.stop_before = stop_before
        self.planes = {}

    def describe(self):
        return EngineInfo("grey", "Grey", "", "cpu")

    def fill(self, footage, *, frames, prompt, seed, parameters, progress, record):
        if not frames:
            return
        record.note("memory", "full")
        record.note("asked_for", len(frames))
        for step in range(1, 4):
            progress("denoising", step, 3, frame=frames[0], step=step, steps=3, left=9.0 - step)
            progress.preview(frames[0], b"\x89PNG\r\n\x1a\n" + bytes([step]))
        record.warn("everything is grey")
        for frame in frames:
            if frame == self.stop_before:
                raise RuntimeError("out of grey")
            self.planes[frame] = footage.quadmask(frame)
            rgb = np.full((*footage.size, 3), 0.18, np.float32)
            seen = np.zeros(footage.size, np.uint16)
            yield Fill(frame=frame, top=0, left=0, rgb=rgb, seen=seen)

    def rest(self):
        pass


class Desk:
    """A broker's end of the line: gives an order and takes down what the job says."""

    def __init__(self, tmp_path):
        self.router = Router("tcp://127.0.0.1:*", receives=FromWorker)
        self.link = Link(self.router.endpoint, broker_pid=os.getppid())
        self.results = tmp_path / "results"
        self.results.mkdir(exist_ok=True)
        self.said = []
        self.offered = catalog.engines(device="cpu", weights=tmp_path, cache=tmp_path)

    def order(self, request, *, finished=(), attempt=1):
        sequences = [request.shot.plate, *(matte.sequence for matte in request.shot.mattes)]
        files = {file.sha256: file.path for sequence in sequences for file in sequence.files}
        return Run(job_id(request), attempt, request, files, str(self.results), finished)

    def perform(self, request, **changes):
        order = self.order(request, **changes)
        ended = job.perform(order, offered=self.offered, device="cpu", link=self.link)
        self.link.send(ended)
        self.listen(until=Ended)
        return ended

    def listen(self, *, until):
        while True:
            incoming = self.router.receive(10.0)
            assert incoming is not None, f"no {until.__name__} came"
            self.said.append(incoming.message)
            if isinstance(incoming.message, until):
                return incoming

    def tell(self, order, known):
        """Send an order to the worker and wait until its link has taken it."""
        peer = self.listen(until=object).peer
        assert self.router.send(peer, bytes(16), order)
        while not known():
            pass

    @property
    def delivered(self):
        return [message for message in self.said if isinstance(message, Delivered)]

    def path(self, kind, frame):
        return self.results / f"{kind}.{frame:04d}.exr"

    def close(self):
        self.link.close()
        self.router.close()


@pytest.fixture
def desk(tmp_path):
    with contextlib.closing(Desk(tmp_path)) as desk:
        yield desk


def pixels(path):
    data = path.read_bytes()
    return exr.decode(data, exr_header.parse_header(data, path.name), frame=0, subject=path.name)


def source(shot, frame):
    return pixels(Path(shot.plate.files[frame - FRAMES[0]].path))


def test_every_frame_is_delivered_in_order_and_the_sidecar_last(desk, shot):
    ended = desk.perform(Request(shot))
    assert ended.state == "done", ended.error
    assert [message.frame for message in desk.delivered] == [*FRAMES, None]


def test_a_delivered_file_is_there_with_the_digest_that_was_said(desk, shot):
    desk.perform(Request(shot, output="both"))
    results = [result for message in desk.delivered for result in message.results]
    assert [r.kind for r in results] == ["comp", "patch"] * len(FRAMES) + ["sidecar"]
    for result in results:
        data = Path(result.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (result.size, result.sha256)


def test_outside_the_alpha_every_bit_is_the_plates_and_inside_something_changed(desk, shot):
    desk.perform(Request(shot, output="both"))
    changed_inside = 0
    for frame in FRAMES:
        plate, comp = source(shot, frame), pixels(desk.path("comp", frame))
        patch = pixels(desk.path("patch", frame))
        alpha = np.zeros(plate.data_window.shape, np.float16)
        alpha[plate.data_window.slices(patch.data_window)] = patch.channel("A")
        for name in "RGB":
            differs = plate.channel(name).view(np.uint16) != comp.channel(name).view(np.uint16)
            assert not differs[alpha == 0].any()
            changed_inside += int(differs.sum())
    assert changed_inside > 1000


def test_the_sidecar_says_what_ran(desk, shot):
    request = Request(shot, seed=7, grow=5.0, feather=3.0, prompt="an empty wall")
    desk.perform(request)
    content = json.loads((desk.results / "sidecar.json").read_bytes())
    assert content["job"] == job_id(request)
    assert content["engine"] == "cleanplate"
    assert (content["seed"], content["grow"], content["feather"]) == (7, 5.0, 3.0)
    assert content["changed_outside"] == 0
    assert [record["frame"] for record in content["frames"]] == list(FRAMES)
    assert content["colorspace"] == "lin_ap1_scene"
    assert "void-bridge" in content["versions"]


def test_the_seconds_of_a_job_are_the_sum_of_its_frames_however_often_it_was_begun(desk, shot):
    desk.perform(Request(shot))
    first = json.loads((desk.results / "sidecar.json").read_bytes())["seconds"]
    assert first > 0
    desk.perform(Request(shot), finished=tuple(FRAMES), attempt=2)
    assert json.loads((desk.results / "sidecar.json").read_bytes())["seconds"] == first


def test_a_resumed_job_makes_only_the_frames_that_are_missing_and_the_same_ones(desk, shot):
    desk.perform(Request(shot))
    whole = {frame: desk.path("comp", frame).read_bytes() for frame in FRAMES}
    desk.said.clear()
    for frame in (1003, 1005):
        desk.path("comp", frame).unlink()
    finished = tuple(frame for frame in FRAMES if frame not in (1003, 1005))
    assert desk.perform(Request(shot), finished=finished, attempt=2).state == "done"
    assert [message.frame for message in desk.delivered] == [1003, 1005, None]
    for frame in (1003, 1005):
        again = pixels(desk.path("comp", frame))
        desk.path("comp", frame).write_bytes(whole[frame])
        before = pixels(desk.path("comp", frame))
        assert all(np.array_equal(before.channel(n), again.channel(n)) for n in "RGB")
    records = json.loads((desk.results / "sidecar.json").read_bytes())["frames"]
    assert [record["frame"] for record in records] == list(FRAMES)


def test_a_cancelled_job_ends_cancelled_and_keeps_what_it_delivered(desk, shot):
    request = Request(shot)
    order = desk.order(request)
    desk.tell(Drop(order.job), lambda: desk.link.dropped(order.job))
    assert desk.perform(request).state == "cancelled"
    assert desk.delivered == []


def test_a_worker_that_shall_leave_breaks_off_without_calling_the_job_failed(desk, shot):
    desk.tell(Leave(), lambda: desk.link.leaving)
    ended = desk.perform(Request(shot))
    assert ended.interrupted
    assert ended.state is None
    assert ended.error is None


def test_a_problem_with_the_shot_fails_the_job_with_the_callers_error(desk, shot):
    broken = msgspec.structs.replace(shot, colorspace="no such space")
    ended = desk.perform(Request(broken))
    assert ended.state == "failed"
    assert (ended.error.kind, ended.error.code) == ("request", "colorspace")


def test_an_engine_that_is_not_offered_is_named_with_those_that_are(desk, shot):
    ended = desk.perform(Request(shot, engine="magic"))
    assert ended.error.kind == "request"
    assert "cleanplate" in ended.error.text


def test_a_file_that_changed_after_the_submission_fails_the_job_and_is_named(desk, shot, tmp_path):
    plate = shot.plate
    other = tmp_path / "demo_plate.1001.exr"
    other.write_bytes(Path(plate.files[1].path).read_bytes())
    swapped = msgspec.structs.replace(plate.files[0], path=str(other))
    files = (swapped, *plate.files[1:])
    changed = msgspec.structs.replace(shot, plate=msgspec.structs.replace(plate, files=files))
    ended = desk.perform(Request(changed))
    assert ended.state == "failed"
    assert "demo_plate.1001.exr" in ended.error.subject
    assert "changed" in ended.error.text


def test_a_frame_that_comes_back_touched_outside_the_alpha_is_not_delivered(
    desk, shot, monkeypatch
):
    honest = job.composite.write_comp

    def careless(picture, patch, path, **rest):
        if picture.frame == 1002:
            planes = {**picture.planes, "R": picture.channel("R") + np.float16(1)}
            source = replace(picture.exr, parts=[planes])
            picture = replace(picture, planes=planes, exr=source)
        return honest(picture, patch, path, **rest)

    monkeypatch.setattr(job.composite, "write_comp", careless)
    ended = desk.perform(Request(shot))
    assert ended.error.code == "touched_outside"
    assert [message.frame for message in desk.delivered] == [1001]


def test_progress_counts_frames_and_estimates_the_rest_once_frames_come_out(desk, shot):
    desk.perform(Request(shot))
    reports = [message for message in desk.said if isinstance(message, Progressed)]
    assert {report.engine for report in reports} == {"cleanplate"}
    assert reports[0].eta is None
    assert (reports[-1].done, reports[-1].total, reports[-1].eta) == (6, 6, 0.0)


def test_the_journal_holds_a_record_per_frame(desk, shot):
    desk.perform(Request(shot))
    records = sidecar.recall(desk.results)
    assert set(records) == set(FRAMES)
    assert all(record.changed_outside == 0 for record in records.values())
    assert any(record.hole for record in records.values())


# --- what an engine says of its run ----------------------------------------------------------


def sidecar_of(desk):
    return json.loads((desk.results / "sidecar.json").read_bytes())


def heard(desk, kind):
    return [message for message in desk.said if isinstance(message, kind)]


def test_before_a_file_is_opened_something_is_told(desk, shot):
    desk.perform(Request(shot))
    assert heard(desk, Progressed)[0].stage == "opening files"


def test_facts_and_warnings_of_an_engine_are_in_the_sidecar_and_told_at_once(desk, shot):
    desk.offered["grey"] = engine = Grey()
    ended = desk.perform(Request(shot, engine="grey"))
    assert ended.state == "done", ended.error
    assert ended.warnings == ("everything is grey",)
    assert [message.text for message in heard(desk, Warned)] == ["everything is grey"]
    content = sidecar_of(desk)
    assert content["engine_facts"] == {"memory": "full", "asked_for": len(engine.planes)}
    assert content["warnings"] == ["everything is grey"]


def test_an_engine_without_anything_to_say_leaves_no_facts(desk, shot):
    desk.perform(Request(shot))
    assert sidecar_of(desk)["engine_facts"] == {}


def test_steps_and_a_preview_are_told(desk, shot):
    desk.offered["grey"] = Grey()
    desk.perform(Request(shot, engine="grey"))
    steps = [m for m in heard(desk, Progressed) if m.stage == "denoising" and m.steps]
    assert (steps[0].step, steps[0].steps, steps[0].eta) == (1, 3, 8.0)
    preview = heard(desk, Previewed)[0].preview
    assert preview.step == 1
    assert Path(preview.path).read_bytes()[8:] == b"\x01"


def test_a_resumed_job_has_the_facts_of_the_attempt_that_filled_last(desk, shot):
    desk.offered["grey"] = Grey(stop_before=1004)
    assert desk.perform(Request(shot, engine="grey")).state == "failed"
    finished = tuple(message.frame for message in desk.delivered)
    assert finished
    desk.offered["grey"] = engine = Grey()
    desk.perform(Request(shot, engine="grey"), finished=finished, attempt=2)
    assert sidecar_of(desk)["engine_facts"]["asked_for"] == len(engine.planes)
    desk.perform(Request(shot, engine="grey"), finished=tuple(FRAMES), attempt=3)
    assert sidecar_of(desk)["engine_facts"]["asked_for"] == len(engine.planes)
    assert sidecar_of(desk)["warnings"] == ["everything is grey"]


def test_an_engine_sees_what_was_drawn_as_two_planes(desk, shot):
    desk.offered["grey"] = engine = Grey()
    desk.perform(Request(shot, engine="grey"))
    for frame, (remove, affected) in engine.planes.items():
        drawn = pixels(Path(shot.mattes[0].sequence.files[frame - FRAMES[0]].path))
        np.testing.assert_array_equal(remove, drawn.channel("A") > np.float16(0.004))
        assert affected.shape == remove.shape
