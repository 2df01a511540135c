"""What changes the fingerprint of an export, and what does not."""

import os

import OpenEXR
import pytest


@pytest.fixture
def node(session, rig, nuke, tmp_path):
    from host_plugins.nuke_panel import node

    made = node.create()
    made.setInput(0, nuke.nodes.Grade(name="Grade1", inputs=[rig.plate(3)]))
    made.setInput(1, rig.matte(3))
    session.save(tmp_path / "sh010.nk")
    return made


@pytest.fixture
def small(nuke):
    """The script's format is the plate's, for what has no file to take one from."""
    nuke.addFormat("96 64 0 0 96 64 1 small")
    nuke.root()["format"].setValue("small")


@pytest.fixture
def fingerprint(node):
    from host_plugins.nuke_panel import check, upstream

    def found(view=""):
        return upstream.fingerprint(node, check.order(node, "remove"), view)

    return found


def test_it_is_the_same_while_nothing_changes(fingerprint):
    assert fingerprint() == fingerprint()


def _look_elsewhere(nuke, node):
    nuke.frame(1003)


def _move(nuke, node):
    nuke.toNode("Grade1").setXYpos(400, 300)
    nuke.toNode("Grade1")["label"].setValue("plate, denoised")


def _ask_for_other_words(nuke, node):
    node["prompt"].setValue("a wall")
    node["seed"].setValue(9)
    node["status"].setValue("Something else.")


@pytest.mark.parametrize("what", [_look_elsewhere, _move, _ask_for_other_words])
def test_what_changes_no_pixel_does_not_change_it(fingerprint, nuke, node, what):
    before = fingerprint()
    what(nuke, node)
    assert fingerprint() == before


def _grade(nuke, node, folder):
    nuke.toNode("Grade1")["multiply"].setValue(1.5)


def _key_at_the_last_frame(nuke, node, folder):
    knob = nuke.toNode("Grade1")["mix"]
    knob.setAnimated()
    knob.setValueAt(1.0, 1001)
    knob.setValueAt(0.5, 1003)


def _render_a_frame_again(nuke, node, folder):
    _render_again(folder / "plate.1002.exr")


def _another_matte(nuke, node, folder):
    node.setInput(2, nuke.toNode("Read_roto"))


def _float(nuke, node, folder):
    node["datatype"].setValue("32 bit float")


def _fewer_frames(nuke, node, folder):
    node["range_mode"].setValue("Custom")
    node["first_frame"].setValue(1001)
    node["last_frame"].setValue(1002)


@pytest.mark.parametrize(
    "what",
    [_grade, _key_at_the_last_frame, _render_a_frame_again, _another_matte, _float, _fewer_frames],
)
def test_what_changes_the_exported_files_changes_it(fingerprint, nuke, node, rig, what):
    before = fingerprint()
    what(nuke, node, rig.folder)
    assert fingerprint() != before


def _another_working_space(nuke, node, folder):
    node["colorspace"].setValue("ACEScg")


def _another_space_for_files(nuke, node, folder):
    nuke.root()["floatLut"].setValue("sRGB")


@pytest.mark.parametrize("what", [_another_working_space, _another_space_for_files])
def test_what_the_exported_values_mean_changes_it(fingerprint, nuke, node, rig, what):
    before = fingerprint()
    what(nuke, node, rig.folder)
    assert fingerprint() != before


def test_a_config_that_was_edited_changes_it(fingerprint, nuke, tmp_path):
    config = tmp_path / "config.ocio"
    config.write_text("ocio_profile_version: 2")
    for knob, value in (
        ("colorManagement", "OCIO"),
        ("OCIO_config", "custom"),
        ("customOCIOConfigPath", config.as_posix()),
        ("workingSpaceLUT", "scene_linear"),
    ):
        nuke.root()[knob].setValue(value)
    before = fingerprint()
    assert fingerprint() == before
    config.write_text("ocio_profile_version: 1")
    assert fingerprint() != before


def test_a_node_upstream_that_is_deleted_meanwhile_leaves_it_unlike_any_other(
    fingerprint, nuke, monkeypatch
):
    from host_plugins.nuke_panel import upstream

    met = upstream._Walk._meet
    gone = []

    def meet(self, node, waiting):
        met(self, node, waiting)
        if not gone and waiting and waiting[-1].Class() == "Read":
            gone.append(waiting[-1].name())
            nuke.delete(waiting[-1])  # the artist, between two looks

    before = fingerprint()
    monkeypatch.setattr(upstream._Walk, "_meet", meet)
    assert fingerprint() != before
    assert gone


def _swap_the_inputs_of_a_merge(nuke, node):
    merge = nuke.toNode("Merge1")
    a, b = merge.input(1), merge.input(0)
    merge.setInput(0, a)
    merge.setInput(1, b)


def test_the_same_nodes_plugged_in_otherwise_change_it(fingerprint, nuke, node, rig):
    plate, other = nuke.toNode("Grade1"), rig.plate(3, name="other")
    node.setInput(0, nuke.nodes.Merge2(name="Merge1", inputs=[plate, other]))
    before = fingerprint()
    _swap_the_inputs_of_a_merge(nuke, node)
    assert fingerprint() != before


