"""What a node asks for, and everything that stands in the way, in one message."""

import pytest

from bridge.errors import VoidError
from bridge.sequence import FrameRange
from host_plugins.run.problems import Problems
from host_plugins.run.texts import told


@pytest.fixture
def check(nuke):
    from host_plugins.nuke_panel import check

    return check


@pytest.fixture
def node(session, rig, tmp_path):
    """A VoidRemove that lacks nothing, in a saved script."""
    from host_plugins.nuke_panel import node

    made = node.create()
    made.setInput(0, rig.plate(3))
    made.setInput(1, rig.matte(3))
    session.save(tmp_path / "sh010_comp_v003.nk")
    return made


def codes(check, node, purpose="remove"):
    """The codes of all that stands in the way."""
    with pytest.raises(VoidError) as caught:
        check.order(node, purpose)
    error = caught.value
    return [one.code for one in (error.errors if isinstance(error, Problems) else (error,))]


def test_an_order_says_what_the_knobs_say(check, node, tmp_path):
    values = {
        "prompt": " a brick wall [sic] ", "grow": 3.5, "feather": 2.0, "seed": 7,
        "missing": "Hold", "transport": "Shared path", "datatype": "32 bit float", "files": "All",
        "export_again": True, "keep_exports": False, "colorspace": "ACEScg",
        "server": "tcp://render01:5599",
    }  # fmt: skip
    for knob, value in values.items():
        node[knob].setValue(value)
    order = check.order(node, "remove")
    assert order.name == "sh010_comp_VoidRemove1"
    assert order.frames == FrameRange(1001, 1003)
    assert order.prompt == "a brick wall [sic]"
    assert (order.engine, order.grow, order.feather, order.seed) == ("auto", 3.5, 2.0, 7)
    assert (order.missing, order.transport, order.datatype) == ("hold", "path", "float")
    assert order.kinds == ("comp", "patch", "straight", "degrained", "matte")
    assert (order.export_again, order.keep_exports) == (True, False)
    assert (order.colorspace, order.server) == ("ACEScg", "tcp://render01:5599")
    assert order.out == tmp_path / "void"
    assert order.exports == tmp_path / "void" / ".export" / "sh010_comp_VoidRemove1"
    assert order.roles == ("remove",)
    assert order.frame_bytes == 96 * 64 * 4 * 4


def test_a_preview_goes_into_a_folder_of_its_own(check, node, nuke, tmp_path):
    nuke.frame(1002)
    assert check.order(node, "preview").out == tmp_path / "void" / "previews"


def test_every_matte_that_is_connected_is_taken(check, node, rig):
    node.setInput(3, rig.matte(3, name="hold"))
    assert check.order(node, "remove").roles == ("remove", "keep")


def test_everything_that_is_wrong_is_said_at_once(check, node, session, nuke):
    for index in (0, 1):
        node.setInput(index, None)
    node["engine"].setValues(["auto", "void"])
    node["engine"].setValue("void")
    node["views"].setValue("left")
    node["server"].setValue("render01")
    node["results_dir"].setValue("/shows/[undefined]/void")
    nuke.root()["workingSpaceLUT"].setValue("sRGB")
    for knob, value in (("grow", -3.0), ("feather", 5000.0), ("seed", -1)):
        node[knob].setValue(value)
    assert codes(check, node) == [
        "no_plate", "no_matte", "prompt", *["out_of_range"] * 3, "results_dir", "unknown_view",
        "colorspace", "endpoint",
    ]  # fmt: skip


def test_a_setting_that_the_engine_does_not_take_is_said_with_the_rest(check, node):
    from nuke_welcome import VOID, welcome

    from host_plugins.nuke_panel import described

    described.describe(node, welcome(VOID))
    node.setInput(1, None)
    node["prompt"].setValue("a wall")
    node["p_void_steps"].setValue(1000)
    assert codes(check, node) == ["no_matte", "parameter"]


def test_a_number_that_goes_too_far_is_told_with_its_limits(check, node):
    node["grow"].setValue(-3)
    with pytest.raises(VoidError) as caught:
        check.order(node, "remove")
    said = "VoidRemove1: grow is out of range (expected 0-4096 pixels, got -3)"
    assert said in told(caught.value)


def test_a_script_that_is_not_saved_can_have_a_folder_of_its_own(check, node, nuke, tmp_path):
    nuke.root()["name"].setValue("")
    assert codes(check, node) == ["unsaved_script"]
    node["results_dir"].setValue((tmp_path / "elsewhere").as_posix())
    order = check.order(node, "remove")
    assert (order.name, order.out) == ("VoidRemove1", tmp_path / "elsewhere")


