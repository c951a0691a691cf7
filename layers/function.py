"""Builds function archives: our modules that a function can reach, compiled, and the bundle.

python -m layers.function --bundle build/bundles/churn --function predict
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from layers.build import OUT, build_layer
from layers.bytecode import compile_folder, toolchain
from layers.cache import CACHE, built, key_of
from layers.frozen import freeze
from layers.imports import OWN, reach
from layers.ledger import check_direct_upload, check_limits, ledger_json, ledger_table
from layers.provided import check_provided
from layers.served import contents_of, scored
from layers.wheels import PLATFORMS, this_arch
from onehandler.bundle import Bundle
from onehandler.bundle_sources.location import Location
from onehandler.errors import OnehandlerError, SettingsError
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Function:
    """One archive: its entry modules, each with the layers that serverless.yml gives it.

    `startup` modules run before them, in the same processes. What `frozen` modules import is read from one file. With
    `one_model`, of a folder of models it holds the default.
    """

    name: str
    entries: Mapping[str, tuple[str, ...]]
    startup: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    one_model: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers that any of its entries has."""
        return tuple(dict.fromkeys(layer for layers in self.entries.values() for layer in layers))


FUNCTIONS = {
    function.name: function
    for function in (
        Function(
            "predict",
            {"functions.predict": ("onnx", "web")},
            startup=("functions.startup.sitecustomize",),
            # The runtimes are found by name, so that importing the entry doesn't tell.
            frozen=("functions.predict", "onehandler.runtimes.onnx", "onehandler.runtimes.onnx_strings"),
        ),
        Function(
            "batch",
            {
                "functions.batch_plan": ("batch",),
                "functions.batch_score": ("onnx", "batch"),
                "functions.batch_sweep": ("batch",),
            },
            one_model=True,
        ),
    )
}


def build_function(
    function: Function,
    bundle: Path,
    python: str,
    layers: Mapping[str, Path],
    out: Path,
    cache: Path = CACHE,
    location: str = "",
) -> Path:
    """Build one function archive, or find it built: OUT/NAME.zip.

    `bundle` is a bundle's folder, or one of several models; `layers` are the built archives of the layers that the
    function has, by name. With a `location` (s3://…) the function fetches the bundle from there, and the archive
    holds none. Raises SettingsError, BundleError.
    """
    bundle = scored(bundle) if function.one_model else bundle
    contents = contents_of(bundle)
    if location:
        _check_location(location, Bundle.load(str(bundle)))
    files = reachable(function, ROOT, python, layers, contents.imports)

    def fill(folder: Path) -> None:
        copy_below(files, ROOT, folder)
        compile_folder(folder, python, "/var/task")
        if function.frozen:
            freeze(folder, function.frozen, python)
        # The bundle goes in as it is: loading refuses any file, also a .pyc, that its manifest doesn't list.
        if not location:
            shutil.copytree(bundle, folder / "bundle", copy_function=shutil.copyfile)

    target = out / f"{function.name}.zip"
    names = sorted(path.relative_to(ROOT).as_posix() for path in files)
    held = "" if location else contents.digest
    key = key_of(function.name, python, toolchain(python), held, *names, files=sorted(files))
    built(target, key, fill, cache)
    return target


def _check_location(location: str, bundle: Bundle) -> None:
    digest = Location.parse(location).digest
    if digest != bundle.digest:
        raise SettingsError(
            f"names another state than {bundle.folder}, whose digest is {bundle.digest}; push it again",
            where=location,
        )


def reachable(
    function: Function, root: Path, python: str, layers: Mapping[str, Path], of_bundle: Mapping[str, str]
) -> frozenset[Path]:
    """Our files that the function's entries can reach; SettingsError when one imports what it doesn't get.

    `of_bundle` is what the bundle's own code imports: the entries that load models must provide that.
    """
    files: set[Path] = set()
    for entry, names in function.entries.items():
        found = reach(root, (entry, *function.startup))
        given = {name: layers[name] for name in names}
        loads_models = "onnx" in names
        check_provided({**found.packages, **(of_bundle if loads_models else {})}, python, given, OWN)
        files |= found.files
    return frozenset(files)


def copy_below(files: Iterable[Path], root: Path, folder: Path) -> None:
    """Copy files to the same places below another folder."""
    for path in files:
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


@click.command(help=__doc__)
@click.option("--bundle", type=click.Path(path_type=Path), required=True, help="Folder of the bundle.")
@click.option("--function", "name", type=click.Choice([*FUNCTIONS, "all"]), default="all", show_default=True)
@click.option("--arch", type=click.Choice(list(PLATFORMS)), default=this_arch, show_default="this machine's")
@click.option("--python", default=this_version(), show_default=True, help="Version of the Lambda runtime.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(bundle: Path, name: str, arch: str, python: str, out: Path, as_json: bool) -> None:
    """Build and print the size ledger."""
    try:
        chosen = list(FUNCTIONS.values()) if name == "all" else [FUNCTIONS[name]]
        archives = [_built_with_layers(function, bundle, arch, python, out) for function in chosen]
        check_direct_upload(archives)
    except OnehandlerError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print(json.dumps(ledger_json(archives)))
    else:
        Console().print(ledger_table(archives))


def _built_with_layers(function: Function, bundle: Path, arch: str, python: str, out: Path) -> Path:
    layers = {name: build_layer(name, arch, python, out) for name in function.layers}
    archive = build_function(function, bundle, python, layers, out)
    check_limits([archive, *layers.values()])
    return archive


if __name__ == "__main__":
    main()
