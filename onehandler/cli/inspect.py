"""`onehandler inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from onehandler.cli.output import as_json_option, bundle_argument, print_json, results

if TYPE_CHECKING:
    from rich.console import Console

    from onehandler.bundle import Bundle

# What a platform takes of code and model together, and what our own code and layers take of it, in bytes:
# layer-onnx, layer-web and predict.zip as `onehandler package` shows them (43.3 MB), and some room.
_LIMITS = {"AWS Lambda, unzipped with layers": (262_144_000, 45_000_000)}
_SHOWN_COLUMNS = 4


@click.command("inspect")
@bundle_argument
@as_json_option
def command(bundle: str, as_json: bool) -> None:
    """Verify BUNDLE (a folder or its .tar.gz) and show its signature, files, sizes, and which platforms it fits.

    The digest is what ONEHANDLER_BUNDLE_DIGEST pins in a deployment.

    \b
    onehandler inspect build/bundles/churn
    onehandler inspect build/bundles/churn --json | jq -r .digest
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
    console = results()
    found = _summary(bundle)
    made = found["source"].get("class") or found["source"].get("producer") or ""
    console.print(
        f"{bundle.name} version {bundle.version}, {bundle.runtime}" + (f", from {made}" * bool(made))
    )
    console.print(f"digest {bundle.digest}", soft_wrap=True)
    _show_signature(console, bundle)
    _show_files(console, found["files"])
    for name, fits in found["fits"].items():
        limit, ours = _LIMITS[name]
        verdict = "fits" if fits else "does not fit"
        used = f"{found['bytes'] + ours:,} of {limit:,} bytes" + (" with our own code" * bool(ours))
        console.print(f"{name}: {verdict} ({used})", soft_wrap=True)


def _show_signature(console: Console, bundle: Bundle) -> None:
    from rich.table import Table

    table = Table("", "name", "type", "shape", "columns", title="Signature", title_justify="left")
    for side in ("inputs", "outputs"):
        for spec in getattr(bundle.signature, side):
            names = ", ".join(spec.columns[:_SHOWN_COLUMNS])
            more = f" … ({len(spec.columns)})" if len(spec.columns) > _SHOWN_COLUMNS else ""
            kind = spec.dtype.name + (" or null" if spec.nullable else "")
            table.add_row(side[:-1], spec.name, kind, spec.shape_text, names + more)
    console.print(table)


def _show_files(console: Console, files: dict[str, dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("file", title="Files", title_justify="left")
    table.add_column("bytes", justify="right")
    table.add_column("sha256")
    for name, entry in files.items():
        table.add_row(name, f"{entry['bytes']:,}", entry["sha256"][:16])
    console.print(table)
