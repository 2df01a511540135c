"""Jobs performed in this process: what they leave for people to look at."""

import hashlib
import json

import cv2
import msgspec
import numpy as np
import pytest

from bridge.messages import EngineInfo
from bridge.shot import OcioConfig, Request, SourceFile
from void_server.engines.engine import Cancelled, Fill
from void_server.worker import evidence, job, sidecar


class Show:
    """An engine that measures and shows; it fills with what the test says."""

    def __init__(self, *, evidence=None, measures=None):
        self.evidence = evidence
        self.measures = measures or {}
        self.asked = []

    def describe(self):
        return EngineInfo("show", "Show", "", "cpu")

    def fill(self, footage, *, frames, prompt, seed, parameters, progress, record):
        record.note("curve", "shaper <b>")
        record.warn("the model changed the background")
        for frame in frames:
            yield Fill(
                frame=frame,
                top=0,
                left=0,
                rgb=np.full((*footage.size, 3), 0.18, np.float32),
                seen=np.ones(footage.size, np.uint16),
                measures=self.measures,
                evidence=self.evidence and self._shown(frame),
            )

    def _shown(self, frame):
        def show():
            self.asked.append(frame)
            return self.evidence()

        return show

    def rest(self):
        pass


def model_saw():
    return {"what the model saw": np.full((48, 84, 3), 120, np.uint8)}


def perform(desk, shot, engine=None, **changes):
    if engine is not None:
        desk.offered["show"] = engine
    ended = desk.perform(Request(shot, engine="show" if engine else "auto"), **changes)
    assert ended.state == "done", ended.error
    return {
        (result.kind, result.frame): result
        for message in desk.delivered
        for result in message.results
    }


def with_hole(desk):
    return [frame for frame, record in sidecar.recall(desk.results).items() if record.hole]


def page(desk):
    return (desk.results / "report.html").read_text(encoding="utf-8")


def test_the_page_is_delivered_with_the_sidecar_and_a_strip_with_its_frame(desk, shot):
    results = perform(desk, shot)
    assert [kind for kind, frame in results if frame is None] == ["sidecar", "report"]
    strips = [frame for kind, frame in results if kind == "strip"]
    assert 0 < len(strips) <= evidence.MOST
    assert set(strips) <= set(with_hole(desk))
    for frame in strips:
        together = [m.results for m in desk.delivered if m.frame == frame]
        assert [[result.kind for result in one] for one in together] == [["comp", "strip"]]
        png = cv2.imread(results["strip", frame].path)
        assert png.shape[1] == 12 + 6 * (256 + 12)


def test_the_page_shows_every_strip_parameter_warning_and_measure(desk, shot):
    engine = Show(evidence=model_saw, measures={"flicker_before": 0.1, "flicker_after": 0.0})
    strips = [frame for kind, frame in perform(desk, shot, engine) if kind == "strip"]
    html = page(desk)
    for frame in strips:
        assert f"<h3>Frame {frame}</h3>" in html
    assert html.count("<figcaption>what the model saw</figcaption>") == len(strips)
    assert "the model changed the background" in html
    assert "shaper &lt;b&gt;" in html
    assert "Flicker, stops" in html
    assert "lin_ap1_scene" in html
    content = json.loads((desk.results / "sidecar.json").read_bytes())
    assert content["job"] in html
    assert all(str(value) in html for value in content["versions"].values())


def test_an_engine_is_asked_for_pictures_of_the_shown_frames_only(desk, shot, monkeypatch):
    monkeypatch.setattr(evidence, "MOST", 2)
    engine = Show(evidence=model_saw)
    perform(desk, shot, engine)
    holes = with_hole(desk)
    assert len(holes) > 2
    assert engine.asked == [holes[0], holes[-1]]


def test_measures_are_kept_with_their_frame_and_what_is_no_number_is_not(desk, shot):
    perform(desk, shot, Show(measures={"seam": np.float32(0.5), "lost": float("nan")}))
    records = sidecar.recall(desk.results)
    assert all(records[frame].measures == {"seam": 0.5} for frame in with_hole(desk))


def test_a_resumed_job_still_shows_the_frames_of_the_first_attempt(desk, shot):
    first = perform(desk, shot)
    kept = page(desk).count("<h3>Frame ")
    for result in first.values():  # the broker takes everything over
        if result.kind in ("strip", "comp"):
            (desk.results / result.path).unlink()
    finished = tuple(frame for kind, frame in first if kind == "comp")
    desk.said.clear()
    perform(desk, shot, finished=finished, attempt=2)
    assert page(desk).count("<h3>Frame ") == kept > 0


def broken():
    raise RuntimeError("no pictures today")


def wrong():
    return {"what the model saw": np.zeros((4, 4), np.float32)}


