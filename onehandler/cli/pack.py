"""`onehandler pack`."""

from __future__ import annotations

from pathlib import Path

import click

from onehandler.cli.output import as_json_option, print_json


@click.command("pack")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: BUNDLE.tar.gz beside it."
)
@as_json_option
def command(bundle: Path, out: Path | None, as_json: bool) -> None:
    """Make one file of the BUNDLE folder: the same bytes for the same bundle, wherever it is made.

    \b
    onehandler pack build/bundles/churn
    onehandler inspect build/bundles/churn.tar.gz
    """  # noqa: D301
    from onehandler.bundle_archive import pack

    target = out or bundle.with_name(bundle.name + ".tar.gz")
    pack(bundle, target)
    size = target.stat().st_size
    if as_json:
        print_json({"archive": str(target), "bytes": size})
    else:
        click.echo(f"{target}: {size:,} bytes")
