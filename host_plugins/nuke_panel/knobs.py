"""The knobs of a VoidRemove, tab by tab: what they are called and what they say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bridge.shot import Request
from host_plugins.nuke_panel.knob import Knob, button

SCHEMA = 1
"""Version of the node's layout, kept in its knob ``void_schema``."""

MARK = "void_schema"
"""The knob by which a VoidRemove is known: its class is only Group."""

NONE, PREVIEW = "none", "preview"
"""Values of ``version`` that are no numbered version."""

OUTPUTS = (
    "Comp over plate",
    "Patch (premultiplied)",
    "Patch (unpremultiplied)",
    "Matte used",
    "Difference",
)
"""What the node shows, in the order of the inner switch's inputs 1 to 5."""

NOT_ASKED = "Press Test connection on the Server tab to see the engine's settings."
"""Stands where the settings of an engine would be that no server has described."""

_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Request)}

_REMOVE = (
    Knob(name="remove_tab", kind="tab", label="Remove"),
    Knob(
        name="prompt",
        kind="prompt",
        label="What remains",
        default="",
        tooltip="Describe what should be seen when the object is gone, not the object: "
        "<i>An empty brick wall, wet asphalt.</i> Engines without language leave it unread.",
    ),
    Knob(
        name="engine",
        kind="choice",
        label="Engine",
        default="auto",
        values=("auto",),
        tooltip="What fills the hole. <i>auto</i> takes the first one that the server offers. "
        "Press Test connection on the Server tab to see which there are.",
    ),
)

PARAMETERS = Knob(
    name="parameters",
    kind="closed_group",
    label="Engine settings",
    tooltip="What the chosen engine can be told, as the server describes it.",
)
"""Begins the group of knobs that the server describes."""

_AFTER_PARAMETERS = (
    Knob(
        name="parameters_note",
        kind="text",
        default=NOT_ASKED,
    ),
    Knob(name="parameters_end", kind="end_group"),
    Knob(name="matte", kind="group", label="Matte"),
    Knob(
        name="grow",
        kind="double",
        label="Grow",
        default=_DEFAULTS["grow"],
        limits=(0, 50),
        tooltip="How far the hole reaches beyond the mattes, in plate pixels. Raise it when a rim "
        "of the object stays, such as motion blur or a soft edge the roto misses.",
    ),
    Knob(
        name="feather",
        kind="double",
        label="Feather",
        default=_DEFAULTS["feather"],
        limits=(0, 50),
        tooltip="Width of the soft edge, in plate pixels, inside the hole. No pixel outside the "
        "grown matte changes, however wide it is.",
    ),
    Knob(
        name="seed",
        kind="int",
        label="Seed",
        default=_DEFAULTS["seed"],
        tooltip="The same seed gives the same result again. Change it to get another take of what "
        "has to be invented.",
    ),
    Knob(name="matte_end", kind="end_group"),
    Knob(name="range", kind="group", label="Frames"),
    Knob(
        name="range_mode",
        kind="choice",
        label="Range",
        default="Input",
        values=("Input", "Root", "Custom"),
        tooltip="Which frames are done: those of the plate, those of the project settings, or the "
        "two numbers below. Frame N in is frame N out.",
    ),
    Knob(
        name="first_frame",
        kind="int",
        label="First",
        default=1,
        tooltip="First frame, inclusive. Can be set when Range is Custom.",
    ),
    Knob(
        name="last_frame",
        kind="int",
        label="Last",
        default=1,
        same_line=True,
        tooltip="Last frame, inclusive. Can be set when Range is Custom.",
    ),
    Knob(
        name="handles",
        kind="int",
        label="Handles",
        default=0,
        tooltip="Frames to do as well before the first and after the last one, as far as the "
        "plate has them.",
    ),
    Knob(
        name="missing",
        kind="choice",
        label="Missing frames",
        default="Refuse",
        values=("Refuse", "Hold"),
        tooltip="What to do about a plate frame that cannot be rendered: refuse the shot, or hold "
        "the nearest earlier frame.",
    ),
    Knob(name="range_end", kind="end_group"),
    Knob(name="remove_line", kind="line"),
    button(
        "preview",
        "Preview frame",
        "Do a few frames around the current one, to judge the matte, the prompt and the engine. "
        "It is shown as version <i>preview</i>.",
        same_line=False,
    ),
    button(
        "run",
        "Remove",
        "Do the whole range. Plate and mattes are rendered first, then you can go on working; "
        "finished frames appear as they arrive. Every result is a new version.",
    ),
    button("cancel", "Cancel", "Stop the removal. Frames that are finished are kept."),
)

