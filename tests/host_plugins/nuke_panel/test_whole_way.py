"""From the button to the shown result: a fake Nuke, real pictures, a real server."""

import numpy as np
import OpenEXR
import pytest

FOLDER = "sh010_comp_VoidRemove1_void_v001"


class Artist:
    """Somebody with a VoidRemove in a script, who presses buttons and looks."""

    def __init__(self, session, server, script):
        from host_plugins.nuke_panel import node, runs

        self.session, self.script, self._runs = session, script, runs
        self.node = node.create()
        session.save(script)
        self.node["server"].setValue(server.endpoint)

    @property
    def folder(self):
        return self.script.parent

    def connect(self, *sources):
        for index, source in enumerate(sources):
            self.node.setInput(index, source)

    def remove(self):
        """Press Remove, and work on until it is over."""
        self.session.press(self.node, "run")
        self.wait()

    def wait(self):
        self.session.pump(until=lambda: self._runs.of(self.node) is None, timeout=60)
        self.session.pump()

    def picture(self, frame, view="main", output="Comp over plate"):
        self.node["output"].setValue(output)
        try:
            return self.session.picture(self.node, frame, view)
        finally:
            self.node["output"].setValue("Comp over plate")

    def exported(self, view="main"):
        folder = self.folder / "void" / ".export" / "sh010_comp_VoidRemove1" / view
        return sorted(path.name for path in folder.glob("*.exr"))

    def standing(self, pattern="*"):
        return sorted(path.name for path in (self.folder / "void").glob(pattern))


@pytest.fixture
def artist(session, server, tmp_path):
    return Artist(session, server, tmp_path / "comp" / "sh010_comp_v003.nk")


@pytest.fixture(autouse=True)
def _folder(tmp_path):
    (tmp_path / "comp").mkdir()


def bits(plane):
    """Bit patterns; the sign of a zero is not one of them, since a merge adds 0 to it."""
    return np.ascontiguousarray(plane + np.float32(0)).view(np.uint32)


def rgb(picture, window):
    """(H, W, 3) float32 over a window."""
    whole = picture.over(window)
    return np.stack([whole.channels[f"rgba.{name}"] for name in ("red", "green", "blue")], -1)


def changed_outside(artist, source, frame, view="main"):
    """Values that differ from the plate where the alpha is 0, and whether any do elsewhere."""
    plate = artist.session.picture(source, frame, view)
    alpha = artist.picture(frame, view, "Matte used").over(plate.data).channels["rgba.alpha"]
    comp = artist.picture(frame, view)
    assert comp.data == plate.data
    assert comp.display == plate.display
    assert comp.pixel_aspect == plate.pixel_aspect
    differ = (bits(rgb(plate, plate.data)) != bits(rgb(comp, plate.data))).any(-1)
    assert 0 < (alpha > 0).mean() < 0.6
    return int(differ[alpha == 0].sum()), bool(differ[alpha > 0].any())


def header(path):
    with OpenEXR.File(str(path), separate_channels=True) as file:
        found = file.header()
        return {
            "size": file.channels()[next(iter(file.channels()))].pixels.shape[::-1],
            "channels": sorted(file.channels()),
            "data": [tuple(map(int, corner)) for corner in found["dataWindow"]],
            "display": [tuple(map(int, corner)) for corner in found["displayWindow"]],
            "aspect": float(found["pixelAspectRatio"]),
            "type": {str(one.type()) for one in file.channels().values()},
        }


def test_a_boom_goes_from_forty_frames_and_no_other_pixel_changes(artist, rig, session):
    plate = rig.plate(40)
    artist.connect(plate, rig.matte(40))
    artist.remove()
    assert artist.node["version"].value() == "v001", session.describe()
    assert len(artist.standing(f"{FOLDER}/*_patch.*.exr")) == 40
    for frame in (1001, 1017, 1040):
        assert changed_outside(artist, plate, frame) == (0, True)


@pytest.fixture
def small(artist, rig):
    """A shot of three frames, removed."""
    artist.plate = rig.plate(3)
    artist.connect(artist.plate, rig.matte(3))
    artist.remove()
    return artist


def test_a_disabled_node_passes_the_plate_and_so_does_one_without_a_version(small, session):
    plate = session.picture(small.plate, 1002)
    small.node["disable"].setValue(True)
    assert (rgb(small.picture(1002), plate.data) == rgb(plate, plate.data)).all()
    small.node["disable"].setValue(False)
    assert not (rgb(small.picture(1002), plate.data) == rgb(plate, plate.data)).all()
    small.node["version"].setValue("none")
    assert (rgb(small.picture(1002), plate.data) == rgb(plate, plate.data)).all()


