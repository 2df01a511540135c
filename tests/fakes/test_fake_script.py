"""Scripts, start-up and menus of the fake: what survives, what does not, who is called when."""

import pytest


@pytest.fixture
def reopened(session, tmp_path, nuke):
    """Saves, opens, and gives the node of that name."""

    def reopen(name="NoOp1", **how):
        session.save(tmp_path / "sh010.nk")
        session.open(tmp_path / "sh010.nk", **how)
        return nuke.toNode(name)

    return reopen


def test_values_user_knobs_and_wires_survive_and_python_objects_do_not(nuke, reopened):
    with nuke.nodes.Group(name="Mine") as group:
        source = nuke.nodes.Input(name="plate")
        nuke.nodes.Output(inputs=[source])
    group.setInput(0, nuke.nodes.Read(first=1001, last=1040))
    group.addKnob(nuke.Tab_Knob("remove_tab", "Remove"))
    group.addKnob(nuke.Enumeration_Knob("output", "Output", ["Comp over plate", "Patch"]))
    group.addKnob(nuke.Multiline_Eval_String_Knob("prompt", "Prompt", 'A "brick" {wall}\n[x]'))
    group["output"].setTooltip("What comes out.")
    found = reopened("Mine")
    with pytest.raises(ValueError, match="not attached"):
        group.name()
    assert found.lastFrame() == 1040
    assert found.output().input(0).name() == "plate"
    assert found["output"].value() == "Comp over plate"
    assert found["output"].tooltip() == "What comes out."
    assert found["prompt"].value() == 'A "brick" {wall}\n[x]'


def test_a_backslash_in_a_file_name_does_not_survive(nuke, reopened):
    nuke.nodes.Read(file="C:\\shots\\new.%04d.exr")
    assert reopened("Read1")["file"].value() == "C:shots\new.%04d.exr"


def test_flags_that_the_script_does_not_hold_are_gone(nuke, reopened):
    node = nuke.nodes.NoOp()
    node.addKnob(nuke.String_Knob("jobs"))
    for flag in (nuke.INVISIBLE, nuke.NO_UNDO, nuke.DO_NOT_WRITE):
        node["jobs"].setFlag(flag)
    node["jobs"].setValue("{}")
    found = reopened()["jobs"]
    kept = [found.getFlag(flag) for flag in (nuke.INVISIBLE, nuke.NO_UNDO, nuke.DO_NOT_WRITE)]
    assert kept == [True, False, False]
    assert found.value() == ""


def test_what_was_hidden_or_greyed_out_by_hand_comes_back(nuke, reopened):
    node = nuke.nodes.NoOp()
    node.addKnob(nuke.Int_Knob("first_frame"))
    node["first_frame"].setVisible(False)
    node["first_frame"].setEnabled(False)
    found = reopened()["first_frame"]
    assert found.visible()
    assert found.enabled()


def test_a_group_of_knobs_left_open_is_found_when_the_script_is_saved(nuke, session, tmp_path):
    node = nuke.nodes.NoOp()
    node.addKnob(nuke.Tab_Knob("matte", "Matte", nuke.TABBEGINGROUP))
    with pytest.raises(RuntimeError, match="matte"):
        session.save(tmp_path / "sh010.nk")
    session.faults.clear()


def test_callbacks_come_in_the_hosts_order_with_their_nodes(nuke, session, reopened):
    seen = []
    for add in (
        nuke.addOnScriptSave,
        nuke.addOnScriptClose,
        nuke.addOnDestroy,
        nuke.addOnScriptLoad,
    ):
        add(lambda name=add.__name__: seen.append((name, nuke.thisNode().name())))
    nuke.nodes.NoOp()
    reopened()
    path = nuke.root().name()
    assert seen == [
        ("addOnScriptSave", "Root"),
        ("addOnScriptClose", path),
        ("addOnDestroy", "NoOp1"),
        ("addOnScriptLoad", path),
    ]


def test_a_machine_without_the_plug_in_calls_nothing_and_imports_nothing(nuke, session, reopened):
    node = nuke.nodes.NoOp()
    text = "try:\n    import host_plugins\nexcept ImportError:\n    nuke.message('not installed')"
    node.addKnob(nuke.PyScript_Knob("run", "Run", text))
    nuke.addOnScriptLoad(lambda: session.messages.append("called"))
    session.press(reopened(plugin=False), "run")
    assert session.messages == ["not installed"]
    import host_plugins  # noqa: F401 - there again


def test_a_script_without_a_name_has_none(nuke, session, tmp_path):
    assert nuke.root()["name"].value() == ""
    with pytest.raises(RuntimeError):
        nuke.scriptName()
    nuke.scriptSaveAs(f"{tmp_path}/sh010.nk")
    assert nuke.scriptName() == f"{tmp_path}/sh010.nk"
    assert not nuke.modified()
    with pytest.raises(RuntimeError, match="exists"):
        nuke.scriptSaveAs(f"{tmp_path}/sh010.nk")


def test_a_gui_with_a_script_opens_the_next_one_in_another_nuke(nuke, session, tmp_path):
    session.save(tmp_path / "sh010.nk")
    kept = nuke.nodes.NoOp()
    nuke.scriptOpen(f"{tmp_path}/sh010.nk")
    assert session.opened_elsewhere == [f"{tmp_path}/sh010.nk"]
    assert kept.name() == "NoOp1"


def test_a_terminal_has_no_menus_and_nobody_to_ask(start):
    session = start(gui=False)
    import nuke

    with pytest.raises(RuntimeError):
        nuke.menu("Nodes")
    with pytest.raises(RuntimeError):
        nuke.ask("Overwrite?")
    nuke.message("done")
    assert session.printed == ["done"]
    session.faults.clear()


def test_start_up_runs_every_init_and_then_every_menu_the_users_last(nuke, session, tmp_path):
    for name in ("home", "studio", "studio/void"):
        folder = tmp_path / name
        folder.mkdir()
        for file in ("init", "menu"):
            (folder / f"{file}.py").write_text(f"nuke.tprint('{name} {file}')\n")
    with (tmp_path / "studio" / "init.py").open("a") as file:
        file.write("nuke.pluginAddPath('./void')\n")
    session.start_plugins(tmp_path / "studio", tmp_path / "home")
    assert session.printed == [
        "home init", "studio init", "studio/void init", "home menu", "studio menu",
        "studio/void menu",
    ]  # fmt: skip


def test_a_menu_py_that_raises_stops_nuke_from_starting(session, tmp_path):
    (tmp_path / "menu.py").write_text("import nothing_of_the_kind\n")
    with pytest.raises(ModuleNotFoundError):
        session.start_plugins(tmp_path)


def test_a_menu_command_is_one_step_to_undo(nuke, session):
    menu = nuke.menu("Nodes").addMenu("VOID")
    menu.addCommand("Two", "nuke.nodes.Read()\nnuke.nodes.Read()")
    session.choose("Nodes/VOID/Two")
    assert [(step.name, len(step.changes) > 1) for step in session.undo.steps] == [("Two", True)]


def test_a_panels_text_is_evaluated_in_the_main_module(nuke, session):
    import nukescripts

    nukescripts.panels.registerWidgetAsPanel("fractions.Fraction", "Half", "void.half")
    with pytest.raises(NameError, match="fractions"):
        session.open_panel("void.half")
    text = "__import__('fractions', fromlist=['Fraction']).Fraction"
    nukescripts.panels.registerWidgetAsPanel(text, "Half", "void.half")
    assert session.open_panel("void.half") == 0
