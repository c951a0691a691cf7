"""`onehandler batch`: files scored by a deployed stack, from dropping them to their results."""

from __future__ import annotations

import gzip
import sys
import time
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import click

from onehandler.batch.options import Options
from onehandler.batch.outputs import OUTPUTS
from onehandler.cli.output import as_json_option, print_json
from onehandler.errors import InvalidInput

if TYPE_CHECKING:
    from onehandler.cli.batch_jobs import Jobs, State

_FAILED = 1  # exit code
_PLANNED_WITHIN = 120.0  # seconds
_EVERY = 0.5  # seconds

stack_option = click.option(
    "--stack",
    default="onehandler-dev",
    show_default=True,
    envvar="ONEHANDLER_STACK",
    help="SERVICE-STAGE, as deployed.",
)
watch_option = click.option("--watch", is_flag=True, help="Stay until it is done, with a progress bar.")
job_argument = click.argument("job")


@click.group("batch")
def command() -> None:
    """Score files with a deployed stack.

    Talks to AWS as boto3 does; with AWS_ENDPOINT_URL to the emulator.

    \b
    onehandler batch submit patients.csv --watch
    onehandler batch result JOB -o scored.csv
    """  # noqa: D301


@command.command()
@click.argument("file")
@click.option("--key", help="Key in the drops bucket.  [default: the file's name]")
@click.option(
    "--output", type=click.Choice(list(OUTPUTS)), help="Format of the results.  [default: the file's]"
)
@click.option(
    "--carry", metavar="COLUMN", multiple=True, help="Copy this column into the results; more than once."
)
@click.option("--single", is_flag=True, help="Also make one file of all results.")
@click.option(
    "--quoted-newlines/--no-quoted-newlines",
    default=None,
    help="Whether CSV cells have line breaks.  [default: find out from the file's beginning]",
)
@stack_option
@watch_option
@as_json_option
def submit(file: str, key: str | None, stack: str, watch: bool, as_json: bool, **asked: Any) -> None:
    """Drop FILE (a path, or s3://BUCKET/KEY) and say which job it became. A local .gz is unpacked on the way."""
    options = Options(**asked)
    jobs = _jobs(stack)
    name = key or file.rpartition("/")[2].removesuffix(".gz")
    if not name:
        raise InvalidInput("names no file", where=file)
    send = _copied if file.startswith("s3://") else _uploaded
    drop = send(jobs, file, name, options)
    state = jobs.planned(drop, _PLANNED_WITHIN, time.monotonic, time.sleep)
    _tell(jobs, state, watch=watch, as_json=as_json)


@command.command()
@click.argument("job", required=False)
@stack_option
@watch_option
@as_json_option
def status(job: str | None, stack: str, watch: bool, as_json: bool) -> None:
    """Say how far JOB is; without one, all jobs that are under way."""
    jobs = _jobs(stack)
    if job:
        _tell(jobs, jobs.state(job), watch=watch, as_json=as_json)
        return
    states = jobs.unfinished()
    if as_json:
        print_json({"jobs": [asdict(state) for state in states]})
    for state in states if not as_json else ():
        click.echo(state.line())
    if not states and not as_json:
        click.echo("no job is under way")


@command.command()
@job_argument
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output."
)
@stack_option
def result(job: str, output: Path | None, stack: str) -> None:
    """Write all results of JOB, in input order, as one file."""
    jobs = _jobs(stack)
    found, rows = jobs.results(job), jobs.rows(job)
    if output is None:
        for piece in found.stream(rows):
            sys.stdout.buffer.write(piece)
        return
    partial = output.with_name(output.name + ".partial")
    with partial.open("wb") as target:
        for piece in found.stream(rows):
            target.write(piece)
    partial.replace(output)
    click.echo(str(output), err=True)


@command.command()
@job_argument
@stack_option
@as_json_option
def merge(job: str, stack: str, as_json: bool) -> None:
    """Make one object of all results of JOB where they lie, without moving them here."""
    where = _jobs(stack).merge(job)
    if as_json:
        print_json({"job": job, "results": where})
    else:
        click.echo(where)


@command.command()
@job_argument
@stack_option
@as_json_option
def errors(job: str, stack: str, as_json: bool) -> None:
    """List the rows of JOB that have no prediction, and why. The exit code is 1 if there are any."""
    count = 0
    for row in _jobs(stack).results(job).failed():
        count += 1
        if as_json:
            print_json(asdict(row))  # JSON Lines: there may be millions
        else:
            click.echo(f"row {row.row:,} (byte {row.offset:,}): {row.error}")
    if count:
        raise click.exceptions.Exit(_FAILED)


@command.command()
@stack_option
@as_json_option
def redrive(stack: str, as_json: bool) -> None:
    """Move dead letters back to their queues. Doing it twice does no harm: every step of a job may run again."""
    found = _jobs(stack).redrive()
    if as_json:
        print_json({"moved": found})
        return
    for queue, count in found.items():
        click.echo(f"{queue}: {count:,} {'message' if count == 1 else 'messages'} moved back")


@command.command()
@job_argument
@stack_option
@as_json_option
def cancel(job: str, stack: str, as_json: bool) -> None:
    """Have JOB score no further chunk. What it has written stays; it never gets a marker."""
    state = _jobs(stack).cancel(job)
    _tell(None, state, watch=False, as_json=as_json)
    if state.status != "cancelled":
        raise click.exceptions.Exit(_FAILED)


def _jobs(stack: str) -> Jobs:
    from onehandler.cli.batch_jobs import Jobs  # boto3: 0.2 s

    return Jobs.of(stack)


def _uploaded(jobs: Jobs, file: str, key: str, options: Options) -> Any:
    from rich.progress import Progress

    from onehandler.cli.output import errors as error_console

    path = Path(file)
    if not path.is_file():
        raise InvalidInput("there is no such file", where=file)
    packed = path.suffix == ".gz"
    with Progress(console=error_console(), transient=True) as bar:
        task = bar.add_task("uploading", total=None if packed else path.stat().st_size)
        with _opened(path, packed=packed) as source:
            try:
                return jobs.drops.upload(source, key, options, lambda moved: bar.advance(task, moved))
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise InvalidInput(f"cannot be unpacked: {error}", where=file) from None


def _opened(path: Path, *, packed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if packed else path.open("rb")


def _copied(jobs: Jobs, location: str, key: str, options: Options) -> Any:
    bucket, _, source = location.removeprefix("s3://").partition("/")
    if not bucket or not source:
        raise InvalidInput("must be s3://BUCKET/KEY", where=location)
    return jobs.drops.copy(bucket, source, key, options)


def _tell(jobs: Jobs | None, state: State, *, watch: bool, as_json: bool) -> None:
    if watch and jobs is not None:
        state = _watched(jobs, state)
    if as_json:
        print_json(asdict(state))
    else:
        click.echo(state.line())
    if state.status == "refused":
        raise click.exceptions.Exit(_FAILED)


def _watched(jobs: Jobs, state: State) -> State:
    """Follow a job with a bar on standard error until it is over."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from onehandler.cli.output import errors as error_console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=error_console(), transient=True) as bar:
        task = bar.add_task("scoring", total=max(1, state.chunks), said="")
        while state.under_way:
            said = f"{state.rows:,} rows, {state.failed:,} failed, {state.rows_per_second:,.0f} rows/s"
            bar.update(task, completed=state.done, said=said)
            time.sleep(_EVERY)
            state = jobs.state(state.job)
    return state
