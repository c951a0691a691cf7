"""What it costs to read large JSON in parts: 8 MB of several forms beside one call of orjson, and of the json module.

    python -m benchmarks.large_json [--rounds 5] [--json]

Every part is read and thrown away, as it is once its tensors are made; the other two give all of it at once, in 30 to
250 MB. A form that is read as something else than json.loads reads is an error.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click
import orjson

from benchmarks.report import Report
from onehandler.codecs import json_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onehandler.large_array import LargeArray

_SIZE = 8 * 1024 * 1024  # bytes
_FORMS = {
    "rows of 64 numbers": b"[" + b",".join([b"5.123456"] * 64) + b"]",
    "rows of 2 numbers": b"[5.1,3.5]",
    "rows by name": b'{"sepal length":5.1,"sepal width":3.5}',
    "rows by name, pretty": b'{\n    "sepal length": 5.1,\n    "sepal width": 3.5\n}',
    "numbers": b"5.123456",
    "short texts": b'"setosa"',
    "texts with escapes": b'"two\\nlines"',
    "pairs of brackets": b"[[]]",  # the most brackets that are not seen through at once
}


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Readings of each form, in turns.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(rounds: int, as_json: bool, save: bool) -> None:
    """Measure and print."""
    report({name: _measured(part, rounds) for name, part in _FORMS.items()}).tell(
        "large_json", as_json=as_json, save=save
    )


def report(taken: Mapping[str, Mapping[str, float]]) -> Report:
    """The least milliseconds of each way, and ours beside orjson's."""
    rows = [
        {"8 MB of": name, **{f"{way} ms": ms for way, ms in found.items()}} for name, found in taken.items()
    ]
    ratios = {
        f"{name.replace(', ', '_').replace(' ', '_')}_over_orjson": found["in parts"] / found["orjson"]
        for name, found in taken.items()
    }
    return Report("Large JSON (least of the readings)", rows, ratios, ("orjson",))


def _measured(part: bytes, rounds: int) -> dict[str, float]:
    count = (_SIZE - 10) // (len(part) + 1)
    body = b'{"rows":[' + b",".join([part] * count) + b"]}"
    if _in_parts(body) != count or json.loads(body)["rows"][-1] != json.loads(part):
        raise RuntimeError(f"{part[:20]!r} is read as something else")
    ways: dict[str, Callable[[bytes], Any]] = {
        "in parts": _in_parts,
        "orjson": orjson.loads,
        "json": json.loads,
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, read in ways.items():
            started = time.perf_counter()
            read(body)
            taken[name].append(1000 * (time.perf_counter() - started))
    return {name: min(times) for name, times in taken.items()}


def _in_parts(body: bytes) -> int:
    """How many elements its rows have, each of which was read."""
    rows: LargeArray = json_parts.loads(body, ["rows"])["rows"]
    return sum(len(part) for part in rows.parts())


if __name__ == "__main__":
    main()
