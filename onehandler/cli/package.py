"""`onehandler package`: one command for each platform."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click


class _Platform(NamedTuple):
    """One platform: the module of its command, and its line in the help."""

    module: str
    about: str


PLATFORMS = {
    "aws": _Platform(
        "onehandler.cli.package_aws", "The layers and function archives that serverless.yml deploys."
    ),
    "azure": _Platform("onehandler.cli.package_azure", "The archive that Flex Consumption takes."),
    "sagemaker": _Platform(
        "onehandler.cli.package_sagemaker",
        "model.tar.gz and the serving container's image, for any registry.",
    ),
}
_USUAL = "aws"  # of a bundle without a platform before it


class _Platforms(click.Group):
    """Finds platforms by the table; imports the one that was asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the table's order."""
        return list(PLATFORMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the platform's command."""
        if cmd_name not in PLATFORMS:
            return None
        found: click.Command = import_module(PLATFORMS[cmd_name].module).command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`onehandler package BUNDLE` is for AWS Lambda, as it was before there were others."""
        if args and args[0] not in (*PLATFORMS, "-h", "--help"):
            args = [_USUAL, *args]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the table's own words, so that help imports nothing."""
        with formatter.section("Platforms"):
            formatter.write_dl([(name, platform.about) for name, platform in PLATFORMS.items()])


@click.group("package", cls=_Platforms)
def command() -> None:
    """Build what a platform deploys of a BUNDLE, and print its size ledger.

    \b
    onehandler package aws build/bundles/churn
    onehandler package azure build/bundles/churn
    onehandler package sagemaker build/bundles/churn
    """  # noqa: D301
