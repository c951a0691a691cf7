"""The command's table of commands; nothing heavy is imported before one is chosen."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module

import click

from onehandler import __version__
from onehandler.errors import OnehandlerError

COMMANDS = {
    "build": ("onehandler.cli.build", "Turn a trained model into a bundle, checked against the original."),
    "inspect": ("onehandler.cli.inspect", "Show a bundle: signature, files, sizes, what platforms take it."),
    "predict": ("onehandler.cli.predict", "Answer rows with a bundle, here and now."),
    "serve": ("onehandler.cli.serve", "Serve a bundle over HTTP with uvicorn."),
    "package": (
        "onehandler.cli.package",
        "Build the layers and function archives that serverless.yml deploys.",
    ),
    "emulate": ("onehandler.cli.emulate", "Run AWS on this machine, without Docker or an account."),
}


class _Commands(click.Group):
    """Finds commands by the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which one uses them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was asked for."""
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS)
            ctx.fail(f"no command '{cmd_name}'" + (f"; did you mean '{near[0]}'?" if near else ""))
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the table's own words, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="onehandler")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """One handler, any model, every serverless platform.

    \b
    onehandler build model.joblib --sample rows.csv --name churn
    onehandler predict build/bundles/churn --rows new.csv
    onehandler emulate
    """  # noqa: D301 - \b keeps click from joining the lines
    del debug  # read by main(), which must know it when anything fails


def main() -> None:
    """Run; what we refuse is one line on standard error and exit code 2."""
    try:
        cli(prog_name="onehandler")
    except OnehandlerError as error:
        if "--debug" in sys.argv:
            raise
        click.secho(f"error: {error}", err=True, fg="red")
        sys.exit(2)


if __name__ == "__main__":
    main()
