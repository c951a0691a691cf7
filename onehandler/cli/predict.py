"""`onehandler predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import as_json_option, print_json
from onehandler.errors import InvalidInput, MalformedBody

if TYPE_CHECKING:
    from onehandler.batch.results import Result
    from onehandler.handler import Handler

_TYPES = {".csv": "text/csv", ".jsonl": "application/jsonl", ".ndjson": "application/x-ndjson"}


@click.command("predict")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--rows", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=".csv or .jsonl"
)
@click.option("--row", help="One row as JSON: an array, or an object by column name.")
@as_json_option
def command(bundle: str, file: Path | None, row: str | None, as_json: bool) -> None:
    """Answer rows with BUNDLE: from a file, from --row, or JSON Lines on standard input.

    \b
    onehandler predict build/bundles/churn --rows new.csv
    onehandler predict build/bundles/churn --row '{"age": 41, "calls": 3}'
    """  # noqa: D301
    from onehandler.handler import Handler

    handler = Handler.load(bundle)
    results = list(_results(handler, file, row))
    if as_json:
        print_json({"results": [_entry(result) for result in results]})
    else:
        for result in results:
            click.echo(json.dumps(_entry(result)))
    if any(result.error for result in results):
        raise click.exceptions.Exit(1)


def _results(handler: Handler, file: Path | None, row: str | None) -> list[Result]:
    if file and row:
        raise InvalidInput("give --rows or --row, not both")
    if row:
        return list(handler.score(row.replace("\n", " ").encode(), "application/jsonl"))
    if file:
        media_type = _TYPES.get(file.suffix.lower())
        if media_type is None:
            raise MalformedBody(f"must end in {', '.join(_TYPES)}", where=str(file))
        return list(handler.score(file.read_bytes(), media_type))
    return list(handler.score(click.get_binary_stream("stdin").read(), "application/jsonl"))


def _entry(result: Result) -> dict[str, object]:
    from onehandler.results import spelled

    if result.error is not None:
        return {"row": result.row, "error": str(result.error)}
    return {"row": result.row, "prediction": spelled(result.prediction)}
