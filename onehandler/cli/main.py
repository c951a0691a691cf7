"""The command's table of commands; nothing heavy is imported before one is chosen."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import click

from onehandler import __version__
from onehandler.errors import OnehandlerError

_REFUSED = 2  # exit code, as click's own for wrong usage
_OURS = ("onehandler", "adapters", "functions", "layers", "local_emulator")


class _Entry(NamedTuple):
    """One command: its module, its line in the help, and the extra of onehandler that it needs."""

    module: str
    about: str
    extra: str


COMMANDS = {
    "build": _Entry(
        "onehandler.cli.build", "Turn a trained model into a bundle, checked against the original.", "build"
    ),
    "inspect": _Entry(
        "onehandler.cli.inspect", "Show a bundle: signature, files, sizes, what platforms take it.", "cli"
    ),
    "keygen": _Entry("onehandler.cli.keygen", "Make a pair of keys that bundles are signed with.", "sign"),
    "sign": _Entry("onehandler.cli.sign", "Sign a bundle for deployments that ask for it.", "sign"),
    "verify": _Entry("onehandler.cli.verify", "Check a bundle's signature and its files.", "sign"),
    "pack": _Entry("onehandler.cli.pack", "Make one .tar.gz of a bundle's folder.", "cli"),
    "push": _Entry(
        "onehandler.cli.push", "Upload a bundle to S3, for functions that fetch it there.", "batch"
    ),
    "predict": _Entry("onehandler.cli.predict", "Answer rows with a bundle, here and now.", "cli"),
    "serve": _Entry("onehandler.cli.serve", "Serve a bundle over HTTP with uvicorn.", "cli"),
    "package": _Entry(
        "onehandler.cli.package",
        "Build what AWS Lambda or a container platform deploys.",
        "cli",
    ),
    "deploy": _Entry("onehandler.cli.deploy", "Deploy a bundle to a SageMaker endpoint.", "sagemaker"),
    "batch": _Entry(
        "onehandler.cli.batch", "Score files with a deployed stack: submit, status, result, redrive.", "batch"
    ),
    "bench": _Entry(
        "onehandler.cli.bench",
        "Measure a bundle as deployed: cold, warm, where time goes, memory.",
        "emulator",
    ),
    "emulate": _Entry(
        "onehandler.cli.emulate",
        "Run AWS, or an Azure Functions app, on this machine, without Docker or an account.",
        "emulator",
    ),
}


class _Commands(click.Group):
    """Finds commands by the table, and tells refusals in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which one uses them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was asked for."""
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(COMMANDS)}"
            ctx.fail(f"no command '{cmd_name}'; {hint}")
        command: click.Command = import_module(COMMANDS[cmd_name].module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the table's own words, so that help imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.about) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run; with --debug everything is raised as it is."""
        try:
            return super().invoke(ctx)
        except OnehandlerError as error:
            if ctx.params["debug"]:
                raise
            _refuse(ctx, str(error))
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if ctx.params["debug"] or package in _OURS:
                raise
            extra = COMMANDS[str(ctx.invoked_subcommand)].extra
            _refuse(ctx, f"this needs the package '{package}'; pip install 'onehandler[{extra}]'")


def _refuse(ctx: click.Context, message: str) -> None:
    click.secho(f"error: {message}", err=True, fg="red")
    ctx.exit(_REFUSED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="onehandler")
@click.option("--debug", is_flag=True, help="Show tracebacks: onehandler --debug build …")
def cli(debug: bool) -> None:
    """One handler, any model, every serverless platform.

    \b
    onehandler build model.joblib --sample rows.csv --name churn
    onehandler predict build/bundles/churn --rows new.csv
    onehandler serve build/bundles/churn
    onehandler emulate
    """  # noqa: D301 - \b keeps click from joining the lines
    del debug  # read by _Commands.invoke, which must know it when anything fails


def main() -> None:
    """The console command."""
    cli(prog_name="onehandler")


if __name__ == "__main__":
    main()
