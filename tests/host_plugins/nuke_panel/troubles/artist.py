"""Somebody with a VoidRemove in a script, who presses buttons, and what is left afterwards."""

import json
import threading
import time

PATIENCE = 30.0


class Artist:
    """Works on one node.

    Args:
        session: The fake Nuke.
        node: A VoidRemove.
        script: The script's file; results lie beside it.
        gate: The file that lets the worker past the frame where it waits.
    """

    def __init__(self, session, node, script, gate):
        self.session, self.node, self.script, self.gate = session, node, script, gate
        self.name = f"sh010_comp_{node.name()}"
        self.out = script.parent / "void"
        self.version = self.out / f"{self.name}_void_v001"

    def connect(self, *sources):
        for index, source in enumerate(sources):
            self.node.setInput(index, source)

    def ask_for(self, **script):
        """What the worker shall do; the gate makes it a job of this test alone."""
        text = json.dumps({"gate": str(self.gate), "at": 0, **script})
        self.node["prompt"].setValue(text)

    def press(self, button, *answers):
        self.session.answers += answers
        self.session.press(self.node, button)

    def cancel(self, how):
        """Stop it with the node's button, or in the progress bar, where it is seen a little later.

        Nuke does nothing until the run has heard of it.
        """
        run = self.run
        if how == "button":
            self.press("cancel", True)
        else:
            self.session.progress[-1].cancel()
        deadline = time.monotonic() + PATIENCE
        while not (run._token.cancelled or run.ending):
            assert time.monotonic() < deadline, "nobody looks at the bar"
            time.sleep(0.01)

    def work_until(self, condition):
        self.session.pump(until=condition, timeout=PATIENCE)

    def use(self, server):
        """Name a server, which is asked at once what it can do, and see what it says."""
        self.node["server"].setValue(server)
        self.hear()

    def hear(self):
        """Work on until the server has said what it is, or has not."""
        self.work_until(lambda: "void-hello" not in {one.name for one in threading.enumerate()})
        self.session.pump()

    def wait(self):
        """Work on until it is over and everything of it is said."""
        self.work_until(lambda: self.run is None)
        self.session.pump()

    def remove(self, *answers):
        self.press("run", *answers)
        self.wait()

    @property
    def run(self):
        from host_plugins.nuke_panel import runs

        return runs.of(self.node)

    @property
    def job(self):
        """The id of the job that it has begun; "" before that."""
        from host_plugins.nuke_panel import jobs

        known = jobs.of(self.node)
        return known.jobs[""] if known else ""

    @property
    def status(self):
        return self.node["status"].value()

    @property
    def range_shown(self):
        read = self.node.node("result")
        return read["first"].value(), read["last"].value()

    def frames(self):
        """Numbers of the frames that have landed."""
        found = self.version.glob(f"{self.version.name}_patch.*.exr")
        return sorted(int(path.name.split(".")[-2]) for path in found)

    def standing(self):
        """Names of all version folders."""
        return sorted(path.name for path in self.out.glob("*_void_v*") if path.is_dir())

    def half_exported(self):
        """Whether the plate has been rendered, and the matte not yet."""
        return len(list(self.out.glob(f".export/{self.name}/.main.*.part/plate.*.exr"))) == 4

    def red(self, frame, view="main"):
        """What the node shows in its middle."""
        return self._middle(self.node, frame, view)

    def red_of_plate(self, frame, view="main"):
        """What its plate shows there."""
        return self._middle(self.node.input(0), frame, view)

    def left(self):
        """What is in the results folder besides whole exports, as paths in it."""
        exports = [record.parent for record in self.out.glob(".export/*/*/export.json")]
        kept = {path for one in exports for path in (one, *one.parents, *one.iterdir())}
        found = [path for path in self.out.rglob("*") if path not in kept]
        return sorted(path.relative_to(self.out).as_posix() for path in found)

    def look_round(self):
        """Whatever happened: nothing half-done is in the script, on the screen or on disk."""
        assert self.session.root["proxy"].value(), "the artist works in proxy mode"
        assert self.session.undo.balanced
        assert all(bar.closed for bar in self.session.progress)
        assert not [one for one in self.node.nodes() if one.Class() == "Write"]
        assert not [path for path in self.left() if "/." in f"/{path}"], "nothing is hidden"
        folders = [path for path in self.out.glob("*_void_v*") if path.is_dir()]
        assert all(list(folder.glob("*.exr")) for folder in folders), "no version without a frame"

    def _middle(self, node, frame, view):
        picture = self.session.picture(node, frame, view)
        return float(picture.over(picture.display).channels["rgba.red"][32, 48])


class Moment:
    """Holds a run as soon as it shows a stage: no artist is so quick."""

    def __init__(self):
        self._stage = self._view = None
        self._reached, self._go_on = threading.Event(), threading.Event()

    def at(self, stage, view=""):
        self._stage, self._view = stage, view
        self._reached.clear()
        self._go_on.clear()

    def is_there(self):
        return self._reached.is_set()

    def go_on(self):
        self._stage = None
        self._go_on.set()

    def passed(self, progress):
        """Called by the run, in its own thread."""
        if (progress.stage, progress.view) == (self._stage, self._view):
            self._reached.set()
            self._go_on.wait(PATIENCE)