def test_a_file_behind_the_other_input_of_a_merge_changes_it(fingerprint, nuke, node, rig):
    """Fact: a Merge passes on the facts of its B input alone."""
    above = rig.plate(3, name="above")
    node.setInput(0, nuke.nodes.Merge2(inputs=[nuke.toNode("Grade1"), above]))
    before = fingerprint()
    assert fingerprint() == before
    _render_again(rig.folder / "above.1002.exr")
    assert fingerprint() != before


def test_a_frame_that_a_retime_may_bring_in_changes_it(fingerprint, nuke, node, rig):
    _fewer_frames(nuke, node, rig.folder)
    before = fingerprint()
    _render_again(rig.folder / "plate.1003.exr")
    assert fingerprint() != before


def test_a_frame_that_nuke_rendered_anew_is_known_by_its_hash(fingerprint, nuke, node, rig):
    """Fact: of the same size and second, an EXR that Nuke wrote still tells another hash."""
    seen = []
    for written in ("1d15cdf91144c78c", "2d15cdf91144c78c"):
        for frame in (1001, 1002, 1003):
            _with_hash(rig.folder / f"plate.{frame}.exr", written)
        seen.append(fingerprint())
    assert len(set(seen)) == 2
    assert nuke.toNode("Grade1").metadata("nuke/node_hash", 1002) == written


def test_a_roto_without_an_input_is_known_by_its_knobs(fingerprint, nuke, node, small):
    node.setInput(1, nuke.nodes.Roto(name="Roto1"))
    before = fingerprint()
    assert fingerprint() == before
    nuke.toNode("Roto1")["curves"].fromScript("rectangle 0 0 1 1")
    assert fingerprint() != before


def test_a_lut_that_is_written_anew_changes_it(fingerprint, nuke, node, tmp_path):
    lut = tmp_path / "look.cube"
    lut.write_text("one")
    node.setInput(
        0, nuke.nodes.OCIOFileTransform(file=lut.as_posix(), inputs=[nuke.toNode("Grade1")])
    )
    before = fingerprint()
    assert fingerprint() == before
    lut.write_text("another")
    assert fingerprint() != before


def test_a_write_in_between_reads_no_files(fingerprint, nuke, node, tmp_path):
    written = tmp_path / "precomp.exr"
    node.setInput(0, nuke.nodes.Write(file=written.as_posix(), inputs=[nuke.toNode("Grade1")]))
    before = fingerprint()
    written.write_bytes(b"rendered")
    assert fingerprint() == before


def test_where_nuke_tells_no_time_the_disk_is_looked_at(fingerprint, nuke, rig, monkeypatch):
    _tell_nothing(nuke, monkeypatch)
    before = fingerprint()
    assert fingerprint() == before
    _render_again(rig.folder / "plate.1002.exr")
    assert fingerprint() != before


def test_the_disk_is_not_looked_at_from_the_main_thread(node, nuke, session, monkeypatch):
    import threading

    from host_plugins.nuke_panel import check, files_read, upstream

    _tell_nothing(nuke, monkeypatch)
    on_disk, looked = files_read._on_disk, []

    def look(name):
        looked.append(threading.current_thread().name)
        return on_disk(name)

    monkeypatch.setattr(files_read, "_on_disk", look)
    order = check.order(node, "remove")
    worker = threading.Thread(target=upstream.fingerprint, args=(node, order, ""), name="void-test")
    worker.start()
    session.pump(until=lambda: not worker.is_alive())
    assert set(looked) == {"void-test"}


@pytest.mark.parametrize("name", ["nowhere.%04d.exr", "plate.%V.%04d.exr"])
def test_a_read_of_which_nothing_can_be_told_leaves_it_unlike_any_other(
    fingerprint, nuke, node, rig, small, monkeypatch, name
):
    _tell_nothing(nuke, monkeypatch)
    nuke.toNode("Read_plate")["file"].setValue(f"{rig.folder.as_posix()}/{name}")
    assert fingerprint() != fingerprint()


def _tell_nothing(nuke, monkeypatch):
    monkeypatch.setattr(nuke.Node, "metadata", lambda self, *key: None)


def _render_again(file):
    file.write_bytes(file.read_bytes() + b" ")


def _with_hash(file, written):
    """The same frame as Nuke's own Write leaves it, of one size and time."""
    with OpenEXR.File(str(file), separate_channels=True) as read:
        header, channels = dict(read.header()), read.channels()
        OpenEXR.File({**header, "nuke/node_hash": written}, channels).write(f"{file}.new")
    file.with_name(f"{file.name}.new").replace(file)
    os.utime(file, (1_700_000_000, 1_700_000_000))


def test_every_view_has_its_own(fingerprint, nuke):
    nuke.addView("right")
    assert fingerprint("main") != fingerprint("right")


def test_the_main_thread_is_asked_in_small_pieces(fingerprint, node, session, monkeypatch):
    import threading

    from host_plugins.nuke_panel import check, pieces, upstream

    monkeypatch.setattr(pieces, "_AT_ONCE", -1.0)  # one answer at a time
    order, found = check.order(node, "remove"), []
    before = len(session.blocked)
    worker = threading.Thread(
        target=lambda: found.append(upstream.fingerprint(node, order, "")), name="void-test"
    )
    worker.start()
    session.pump(until=lambda: found)
    worker.join()
    assert len(session.blocked) - before > 6  # three frames of two inputs, and the nodes above
    monkeypatch.undo()
