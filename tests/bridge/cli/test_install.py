"""``void install``, which hands over to a process of its own."""

import json

import pytest
import typer

from bridge.cli import install


@pytest.fixture
def command():
    """The command as ``void`` has it."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    passed_on = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=passed_on, add_help_option=False)(install.install)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments], prog_name="void install")
        return ended.value.code or 0

    return run


def test_the_help_is_that_of_the_host(command, capfd):
    assert command("nuke", "--help") == 0

    help_text = capfd.readouterr().out
    assert help_text.startswith("usage: void install nuke")
    assert "--nuke-python" in help_text


def test_arguments_answers_and_exit_codes_pass_through(command, capfd, tmp_path):
    assert command("nuke", "--dir", tmp_path, "--check", "--json") == 1
    assert json.loads(capfd.readouterr().out)["ok"] is False

    assert command("nuke", "--dir", tmp_path, "--uninstall") == 2
    assert "nothing is installed there" in capfd.readouterr().err
