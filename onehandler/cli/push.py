"""`onehandler push`."""

from __future__ import annotations

import click

from onehandler.cli.output import as_json_option, bundle_argument, print_json, progress


@click.command("push")
@bundle_argument
@click.argument("place")
@as_json_option
def command(bundle: str, place: str, as_json: bool) -> None:
    """Upload BUNDLE (a folder or its .tar.gz) to PLACE (s3://bucket/prefix), for functions that fetch their model.

    It goes to PLACE/DIGEST, beside every other state of it, and what is printed is that location. A function whose
    ONEHANDLER_BUNDLE is the location fetches the bundle when it starts and serves exactly that digest.

    \b
    onehandler push build/bundles/churn s3://my-models/churn
    osls deploy --param="bundle=build/bundles/churn" --param="location=s3://my-models/churn/…"
    """  # noqa: D301
    from onehandler.bundle import Bundle
    from onehandler.bundle_sources.location import parse_prefix

    bucket, prefix = parse_prefix(place)
    found = Bundle.load(bundle)
    with progress("connecting") as told:
        from adapters.s3_bundles import push, s3_client  # boto3: 300 ms

        sent = 0
        total = sum(entry["bytes"] for entry in found.manifest["files"].values())

        def show(size: int) -> None:
            nonlocal sent
            sent += size
            told(f"{sent / 1e6:,.0f} of {total / 1e6:,.0f} MB")

        location = push(found, bucket, prefix, s3_client(), show)
    if as_json:
        print_json({"location": str(location), "bytes": total, "digest": found.digest})
    else:
        click.echo(location)