def test_the_result_is_shown_on_a_machine_without_the_plug_in(small, session):
    before = small.picture(1002)
    session.save(small.script)
    session.open(small.script, plugin=False)
    after = session.picture("VoidRemove1", 1002)
    assert (rgb(after, before.data) == rgb(before, before.data)).all()


def test_a_second_press_renders_nothing_and_finds_the_same_version(small, session):
    session.cancel_execute_at = 1001  # it would be cancelled if anything was rendered
    small.remove()
    assert session.cancel_execute_at == 1001
    assert small.standing("*_void_v*") == ["sh010_comp_VoidRemove1_void_v001"]
    assert not session.messages


def test_an_edit_upstream_is_rendered_again_and_is_a_new_version(small, session, nuke):
    brighter = nuke.nodes.Grade(inputs=[small.plate])
    brighter["multiply"].setValue(2.0)
    small.node.setInput(0, brighter)
    small.remove()
    assert small.node["version"].value() == "v002", session.describe()
    assert changed_outside(small, brighter, 1002) == (0, True)


def test_a_script_saved_in_mid_job_collects_it_when_it_is_opened(artist, rig, session, start):
    from host_plugins.nuke_panel import runs, script

    artist.connect(rig.plate(40), rig.matte(40))
    artist.node["seed"].setValue(3)  # a job that the server has not done already
    session.press(artist.node, "run")
    run = runs.of(artist.node)
    session.pump(until=lambda: run.at_server, timeout=30)
    script.register()
    session.save(artist.script)
    session.quit()

    artist.session = start()
    script.register()
    artist.session.open(artist.script)
    root = artist.session.root
    artist.node, plate = root.node("VoidRemove1"), root.node("Read_plate")
    artist.wait()
    assert len(artist.standing(f"{FOLDER}/*_patch.*.exr")) == 40, artist.session.describe()
    assert artist.node["version"].value() == "v001"
    assert changed_outside(artist, plate, 1020) == (0, True)


def test_a_script_opened_again_in_the_same_nuke_in_mid_job_loses_no_frame(artist, rig, session):
    from host_plugins.nuke_panel import runs, script

    artist.connect(rig.plate(12), rig.matte(12))
    artist.node["seed"].setValue(5)
    script.register()
    session.press(artist.node, "run")
    run = runs.of(artist.node)
    session.pump(until=lambda: run.at_server, timeout=30)
    session.save(artist.script)
    session.open(artist.script)
    artist.node = session.root.node("VoidRemove1")
    artist.wait()
    assert len(artist.standing(f"{FOLDER}/*_patch.*.exr")) == 12, session.describe()
    assert artist.node["version"].value() == "v001"


def test_a_result_that_was_finished_after_the_script_was_saved_is_shown(artist, rig, session):
    from host_plugins.nuke_panel import runs, script

    artist.connect(rig.plate(3), rig.matte(3))
    script.register()
    session.press(artist.node, "run")
    session.pump(until=lambda: artist.node["jobs"].value(), timeout=30)
    session.save(artist.script)
    session.pump(until=lambda: runs.of(artist.node) is None, timeout=30)
    session.open(artist.script)
    assert session.root.node("VoidRemove1")["version"].value() == "v001"


def test_cancelled_in_the_render_bar_it_leaves_nothing(artist, rig, session):
    artist.connect(rig.plate(3), rig.matte(3))
    for frame in (1001, 1003):
        session.cancel_execute_at = frame
        artist.remove()
        assert session.cancel_execute_at is None
        assert not (artist.folder / "void").exists()
    assert artist.node["version"].value() == "none"
    assert "Cancelled" in artist.node["status"].value()
    assert not session.messages
    assert not [node for node in artist.node.nodes() if node.Class() == "Write"]


def test_in_proxy_mode_it_works_in_full_size(artist, rig, session, nuke):
    nuke.root()["proxy"].setValue(True)
    artist.connect(rig.plate(3), rig.matte(3))
    artist.remove()
    assert nuke.root()["proxy"].value()
    for path in (artist.folder / "void" / ".export").rglob("*.exr"):
        assert header(path)["size"] == (96, 64)
    assert len(artist.standing(f"{FOLDER}/*_patch.*.exr")) == 3


def test_every_view_is_a_job_and_a_result_of_its_own(artist, rig, session, nuke):
    nuke.addView("right")
    plate = rig.plate(3, views=("main", "right"))
    artist.connect(plate, rig.matte(3))
    artist.remove()
    base = "sh010_comp_VoidRemove1"
    assert artist.standing("*_void_v*") == [f"{base}_{eye}_void_v001" for eye in nuke.views()]
    for view in ("main", "right"):
        assert changed_outside(artist, plate, 1002, view) == (0, True)
    window = session.picture(plate, 1002).data
    left, right = (rgb(artist.picture(1002, view), window) for view in nuke.views())
    assert not (left == right).all()


