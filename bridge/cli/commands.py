"""All commands of ``void``, in the order in which its help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

import bridge
from bridge.cli import (
    demo,
    doctor,
    install,
    jobs,
    keys,
    ocio,
    remove,
    report,
    selftest,
    show,
    weights,
)

app = typer.Typer(
    help="Remove objects from shots: plate and roto in, EXR frames out that drop into the comp.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        show.say(f"void-bridge {bridge.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Options that stand before a command."""


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

app.command()(remove.remove)
app.command(context_settings=_PASSED_ON, add_help_option=False)(demo.demo)
app.command()(jobs.status)
app.command("jobs")(jobs.jobs)
app.command()(jobs.cancel)
app.command()(jobs.fetch)
app.command()(report.report)
app.command()(jobs.purge)
app.command()(doctor.doctor)
app.command(context_settings=_PASSED_ON, add_help_option=False)(weights.weights)
app.command(context_settings=_PASSED_ON, add_help_option=False)(ocio.ocio)
app.command(context_settings=_PASSED_ON, add_help_option=False)(install.install)
app.add_typer(selftest.app, name="selftest")
app.add_typer(keys.app, name="keys")
