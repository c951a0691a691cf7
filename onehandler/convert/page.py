"""The report of a build as one HTML page that needs nothing else. Every name in it comes from strangers: escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.convert.opening import opened
from onehandler.convert.parity import Different
from onehandler.convert.report import size_of
from onehandler.convert.tables import array_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onehandler.convert.build import Built, Order
    from onehandler.convert.cold_start import ColdStart
    from onehandler.convert.parity import Comparison, Reference
    from onehandler.errors import OnehandlerError
    from onehandler.signature import TensorSpec

_SIDE = 320  # pixels of a plot
_MOST = 500  # points of a plot
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{border:1px solid #ccc;padding:.2em .7em;text-align:left}"
    "td.number{text-align:right;font-variant-numeric:tabular-nums}svg{background:#fafafa;border:1px solid #ccc}"
)


def report_page(built: Built, start: ColdStart | None = None) -> str:
    """Signature, parity with a plot an output, what was done or warned of, the start, and every file's size."""
    bundle = built.bundle
    title = f"{bundle.name} {bundle.version}"
    return _page(
        title,
        f"<h1>{escape(title)}</h1><p>digest {escape(bundle.digest)}, {size_of(built):,} bytes</p>",
        _table("Inputs", ("name", "type", "shape", "columns"), map(_spec_row, bundle.signature.inputs)),
        _table("Outputs", ("name", "type", "shape", "columns"), map(_spec_row, bundle.signature.outputs)),
        _parity(built),
        _forms(built),
        _start(start) if start else "",
        _list("Cured and warned of", [each for each in (built.note, *built.warnings) if each]),
        _table("Files", ("name", "bytes", "sha256"), _files(built)),
    )


def refusal_page(order: Order, error: OnehandlerError) -> str:
    """Why nothing was built, from what, and, where the answers differ, by how much."""
    title = f"{order.name} {order.version}: refused"
    asked = [
        ("model", order.model),
        ("sample", order.sample or "none"),
        ("tolerance", f"{order.tolerance:g}"),
    ]
    compared = _comparisons(error.comparisons) if isinstance(error, Different) else ""
    return _page(
        title,
        f"<h1>{escape(title)}</h1><p>{escape(str(error))}</p><p>No bundle was written.</p>",
        compared,
        _table("Asked for", ("what", "value"), asked),
    )


def _page(title: str, *parts: str) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _start(start: ColdStart) -> str:
    rows = [("Python itself", f"{start.python:.0f}")]
    if start.session is not None:
        rows += [
            ("onehandler and its runtime", f"{max(0.0, start.loaded - start.python - start.session):.0f}"),
            (f"the model ({start.model_bytes:,} bytes)", f"{start.session:.1f}"),
        ]
    else:
        rows.append(
            (
                f"the model's packages, and it ({start.model_bytes:,} bytes)",
                f"{start.loaded - start.python:.0f}",
            )
        )
    rows.append(("together: expect a cold start of", f"{start.loaded:.0f}"))
    return (
        _table("Cold start", ("part", "ms"), rows)
        + "<p>Measured on the machine that built this, from its disk: medians of a few processes. A cloud adds the "
        "time to fetch the code, and gives a processor in proportion to the memory; onehandler bench runs the function "
        "as it is deployed.</p>"
    )


def _spec_row(spec: TensorSpec) -> tuple[Any, ...]:
    shape = " by ".join("any" if size < 0 else str(size) for size in spec.shape)
    kind = f"{spec.dtype.name}, may be missing" if spec.nullable else spec.dtype.name
    return spec.name, kind, shape, ", ".join(spec.columns)


def _files(built: Built) -> list[tuple[Any, ...]]:
    files = sorted(built.bundle.manifest["files"].items(), key=lambda each: -int(each[1]["bytes"]))
    return [(name, entry["bytes"], entry["sha256"]) for name, entry in files]


def _parity(built: Built) -> str:
    if not built.comparisons:
        return "<h2>Parity</h2><p>The file was ONNX already: there is no original to compare with.</p>"
    return _comparisons(built.comparisons) + _plots(built)


def _comparisons(comparisons: Sequence[Comparison]) -> str:
    rows = [
        (each.rows, each.output, each.count, f"{each.worst:.3g}", f"{each.share_off:.1%}")
        for each in comparisons
    ]
    heads = ("rows", "output", "count", "worst difference", "rows off")
    return _table("Parity with the original", heads, rows)


def _forms(built: Built) -> str:
    rows = [
        (each.form, each.size, f"{each.microseconds:.1f}", f"{each.worst:.3g}", f"{each.labels_off:.1%}")
        for each in built.forms
    ]
    heads = ("form", "bytes", "µs a row", "worst difference", "labels changed")
    return _table("Forms of the model", heads, rows) if rows else ""


def _plots(built: Built) -> str:
    candidate, reference = built.candidate, built.asked[-1]
    with opened(candidate) as model:
        answers = model.run(reference.rows.tensors(candidate.signature))
    return "".join(
        _plot(spec.name, reference, array_of(answers[spec.name]))
        for spec in candidate.signature.outputs
        if spec.dtype.family == "float"
    )


def _plot(output: str, reference: Reference, found: np.ndarray[Any, Any]) -> str:
    """The original's numbers to the right, the converted model's upwards; equal ones lie on the line."""
    pairs = np.stack([reference.expected[output].ravel().astype(float), found.ravel().astype(float)], axis=1)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    pairs = pairs[:: max(1, len(pairs) // _MOST)]
    if not len(pairs):
        return ""
    low, high = float(pairs.min()), float(pairs.max())
    scaled = (pairs - low) / ((high - low) or 1.0) * (_SIDE - 20) + 10
    points = "".join(f'<circle cx="{x:.1f}" cy="{_SIDE - y:.1f}" r="2"/>' for x, y in scaled)
    line = f'<line x1="10" y1="{_SIDE - 10}" x2="{_SIDE - 10}" y2="10" stroke="#999"/>'
    name, rows = escape(output), escape(reference.name)
    return (
        f"<figure><svg width='{_SIDE}' height='{_SIDE}' role='img' aria-label='{name}' fill='#0a58ca'>{line}{points}"
        f"</svg><figcaption>{name}, {rows} rows, {low:.4g} to {high:.4g}: original to the right, converted upwards"
        "</figcaption></figure>"
    )


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    return (
        f'<td class="number">{value:,}</td>' if isinstance(value, int) else f"<td>{escape(str(value))}</td>"
    )


def _list(title: str, items: Sequence[str]) -> str:
    found = "".join(f"<li>{escape(each)}</li>" for each in items) or "<li>nothing</li>"
    return f"<h2>{escape(title)}</h2><ul>{found}</ul>"
