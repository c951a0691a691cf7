"""Builds the archive that Flex Consumption takes: the app, what it imports, the bundle.

python -m layers.azure --bundle build/bundles/churn --python 3.13 [--remote-build]
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from layers.azure_site import ALWAYS, MOUNTED, PREPARING, SITE, Packages, fill_site, names_in
from layers.bytecode import compile_folder, toolchain
from layers.cache import CACHE, built, key_of
from layers.frozen import freeze
from layers.function import ROOT, copy_below
from layers.imports import reach
from layers.ledger import AZURE_FLEX, check_size, ledger_json, ledger_table
from layers.provided import imports_of_bundle, standard_library
from layers.wheels import REQUIREMENTS
from onehandler.bundle import Bundle
from onehandler.errors import OnehandlerError, SettingsError
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from rich.table import Table

OUT = Path("build/azure")
NAME = "app"
PYTHONS = ("3.11", "3.12", "3.13")  # that Flex Consumption runs; its machines are all x86_64
_ENTRY = "functions.azure.function_app"
_TOP = (
    "function_app.py",
    "host.json",
)  # of functions/azure: the worker and the host look for them at the top
# The runtimes are found by name, so that importing the entry doesn't tell.
_FROZEN = ("adapters.azure_functions", "onehandler.runtimes.onnx", "onehandler.runtimes.onnx_strings")


@dataclass(frozen=True, slots=True)
class AzureReport:
    """The one archive, built or found built."""

    archives: tuple[Path, ...]

    def table(self) -> Table:
        """The size ledger for people."""
        return ledger_table(self.archives, AZURE_FLEX)

    def to_json(self) -> dict[str, object]:
        """The size ledger as one object."""
        return ledger_json(self.archives, AZURE_FLEX)


def package_azure(
    bundle: Path,
    python: str,
    out: Path = OUT,
    told: Callable[[str], None] = lambda _: None,
    *,
    remote_build: bool = False,
    cache: Path = CACHE,
) -> AzureReport:
    """Build OUT/app.zip, or find it built. With `remote_build` Azure installs the requirements itself.

    Raises SettingsError and BundleError; TooLarge for what Flex Consumption wouldn't take.
    """
    if python not in PYTHONS:
        raise SettingsError(f"must be one of {', '.join(PYTHONS)}, not {python!r:.20}", where="python")
    contents = _contents(bundle)
    target = out / f"{NAME}.zip"

    def fill(folder: Path) -> None:
        told(target.name)
        copy_below(contents.files, ROOT, folder)
        for name in _TOP:
            shutil.copyfile(ROOT / "functions" / "azure" / name, folder / name)
        compile_folder(folder, python, MOUNTED)
        freeze(folder, _FROZEN, python)
        requirements = "".join(path.read_text() for path in contents.requirements)
        (folder / "requirements.txt").write_text(requirements)
        if not remote_build:
            told("installing requirements")
            fill_site(folder / SITE, python, contents.packages, cache)
            _check_provided(contents.imports, python, names_in(folder / SITE))
        # The bundle goes in as it is: loading refuses any file, also a .pyc, that its manifest doesn't list.
        shutil.copytree(bundle, folder / "bundle", copy_function=shutil.copyfile)

    kind = "remote build" if remote_build else "whole"
    own = [*sorted(contents.files), *(ROOT / "functions" / "azure" / name for name in _TOP)]
    own += contents.requirements
    names = [path.relative_to(ROOT).as_posix() for path in own]
    built(target, key_of(kind, python, toolchain(python), contents.digest, *names, files=own), fill, cache)
    check_size(target, AZURE_FLEX)
    return AzureReport((target,))


@dataclass(frozen=True, slots=True)
class _Contents:
    """What goes in for a bundle: our files, packages, and the top-level names of all that is imported."""

    digest: str  # the bundle's
    files: frozenset[Path]
    packages: Sequence[Packages]
    imports: Mapping[str, str]

    @property
    def requirements(self) -> list[Path]:
        """The files that pin the packages."""
        return [REQUIREMENTS / f"{each.requirements}.txt" for each in self.packages]


def _contents(bundle: Path) -> _Contents:
    verified = Bundle.load(str(bundle))
    found = reach(ROOT, (_ENTRY,))
    kinds = {step["kind"] for step in verified.manifest.get("preprocessing", ())}
    # A bundle that takes neither texts nor images goes without what reads them.
    left_out = {each.module for kind, each in PREPARING.items() if kind not in kinds}
    imports = {name: importer for name, importer in found.packages.items() if name not in left_out}
    files = frozenset(path for path in found.files if not path.is_relative_to(ROOT / "functions"))
    packages = [ALWAYS, *(PREPARING[kind] for kind in sorted(kinds))]
    return _Contents(verified.digest, files, packages, {**imports, **imports_of_bundle(bundle)})


def _check_provided(imported: Mapping[str, str], python: str, installed: Collection[str]) -> None:
    """Raise SettingsError for an import that nobody provides. `imported` is top-level names with who imports them."""
    provided = {*standard_library(python), *installed, "adapters", "functions", "onehandler"}
    for package, importer in sorted(imported.items()):
        if package not in provided:
            raise SettingsError(
                f"imports {package}, which neither Python {python} nor the app's requirements provide; "
                "add it to requirements/azure.in and run 'make lock'",
                where=importer,
            )


@click.command(help=__doc__)
@click.option("--bundle", type=click.Path(path_type=Path), required=True, help="Folder of the bundle.")
@click.option("--python", default=this_version(), show_default=True, help="Version of the app's Python.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
@click.option("--remote-build", is_flag=True, help="Leave the requirements to Azure's own build.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(bundle: Path, python: str, out: Path, remote_build: bool, as_json: bool) -> None:
    """Build and print the size ledger."""
    console = Console(stderr=True)
    try:
        with console.status("building") as status:
            report = package_azure(bundle, python, out, status.update, remote_build=remote_build)
    except OnehandlerError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print(json.dumps(report.to_json()))
    else:
        Console().print(report.table())


if __name__ == "__main__":
    main()
