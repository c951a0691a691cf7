"""What a function may import beside our own modules, and who provides it."""

from __future__ import annotations

import ast
import subprocess
import zipfile
from functools import cache
from typing import TYPE_CHECKING

from layers.imports import imports_of
from onehandler.errors import SettingsError
from onehandler.pythons import find_python

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

# What AWS installs beside every Python function.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
LAMBDA_RUNTIME = frozenset({"awslambdaric", "boto3", "botocore", "snapshot_restore_py"})


def packages_in(layer: Path) -> frozenset[str]:
    """The top-level names that a layer's archive makes importable."""
    with zipfile.ZipFile(layer) as archive:
        names = [name.split("/") for name in archive.namelist()]
    tops = {parts[1] for parts in names if parts[0] == "python" and len(parts) > 1}
    return frozenset(
        top.partition(".")[0] for top in tops if top != "__pycache__" and not top.endswith(".dist-info")
    )


@cache
def standard_library(python: str) -> frozenset[str]:
    """The top-level names of a Python version's own modules."""
    code = "import sys; print(' '.join(sys.stdlib_module_names))"
    command = [str(find_python(python)), "-I", "-S", "-c", code]
    return frozenset(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def check_provided(
    imported: Mapping[str, str], python: str, layers: Mapping[str, Path], allowed: Collection[str] = ()
) -> None:
    """Raise SettingsError for an import that nobody provides.

    `imported` is top-level names with who imports them; `layers` archives by name; `allowed` further names.
    """
    provided = standard_library(python) | LAMBDA_RUNTIME | frozenset(allowed)
    provided = provided.union(*(packages_in(archive) for archive in layers.values()))
    for package, importer in sorted(imported.items()):
        if package not in provided:
            raise SettingsError(
                f"imports {package}, which neither Python {python}, nor Lambda's runtime, nor its layers "
                f"({', '.join(layers) or 'none'}) provide; add it to a layer and run 'make lock'",
                where=importer,
            )


def imports_of_bundle(bundle: Path) -> dict[str, str]:
    """The top-level names that a bundle's own code imports, except its own modules, with the file."""
    sources = sorted(bundle.rglob("*.py"))
    own = {path.stem for path in sources} | {path.name for path in bundle.iterdir() if path.is_dir()}
    found: dict[str, str] = {}
    for path in sources:
        for each in imports_of(_parsed(path)):
            top = each.module.partition(".")[0]
            if top and top not in own and not each.optional:
                found.setdefault(top, f"the bundle's {path.relative_to(bundle).as_posix()}")
    return found


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise SettingsError(f"is not Python: {error}", where=str(path)) from None
