"""`onehandler predict`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import as_json_option, bundle_argument, print_json, progress
from onehandler.errors import InvalidInput, MalformedBody

if TYPE_CHECKING:
    from onehandler.batch.results import Result

_TYPES = {".csv": "text/csv", ".jsonl": "application/jsonl", ".ndjson": "application/x-ndjson"}
_FAILED_ROWS = 1  # exit code


@click.command("predict")
@bundle_argument
@click.option(
    "--rows",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A .csv with a header, or .jsonl with a row a line.",
)
@click.option("--row", help="One row as JSON: an array, or an object by column name.")
@as_json_option
def command(bundle: str, file: Path | None, row: str | None, as_json: bool) -> None:
    """Answer rows with BUNDLE (a folder or its .tar.gz), from a file, from --row, or JSON Lines on standard input.

    One line of JSON a row, in order; a row that cannot be answered gets its error, and then the exit code is 1.

    \b
    onehandler predict build/bundles/churn --rows new.csv
    onehandler predict build/bundles/churn --row '{"age": 41, "calls": 3}'
    echo '[41, 3]' | onehandler predict build/bundles/churn --json
    """  # noqa: D301
    from onehandler.handler import Handler

    content, media_type = _content(file, row)
    with progress("answering"):
        handler = Handler.load(bundle)
        results = list(handler.score(content, media_type))
    if as_json:
        print_json({"results": [_entry(result) for result in results]})
    else:
        for result in results:
            click.echo(json.dumps(_entry(result), ensure_ascii=False))
    handler.close()
    if any(result.error for result in results):
        raise click.exceptions.Exit(_FAILED_ROWS)


def _content(file: Path | None, row: str | None) -> tuple[bytes, str]:
    """What to answer, and its content type."""
    if file and row:
        raise InvalidInput("give --rows or --row, not both")
    if row:
        return row.replace("\n", " ").encode(), "application/jsonl"
    if file is None:
        return sys.stdin.buffer.read(), "application/jsonl"
    media_type = _TYPES.get(file.suffix.lower())
    if media_type is None:
        raise MalformedBody(f"must end in {', '.join(_TYPES)}", where=str(file))
    return file.read_bytes(), media_type


def _entry(result: Result) -> dict[str, object]:
    from onehandler.results import spelled

    if result.error is not None:
        return {"row": result.row, "error": str(result.error)}
    return {"row": result.row, "prediction": spelled(result.prediction)}