_RESULT = (
    Knob(name="result_tab", kind="tab", label="Result"),
    Knob(
        name="version",
        kind="choice",
        label="Version",
        default=NONE,
        values=(NONE,),
        tooltip="Which result is shown. With <i>none</i> the plate passes through untouched. "
        "Versions are never overwritten.",
    ),
    Knob(
        name="output",
        kind="choice",
        label="Output",
        default=OUTPUTS[0],
        values=OUTPUTS,
        tooltip="Comp over plate: the finished picture; alpha and other channels stay the "
        "plate's.<br>Patch (premultiplied): the new pixels alone, to merge over the plate "
        "yourself.<br>Patch (unpremultiplied): the same for grading or regraining before the "
        "merge.<br>Matte used: the alpha with which the patch goes over the plate.<br>Difference: "
        "comp against plate; black outside the hole.",
    ),
    Knob(
        name="status",
        kind="text",
        label="Status",
        default="No result yet.",
        tooltip="How far a removal is, or how it ended.",
        saved=False,
    ),
    Knob(
        name="effective",
        kind="text",
        label="What ran",
        default="",
        tooltip="What really made the version shown: engine, device, size, seed, time.",
    ),
    Knob(name="result_line", kind="line"),
    button("reveal", "Reveal files", "Open the folder of the version shown.", same_line=False),
    button(
        "bake",
        "Bake to Read",
        "Put a plain Read of the patch beside this node, for scripts that go to somebody without "
        "it. Merge it over the plate; nothing is connected for you.",
    ),
    button("report", "Report", "Open the page that tells how the version shown came about."),
)

_SERVER = (
    Knob(name="server_tab", kind="tab", label="Server"),
    Knob(
        name="server",
        kind="string",
        label="Address",
        default="tcp://127.0.0.1:5599",
        tooltip="Where the VOID server listens, e.g. <i>tcp://render01:5599</i>. The environment "
        "variable VOID_SERVER wins over it, and then it cannot be typed in.",
    ),
    button(
        "test_server",
        "Test connection",
        "Ask the server what it is and which engines it has; their settings then appear on the "
        "Remove tab.",
    ),
    Knob(
        name="server_text",
        kind="text",
        label="Server",
        default="Not asked yet.",
        tooltip="What the server said when it was asked last.",
        saved=False,
    ),
    Knob(
        name="transport",
        kind="choice",
        label="Transport",
        default="Auto",
        values=("Auto", "Shared path", "Stream"),
        tooltip="How the pictures reach the server: it reads them from a disk that both see, or "
        "they are sent over the connection. Auto uses the disk where the server allows it.",
    ),
)

_ADVANCED = (
    Knob(name="advanced_tab", kind="tab", label="Advanced"),
    Knob(
        name="datatype",
        kind="choice",
        label="Data type",
        default="16 bit half",
        values=("16 bit half", "32 bit float"),
        tooltip="Of the frames that are rendered for the server. Half is what plates usually are; "
        "choose float when yours is float.",
    ),
    Knob(
        name="files",
        kind="choice",
        label="Files",
        default="Patch",
        values=("Patch", "Patch and comp", "All"),
        tooltip="Which sequences are written. This node needs the patch alone; the comp, the "
        "unpremultiplied patch, the one without grain and the matte are for other programs.",
    ),
    Knob(
        name="colorspace",
        kind="string",
        label="Working space",
        default="",
        tooltip="Colour space of the pictures at this point of the script. Leave it empty to take "
        "the script's working space.",
    ),
    Knob(
        name="results_dir",
        kind="file",
        label="Results",
        default="[file dirname [value root.name]]/void",
        tooltip="Folder that gets one folder per version. Give one here to work in a script that "
        "has not been saved.",
    ),
    Knob(
        name="views",
        kind="string",
        label="Views",
        default="",
        tooltip="Views to do, separated by spaces. Empty means all of the script's. Every view is "
        "a job of its own, with the same seed.",
    ),
    Knob(
        name="keep_exports",
        kind="switch",
        label="Keep rendered inputs",
        default=True,
        tooltip="Keep the plate and mattes that were rendered for the server, so that they are "
        "not rendered again while nothing upstream changes.",
    ),
    Knob(
        name="export_again",
        kind="switch",
        label="Render inputs again",
        default=False,
        same_line=True,
        tooltip="Render plate and mattes even if nothing upstream seems to have changed.",
    ),
    Knob(name="jobs", kind="string", default="", hidden=True),
    Knob(name="described", kind="string", default="", hidden=True),
    Knob(name=MARK, kind="int", default=SCHEMA, hidden=True),
)


def layout(described: Sequence[Knob] = ()) -> tuple[Knob, ...]:
    """All knobs of a node in order, with those that a server describes in their group."""
    return (
        *_REMOVE,
        PARAMETERS,
        *described,
        *_AFTER_PARAMETERS,
        *_RESULT,
        *_SERVER,
        *_ADVANCED,
    )
