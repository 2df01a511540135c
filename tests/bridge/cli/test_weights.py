import json

import pytest
import typer

from bridge.cli.weights import weights


class Called:
    """What typer hands to a command that takes all arguments as they are."""

    def __init__(self, *args):
        self.args = list(args)


def run(*arguments):
    with pytest.raises(typer.Exit) as ended:
        weights(Called(*arguments))
    return ended.value.exit_code


def test_the_command_passes_arguments_on_and_the_answer_through(tmp_path, capfd):
    assert run("where", "--weights", str(tmp_path), "--json") == 0
    assert json.loads(capfd.readouterr().out)["folder"] == str(tmp_path)


def test_the_exit_code_comes_through(capfd):
    assert run("where", "--no-such-option") == 2
    assert "No such option" in capfd.readouterr().err
