"""`onehandler verify`."""

from __future__ import annotations

import click

from onehandler.cli.output import as_json_option, print_json


@click.command("verify")
@click.argument("bundle")
@click.option("--public-key", required=True, help="In base64, as 'onehandler keygen' prints it.")
@as_json_option
def command(bundle: str, public_key: str, as_json: bool) -> None:
    """Check BUNDLE (a folder, its .tar.gz, or s3://…) as a deployment does: signature, then every file's digest.

    \b
    onehandler verify churn.tar.gz --public-key 8tj1Qm…=
    """  # noqa: D301
    from onehandler.bundle import Bundle

    found = Bundle.load(bundle, public_key=public_key)
    if as_json:
        print_json({"name": found.name, "version": found.version, "digest": found.digest})
    else:
        click.echo(f"{found.name} version {found.version}, digest {found.digest}: signed with this key")
