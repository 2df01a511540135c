"""What changes the fingerprint of an export, and what does not."""

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
    file = folder / "plate.1002.exr"
    file.write_bytes(file.read_bytes() + b" ")


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


def test_an_edit_at_another_frame_counts_even_if_hashes_do_not_show_it(
    fingerprint, nuke, node, monkeypatch
):
    metadata = nuke.Node.metadata
    of_now = lambda self, key="", time=0, view="": metadata(self, key, 1001, view)  # noqa: E731
    monkeypatch.setattr(nuke.Node, "metadata", of_now)
    before = fingerprint()
    _key_at_the_last_frame(nuke, node, None)
    assert fingerprint() != before


def test_where_nuke_tells_no_hash_nothing_is_known(fingerprint, nuke, monkeypatch):
    monkeypatch.setattr(nuke.Node, "metadata", lambda self, *key: None)
    assert fingerprint() != fingerprint()


def test_every_view_has_its_own(fingerprint, nuke):
    nuke.addView("right")
    assert fingerprint("main") != fingerprint("right")


def test_the_main_thread_is_asked_in_small_pieces(fingerprint, node, session, monkeypatch):
    import threading

    from host_plugins.nuke_panel import check, upstream

    monkeypatch.setattr(upstream, "_AT_ONCE", 0.0)  # one answer at a time
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
