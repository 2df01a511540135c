"""Jobs performed in this process, with a real line to a broker's socket."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import OpenEXR
import pytest

from bridge.messages import EngineInfo
from bridge.shot import OcioConfig, Request, job_id
from void_server.engines.engine import Fill
from void_server.images import exr, exr_header
from void_server.worker import frame_files, sidecar
from void_server.worker.worker_link import (
    Drop,
    Leave,
    Previewed,
    Progressed,
    Warned,
)

FRAMES = range(1001, 1007)


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
    desk.perform(Request(shot, output=("comp", "patch")))
    results = [result for message in desk.delivered for result in message.results]
    kinds = [r.kind for r in results if r.kind != "strip"]
    assert kinds == ["comp", "patch"] * len(FRAMES) + ["sidecar", "report"]
    for result in results:
        data = Path(result.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (result.size, result.sha256)


def test_outside_the_alpha_every_bit_is_the_plates_and_inside_something_changed(desk, shot):
    desk.perform(Request(shot, output=("comp", "patch")))
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
    title = "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
    built_in = {"name": f"ocio://{title}", "title": title, "origin": "built in", "sha256": ""}
    assert (content["color_config"], content["view"]) == (built_in, "")


def test_the_sidecar_says_which_config_the_client_chose_and_where_it_found_it(desk, shot):
    name = "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1"
    config = OcioConfig(name, "$OCIO")
    desk.perform(Request(msgspec.structs.replace(shot, config=config, colorspace="ACEScg")))
    said = sidecar_of(desk)["color_config"]
    assert (said["name"], said["origin"]) == (name, "$OCIO")
    assert said["title"] == name.removeprefix("ocio://")


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
    honest = frame_files.composite.write_comp

    def careless(picture, patch, path, **rest):
        if picture.frame == 1002:
            planes = {**picture.planes, "R": picture.channel("R") + np.float16(1)}
            source = replace(picture.exr, parts=[planes])
            picture = replace(picture, planes=planes, exr=source)
        return honest(picture, patch, path, **rest)

    monkeypatch.setattr(frame_files.composite, "write_comp", careless)
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


def test_with_layers_only_comps_are_delivered_and_the_sidecar_says_so(desk, shot):
    desk.perform(Request(shot, output=("comp", "patch", "matte"), layers=True))
    results = [result for message in desk.delivered for result in message.results]
    pictures = [r.kind for r in results if r.frame is not None and r.kind != "strip"]
    assert pictures == ["comp"] * len(FRAMES)
    assert {"patch.A", "matte.A"} < set(pixels(desk.path("comp", 1001)).channels)
    content = sidecar_of(desk)
    assert (content["output"], content["layers"]) == (["comp", "patch", "matte"], True)
    assert content["changed_outside"] == 0


def test_without_a_comp_nothing_is_said_of_what_lies_outside(desk, shot):
    desk.perform(Request(shot, output=("patch", "matte")))
    content = sidecar_of(desk)
    assert content["changed_outside"] is None
    assert {record["changed_outside"] for record in content["frames"]} == {None}
    page = (desk.results / "report.html").read_text()
    assert "Frames with a hole" in page
    assert "changed outside" not in page


@pytest.mark.parametrize("word", [0xFFFFFFFF, 0x24000000], ids=["all ones", "24 hours"])
def test_a_timecode_that_is_none_stays_in_the_comp_and_costs_no_patch(desk, studio, word):
    code = OpenEXR.TimeCode(10, 0, 0, 5, *([False] * 6), *([0] * 8))
    paths = [Path(file.path) for file in studio.plates(2, timeCode=code).files]
    for path in paths:
        put_timecode(path, word)
    request = Request(
        studio.shot(studio.sequence(paths), studio.mattes(2)), output=("comp", "patch")
    )
    ended = desk.perform(request)
    assert ended.state == "done", ended.error
    assert OpenEXR.File(str(desk.path("patch", 1002))).header().get("timeCode") is None
    assert timecode_at(desk.path("comp", 1002).read_bytes())[1] == word


def timecode_at(data):
    """Where the timecode's word lies in an EXR file, and the word."""
    name = b"timeCode\0timecode\0" + (8).to_bytes(4, "little")
    at = data.index(name) + len(name)
    return at, int.from_bytes(data[at : at + 4], "little")


def put_timecode(path, word):
    data = bytearray(path.read_bytes())
    at, _ = timecode_at(data)
    data[at : at + 4] = word.to_bytes(4, "little")
    path.write_bytes(data)


def test_layers_that_cannot_be_are_refused_before_the_engine_begins(desk, shot):
    desk.offered["grey"] = engine = Grey()
    log = msgspec.structs.replace(shot, colorspace="ARRI LogC4")
    ended = desk.perform(Request(log, engine="grey", output=("patch",), layers=True))
    assert (ended.error.kind, ended.error.code) == ("request", "layers")
    assert engine.planes == {}
