"""`onehandler sign`."""

from __future__ import annotations

from pathlib import Path

import click

from onehandler.cli.output import as_json_option, print_json


@click.command("sign")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--key",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private key that 'onehandler keygen' or OpenSSL wrote (PEM).",
)
@as_json_option
def command(bundle: Path, key: Path, as_json: bool) -> None:
    """Sign the BUNDLE folder's manifest, which names the digest of every file: bundle.sig, beside it.

    Pack or push it afterwards: the signature goes along. A deployment asks for it by ONEHANDLER_PUBLIC_KEY.

    \b
    onehandler keygen signing.pem
    onehandler sign build/bundles/churn --key signing.pem
    """  # noqa: D301
    from onehandler.signing_keys import read_key, sign

    signed = sign(bundle, read_key(key))
    if as_json:
        print_json({"bundle": str(bundle), "digest": signed.digest, "public_key": signed.signer})
    else:
        click.echo(f"{bundle}: signed for ONEHANDLER_PUBLIC_KEY={signed.signer}")
