"""What the real host does that a naive stand-in would not, one switch each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class Traps:
    """On by default is what hosts do; off by default is how one might be, or might be broken.

    Attributes:
        results_swallow_exceptions: What a call of executeInMainThreadWithResult raises is printed
            and becomes None. Source: Foundry's executeInMain.py, as documented for Nuke 14.
        backslashes_are_escapes: A backslash in a file name is TCL's escape when the script is read.
            Source: nukescripts.cattery of Nuke, which writes forward slashes on every platform.
        flags_are_forgotten: Of a user knob's flags only INVISIBLE, DISABLED and STARTLINE are in
            the script file. Source: public scripts; no addUserKnob line shows another.
        hidden_by_hand_is_forgotten: What setVisible and setEnabled did is not in the script file.
            Public scripts show +HIDDEN now and then: what writes it was not looked at in a host.
        execute_renders_all_views: nuke.execute without views renders every view. Source: Nuke
            Python API 13, nuke.execute.
        python_edits_call_knob_changed: setValue from Python calls knobChanged too, as Nuke 17.1's
            page says; a callback is not called by its own edits of the same node, unless the knob
            has KNOB_CHANGED_RECURSIVE. Source: Nuke NDK, Knob.h.
        buttons_run_inside_the_group: A button of a group runs in the group's context: what it
            creates lies inside. Not looked at in a host.
        dialogs_serve_the_queue: While a message is up, the event loop goes on, as in any Qt
            application. Not looked at in a host.
        cancel_counts_frames: What a cancelled render says begins with "Cancelled" and goes on with
            how many frames are done. Source: Foundry's nukescripts.flipbooking, which looks at the
            first nine letters and takes two numbers out of the rest.
        env_ocio: With OCIO in the environment the root's colour knobs are greyed out. Source:
            nukescripts.ViewerProcess of Nuke 9.
        gui_opens_elsewhere: nuke.scriptOpen in a GUI with a script opens another Nuke. Not looked
            at in a host.
        close_destroys: onDestroy is called for every node of a script that closes. Not looked at
            in a host.
        cancel_has_its_own_class: A cancelled render raises nuke.CancelledError, which is no
            RuntimeError. Not looked at in a host; scripts of Foundry's catch it from other calls.
        proxy: The artist works in proxy mode.
        proxy_sticks: Proxy mode cannot be switched off.
        raw_is_ignored: Writes apply their colour space whatever ``raw`` says.
        progress_only_on_main: A ProgressTask off the main thread raises.
        enumerations_lose_values: The entries of a user's enumeration are not in the script file.
        expressions_are_lost: Expressions are not in the script file.
        undo_is_never_enabled: nuke.Undo.enable() does nothing.
    """

    results_swallow_exceptions: bool = True
    backslashes_are_escapes: bool = True
    flags_are_forgotten: bool = True
    hidden_by_hand_is_forgotten: bool = True
    execute_renders_all_views: bool = True
    python_edits_call_knob_changed: bool = True
    buttons_run_inside_the_group: bool = True
    dialogs_serve_the_queue: bool = True
    cancel_counts_frames: bool = True
    env_ocio: bool = True
    gui_opens_elsewhere: bool = True
    close_destroys: bool = True
    cancel_has_its_own_class: bool = False
    proxy: bool = False
    proxy_sticks: bool = False
    raw_is_ignored: bool = False
    progress_only_on_main: bool = False
    enumerations_lose_values: bool = False
    expressions_are_lost: bool = False
    undo_is_never_enabled: bool = False
