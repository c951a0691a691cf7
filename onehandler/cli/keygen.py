"""`onehandler keygen`."""

from __future__ import annotations

from pathlib import Path

import click

from onehandler.cli.output import as_json_option, print_json


@click.command("keygen")
@click.argument("key", type=click.Path(dir_okay=False, path_type=Path))
@as_json_option
def command(key: Path, as_json: bool) -> None:
    """Write a new private key to KEY (Ed25519, PEM), and print its public key, for ONEHANDLER_PUBLIC_KEY.

    Whoever has the private key can sign: keep it where deployments cannot read it. No file is ever replaced.

    \b
    onehandler keygen signing.pem
    """  # noqa: D301
    from onehandler.signing_keys import generate

    public_key = generate(key)
    if as_json:
        print_json({"key": str(key), "public_key": public_key})
    else:
        click.echo(public_key)
