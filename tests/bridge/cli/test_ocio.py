import json

import pytest
import typer

from bridge.cli.ocio import ocio


class Called:
    """What typer hands to a command that takes all arguments as they are."""

    def __init__(self, *args):
        self.args = list(args)


def run(*arguments):
    with pytest.raises(typer.Exit) as ended:
        ocio(Called(*arguments))
    return ended.value.exit_code


def test_the_files_are_written_and_named(tmp_path, capfd):
    assert run("--out", str(tmp_path), "--peak", "10", "--json") == 0
    files = json.loads(capfd.readouterr().out)["files"]
    assert files == [
        str(tmp_path / "void-config-v1.ocio"),
        str(tmp_path / "luts" / "void_shaper_m10.clf"),
    ]


def test_a_peak_out_of_range_is_one_line_and_exit_code_two(tmp_path, capfd):
    assert run("--out", str(tmp_path), "--peak", "1") == 2
    said = capfd.readouterr().err
    assert "no shaper has it" in said
    assert "Traceback" not in said