def test_a_results_folder_that_is_a_file_is_refused(check, node, tmp_path):
    (tmp_path / "void").write_text("")
    assert codes(check, node) == ["results_dir"]


def test_a_matte_of_another_size_is_refused_with_both_sizes(check, node, rig):
    node.setInput(1, rig.matte(3, name="small", size=(48, 32)))
    with pytest.raises(VoidError, match="expected 96x64, got 48x32") as caught:
        check.order(node, "remove")
    assert caught.value.code == "matte_size"


def test_a_matte_without_alpha_is_refused(check, node, rig):
    node.setInput(2, rig.plate(3, name="other"))
    with pytest.raises(VoidError, match="affected matte Read_other: it has no alpha") as caught:
        check.order(node, "remove")
    assert "alpha says what goes" in told(caught.value)


def test_frames_outside_the_plate_are_refused(check, node):
    node["range_mode"].setValue("Custom")
    assert codes(check, node) == ["out_of_range"]


@pytest.mark.parametrize("typed", ["", "/shows/50%/void", "/shows/plate.%04d", "/shows/####", "$X"])
def test_a_results_folder_that_nuke_reads_as_something_else_is_refused(check, node, typed):
    node["results_dir"].setValue(typed)
    assert codes(check, node) == ["results_dir"]


def test_a_licence_of_ten_nodes_is_refused(check, node, nuke, monkeypatch):
    monkeypatch.setattr(nuke, "env", {"indie": True})
    assert codes(check, node) == ["nuke_licence"]


def test_the_environment_names_the_server(check, node, monkeypatch):
    monkeypatch.setenv("VOID_SERVER", "tcp://farm:5600")
    assert check.order(node, "remove").server == "tcp://farm:5600"


@pytest.mark.parametrize(
    ("typed", "views"),
    [
        ("", ("main", "left", "right")),
        ("right", ("right",)),
        ("right, left", ("left", "right")),
        (" left  main ", ("main", "left")),
    ],
)
def test_views_are_those_named_or_all(check, node, nuke, typed, views):
    nuke.addView("left")
    nuke.addView("right")
    node["views"].setValue(typed)
    assert check.order(node, "remove").views == views


@pytest.mark.parametrize("typed", ["", "main"])
def test_a_script_with_one_view_has_none_to_speak_of(check, node, typed):
    node["views"].setValue(typed)
    assert check.order(node, "remove").views == ("",)


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("sh010_comp_v003.nk", "sh010_comp_VoidRemove1"),
        ("sh010.v12.nk", "sh010_VoidRemove1"),
        ("sh010.nk", "sh010_VoidRemove1"),
        ("-v003.nk", "VoidRemove1"),
    ],
)
def test_results_are_called_after_the_script_without_its_version(session, node, tmp_path, script, name):  # fmt: skip  # noqa: E501
    from host_plugins.nuke_panel import folders

    session.save(tmp_path / script)
    assert folders.name_of(node) == name


def test_a_node_inside_a_group_is_called_after_both(session, nuke, tmp_path):
    from host_plugins.nuke_panel import folders
    from host_plugins.nuke_panel import node as void_node

    group = nuke.nodes.Group(name="Cleanup")
    with group:
        made = void_node.create()
    session.save(tmp_path / "sh010.nk")
    assert folders.name_of(made) == "sh010_Cleanup_VoidRemove1"
    assert folders.exports(made).name == "sh010_Cleanup_VoidRemove1"


ALIKE = [("カット.nk", "犬.nk"), ("sh010 comp.nk", "sh010_comp.nk"), ("ä.nk", "ö.nk")]


@pytest.mark.parametrize("scripts", ALIKE)
def test_scripts_whose_names_are_alike_in_legal_letters_are_kept_apart(
    session, node, tmp_path, scripts
):
    from bridge.sequence import is_legal_name
    from host_plugins.nuke_panel import folders

    names = []
    for script in scripts:
        session.save(tmp_path / script)
        names.append(folders.name_of(node))
    assert names[0] != names[1]
    assert all(is_legal_name(name) and "VoidRemove1" in name for name in names)
    assert folders.exports(node).name == names[1]


def test_a_versioned_up_script_and_another_systems_spelling_keep_the_name(session, node, tmp_path):
    from host_plugins.nuke_panel import folders

    names = set()
    for script in ("K\u00fcche_v001.nk", "K\u00fcche_v002.nk", "Ku\u0308che_v002.nk"):
        session.save(tmp_path / script)
        names.add(folders.name_of(node))
    assert len(names) == 1
