"""Builds function archives: our modules that a function can reach, compiled, and the bundle.

python -m layers.function --bundle build/bundles/churn --function predict
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from layers.build import OUT
from layers.bytecode import compile_folder
from layers.cache import built, key_of
from layers.imports import reach
from layers.ledger import ledger_json, ledger_table
from onehandler.bundle import Bundle
from onehandler.errors import OnehandlerError, SettingsError
from onehandler.pythons import this_version

ROOT = Path(__file__).parent.parent
# What AWS installs beside every Python function.
_LAMBDA_RUNTIME = frozenset({"awslambdaric", "boto3", "botocore"})


@dataclass(frozen=True, slots=True)
class Function:
    """One archive: its entry modules, its layers, and the packages that these bring."""

    name: str
    entries: tuple[str, ...]
    layers: tuple[str, ...]
    packages: frozenset[str]


FUNCTIONS = {
    function.name: function
    for function in (
        Function(
            "predict",
            ("functions.predict",),
            ("onnx", "web"),
            frozenset({"fastapi", "mangum", "starlette", "pydantic", "anyio"}),
        ),
        Function(
            "batch",
            ("functions.batch_plan", "functions.batch_score"),
            ("onnx", "batch"),
            frozenset({"aws_lambda_powertools"}),
        ),
    )
}


def build_function(name: str, bundle: Path, python: str, out: Path, root: Path = ROOT) -> Path:
    """Build one function archive, or find it built: OUT/NAME.zip. Raises SettingsError, BundleError."""
    function = FUNCTIONS[name]
    verified = Bundle.load(str(bundle))
    found = reach(root, function.entries)
    missing = found.packages - function.packages - _LAMBDA_RUNTIME
    if missing:
        raise SettingsError(
            f"imports {', '.join(sorted(missing))}; none of its layers ({', '.join(function.layers)}) has it",
            where=name,
        )

    def fill(folder: Path) -> None:
        for path in found.files:
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        compile_folder(folder, python, "/var/task")
        shutil.copytree(bundle, folder / "bundle", copy_function=shutil.copyfile)

    target = out / f"{name}.zip"
    names = sorted(path.relative_to(root).as_posix() for path in found.files)
    built(target, key_of(name, python, verified.digest, *names, files=sorted(found.files)), fill)
    return target


@click.command(help=__doc__)
@click.option("--bundle", type=click.Path(path_type=Path), required=True, help="Folder of the bundle.")
@click.option("--function", "name", type=click.Choice([*FUNCTIONS, "all"]), default="all", show_default=True)
@click.option("--python", default=this_version(), show_default=True, help="Version of the Lambda runtime.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(bundle: Path, name: str, python: str, out: Path, as_json: bool) -> None:
    """Build and print the size ledger."""
    try:
        names = list(FUNCTIONS) if name == "all" else [name]
        archives = [build_function(each, bundle, python, out) for each in names]
    except OnehandlerError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print(json.dumps(ledger_json(archives)))
    else:
        Console().print(ledger_table(archives))


if __name__ == "__main__":
    main()