@pytest.mark.parametrize("shown", [broken, wrong], ids=["an error", "no picture"])
def test_an_engine_that_cannot_show_anything_costs_no_frame(desk, shot, shown):
    results = perform(desk, shot, Show(evidence=shown))
    assert {("sidecar", None), ("report", None)} <= set(results)
    assert page(desk).count("<h3>Frame ") == len(with_hole(desk))


def test_a_cancellation_while_an_engine_shows_something_is_one(desk, shot):
    def cancelled():
        raise Cancelled

    desk.offered["show"] = Show(evidence=cancelled)
    assert desk.perform(Request(shot, engine="show")).state == "cancelled"


def test_a_strip_that_cannot_be_drawn_costs_no_frame(desk, shot, monkeypatch):
    def no_space(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(evidence, "Cells", no_space)
    results = perform(desk, shot)
    assert ("report", None) in results
    assert not [kind for kind, _ in results if kind == "strip"]
    frames = ", ".join(map(str, with_hole(desk)[: evidence.MOST]))
    assert page(desk).count(f"No pictures of {frames}: they could not be made") == 1


SHOW = """ocio_profile_version: 2
roles: {{default: raw, scene_linear: show_linear{interchange}}}
displays: {{sRGB: [!<View> {{name: Raw, colorspace: raw}}]}}
colorspaces:
  - !<ColorSpace> {{name: show_linear, encoding: scene-linear}}
  - !<ColorSpace> {{name: raw, isdata: true}}
"""


def perform_with(desk, shot, folder, **words):
    """A job whose shot brings a config of its own, and names a space of it."""
    path = folder / "show.ocio"
    path.write_text(SHOW.format(**words))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = SourceFile(path.name, path.stat().st_size, digest, str(path))
    config = OcioConfig(file.name, "$OCIO", file)
    order = desk.order(
        Request(msgspec.structs.replace(shot, config=config, colorspace="show_linear"))
    )
    order = msgspec.structs.replace(order, files={**order.files, digest: str(path)})
    ended = job.perform(order, offered=desk.offered, device="cpu", link=desk.link)
    assert ended.state == "done", ended.error
    return page(desk)


def test_a_show_s_own_config_has_its_pictures(desk, shot, tmp_path):
    html = perform_with(desk, shot, tmp_path, interchange=", aces_interchange: show_linear")
    assert html.count("<h3>Frame ") == len(with_hole(desk)[: evidence.MOST])
    assert "No pictures" not in html


def test_one_that_says_nothing_of_rec709_has_a_line_that_says_so(desk, shot, tmp_path, caplog):
    html = perform_with(desk, shot, tmp_path, interchange="")
    assert "<h3>Frame " not in html
    assert html.count("No pictures of") == 1
    assert "show.ocio has neither lin_rec709_scene nor the role aces_interchange" in html
    assert "its strip for the report cannot be made" in caplog.text


def test_a_page_that_cannot_be_made_costs_no_sidecar(desk, shot, monkeypatch):
    monkeypatch.setattr(job, "job_page", broken)
    results = perform(desk, shot)
    assert [kind for kind, frame in results if frame is None] == ["sidecar"]


def test_a_gathered_file_that_is_damaged_counts_as_not_there(desk, shot):
    first = perform(desk, shot)
    shown = [frame for kind, frame in first if kind == "strip"]
    (desk.results / f"strip.{shown[0]}.json").write_bytes(b'{"frame": 1')
    gathering = evidence.Gathering(desk.results, shown)
    assert [strip.frame for strip in gathering.strips()] == shown[1:]


def test_what_is_gathered_is_a_few_megabytes_at_most(desk, shot):
    perform(desk, shot, Show(evidence=lambda: {str(n): noise(n) for n in range(40)}))
    gathered = sum(file.stat().st_size for file in desk.results.glob("strip.*"))
    assert gathered < evidence.MOST * 4e6


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (400, 700, 3), np.uint8)


@pytest.mark.parametrize(
    ("frames", "shown"),
    [
        ([7], (7,)),
        (range(1, 6), (1, 2, 3, 4, 5)),
        (range(1001, 1049), (1001, 1013, 1024, 1036, 1048)),
        ([1, 2, 3, 50, 51, 52, 90], (1, 3, 50, 51, 90)),
    ],
    ids=["one", "few", "a shot", "with gaps"],
)
def test_the_first_the_last_and_frames_evenly_between_are_shown(tmp_path, frames, shown):
    gathering = evidence.Gathering(tmp_path, list(frames))
    assert gathering.shown[0] == shown[0]
    assert gathering.shown[-1] == shown[-1]
    assert len(gathering.shown) == len(shown)
    assert set(gathering.shown) <= set(frames)


def test_the_page_has_nothing_of_pictures_when_none_were_gathered(tmp_path, desk, shot):
    perform(desk, shot)
    content = json.loads((desk.results / "sidecar.json").read_bytes())
    whole = job.job_page(msgspec.convert(content, sidecar.Sidecar), (), name="sh010").decode()
    assert "<figure>" not in whole
    assert "sh010, frames 1001-1006" in whole
