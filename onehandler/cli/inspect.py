"""`onehandler inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from onehandler.cli.output import as_json_option, print_json, results

if TYPE_CHECKING:
    from onehandler.bundle import Bundle

# What a platform takes of code and model together, and what our own code and layers take of it.
_LIMITS = {
    "AWS Lambda, zip with layers": (262_144_000, 45_000_000),
    "SageMaker serverless, image": (10 * 1024**3, 200_000_000),
}


@click.command("inspect")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False))
@as_json_option
def command(bundle: str, as_json: bool) -> None:
    """Show the BUNDLE folder's signature, files and sizes, and which platforms it fits.

    \b
    onehandler inspect build/bundles/churn
    """  # noqa: D301
    from onehandler.bundle import Bundle

    found = Bundle.load(bundle)
    if as_json:
        print_json(_summary(found))
    else:
        _show(found)


def _summary(bundle: Bundle) -> dict[str, Any]:
    files: dict[str, dict[str, Any]] = bundle.manifest["files"]
    total = sum(entry["bytes"] for entry in files.values())
    return {
        "name": bundle.name,
        "version": bundle.version,
        "runtime": bundle.runtime,
        "digest": bundle.digest,
        "signature": bundle.signature.to_json(),
        "files": files,
        "bytes": total,
        "source": bundle.manifest.get("source", {}),
        "parity": bundle.manifest.get("parity", {}),
        "fits": {name: total + ours <= limit for name, (limit, ours) in _LIMITS.items()},
    }


def _show(bundle: Bundle) -> None:
    from rich.table import Table

    console = results()
    found = _summary(bundle)
    console.print(
        f"[bold]{bundle.name}[/bold] version {bundle.version}, {bundle.runtime}, digest {bundle.digest}"
    )
    tensors = Table("", "name", "type", "shape", "columns", title="Signature", title_justify="left")
    for side in ("inputs", "outputs"):
        for spec in getattr(bundle.signature, side):
            shown = ", ".join(spec.columns[:4]) + (
                f" … ({len(spec.columns)})" if len(spec.columns) > 4 else ""
            )
            tensors.add_row(side[:-1], spec.name, spec.dtype.name, spec.shape_text, shown)
    console.print(tensors)
    files = Table("file", "bytes", "sha256", title="Files", title_justify="left")
    for name, entry in found["files"].items():
        files.add_row(name, f"{entry['bytes']:,}", entry["sha256"][:16])
    console.print(files)
    for name, fits in found["fits"].items():
        limit, ours = _LIMITS[name]
        verdict = "fits" if fits else "does not fit"
        console.print(f"{name}: {verdict} ({found['bytes'] + ours:,} of {limit:,} bytes with our own code)")