def test_overscan_comes_back_and_nothing_shifts(artist, rig, session):
    plate = rig.plate(3, overscan=5)
    artist.connect(plate, rig.matte(3))
    artist.remove()
    exported = header(artist.folder / "void/.export/sh010_comp_VoidRemove1/main/plate.1002.exr")
    assert exported["data"] == [(-5, -5), (100, 68)]
    assert exported["display"] == [(0, 0), (95, 63)]
    assert changed_outside(artist, plate, 1002) == (0, True)


def test_a_squeezed_plate_stays_squeezed(artist, rig, session):
    plate = rig.plate(3, aspect=2.0)
    artist.connect(plate, rig.matte(3, aspect=2.0))
    artist.remove()
    exported = artist.folder / "void/.export/sh010_comp_VoidRemove1/main/plate.1001.exr"
    assert header(exported)["aspect"] == 2.0
    assert changed_outside(artist, plate, 1001) == (0, True)


def test_handles_are_done_as_far_as_the_plate_has_them(artist, rig, session):
    artist.connect(rig.plate(8), rig.matte(8))
    artist.node["range_mode"].setValue("Custom")
    for knob, value in (("first_frame", 1003), ("last_frame", 1004), ("handles", 3)):
        artist.node[knob].setValue(value)
    artist.remove()
    frames = [name.split(".")[1] for name in artist.standing(f"{FOLDER}/*_patch.*.exr")]
    assert frames == [f"{frame}" for frame in range(1001, 1008)]


def test_a_preview_is_a_few_frames_and_leaves_the_whole_exports_alone(small, session, nuke):
    before = small.exported()
    nuke.frame(1002)
    session.press(small.node, "preview")
    small.wait()
    assert small.node["version"].value() == "preview"
    assert small.standing("previews/*") == ["sh010_comp_VoidRemove1_void_v001"]
    assert small.exported() == before


def test_in_a_terminal_session_the_button_does_it_all_before_it_returns(start, rig_in):
    session = start(gui=False)
    artist, plate = rig_in(session)
    artist.node["run"].execute()
    assert artist.node["version"].value() == "v001", session.describe()
    assert changed_outside(artist, plate, 1002) == (0, True)
    percents = [line for line in session.printed if " % " in line]
    assert len(percents) == len(set(percents)) > 1


@pytest.fixture
def rig_in(studio, server, tmp_path):
    """Sets a shot of three frames up in a session that a test has started itself."""

    def made(session):
        import nuke
        from nuke_rig import Rig

        rig = Rig(studio, nuke)
        artist = Artist(session, server, tmp_path / "comp" / "sh010_comp_v003.nk")
        plate = rig.plate(3)
        artist.connect(plate, rig.matte(3))
        return artist, plate

    return made


def test_a_script_in_acescg_gets_its_result_in_acescg(start, rig_in):
    builtin = "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
    session = start(environ={"OCIO": builtin})
    for knob, value in (("colorManagement", "OCIO"), ("workingSpaceLUT", "ACEScg")):
        session.root[knob].setValue(value)
    artist, plate = rig_in(session)
    artist.remove()
    assert changed_outside(artist, plate, 1002) == (0, True)
    patch = artist.folder / "void" / FOLDER / f"{FOLDER}_patch.1002.exr"
    with OpenEXR.File(str(patch), separate_channels=True) as file:
        assert file.header()["colorInteropID"] == "lin_ap1_scene"
    assert not [line for line in session.printed if "assumed" in line]


def test_a_render_that_fails_says_which_input_and_why(artist, rig, session):
    artist.connect(rig.plate(3, missing=(1002,)), rig.matte(3))
    artist.remove()
    assert len(session.messages) == 1
    assert "input plate" in session.messages[0]
    assert "plate.1002.exr" in session.messages[0]
    assert "Traceback" not in session.messages[0]
    assert not (artist.folder / "void").exists()


def test_a_missing_frame_is_held_where_the_artist_says_so(artist, rig, session):
    artist.connect(rig.plate(3, missing=(1002,)), rig.matte(3))
    artist.node["missing"].setValue("Hold")
    artist.remove()
    assert not session.messages
    exported = [name for name in artist.exported() if name.startswith("plate")]
    assert exported == ["plate.1001.exr", "plate.1003.exr"]
    assert len(artist.standing(f"{FOLDER}/*_patch.*.exr")) == 3


def test_the_main_thread_is_never_held_for_long(small, session):
    # The first press imports the code, which happens once in a session of Nuke.
    before = len(session.blocked)
    small.node["seed"].setValue(1)
    small.remove()
    held = session.blocked[before:]
    assert len(held) > 5
    assert max(held) < 0.05, session.longest
