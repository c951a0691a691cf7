"""Cold start of the predict function as it is deployed, beside what people deploy instead.

    python -m benchmarks.cold_start [--starts 15] [--json]

Every variant runs under the stock awslambdaric in a fresh process, over nothing but its own code and
layers, with compiled .pyc unless its name says otherwise. Starts are taken in turns, so that a noisy moment
falls on all. Answers are checked equal before any time is taken.
"""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

import click

from benchmarks import warm_path
from benchmarks.cold_start_variants import events, prepared
from benchmarks.lambda_process import Deployed, Start, cold_start
from benchmarks.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TOLERANCE = 1e-4
_WARM, _WARM_STARTS = 500, 3  # warm invocations after each of the first starts
_PACKAGES = ("onnxruntime", "numpy", "fastapi", "mangum", "scikit-learn", "joblib", "aws-lambda-powertools")


@click.command()
@click.option("--starts", default=15, show_default=True, help="Cold starts of each variant.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(starts: int, as_json: bool, save: bool) -> None:
    """Measure and print."""
    python, variants = prepared()
    given = events()
    check_answers(python, variants, given)
    samples: dict[str, list[Start]] = {variant.name: [] for variant in variants}
    for number in range(starts):
        warm = _WARM if number < _WARM_STARTS else 0
        for variant in variants:
            samples[variant.name].append(cold_start(variant, python, given[variant.name], warm=warm))
    sizes = {variant.name: _megabytes([variant.code, *variant.layers]) for variant in variants}
    report(samples, sizes, warm_path.measured().ratios).tell("cold_start", as_json=as_json, save=save)


def check_answers(python: Path, variants: Sequence[Deployed], given: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise unless every variant that predicts gives the same label and probabilities."""
    found = {
        variant.name: _prediction(cold_start(variant, python, given[variant.name]).answer)
        for variant in variants
        if variant.name != "empty"
    }
    label, probabilities = found["ours"]
    for name, (other_label, other) in found.items():
        same = len(other) == len(probabilities) and all(
            abs(a - b) <= _TOLERANCE for a, b in zip(probabilities, other, strict=True)
        )
        if other_label != label or not same:
            raise RuntimeError(f"{name} answers {other_label} {other}, ours {label} {probabilities}")


def report(
    samples: Mapping[str, Sequence[Start]], sizes: Mapping[str, float], warm: Mapping[str, float]
) -> Report:
    """Medians, and how they compare; `warm` are the ratios of the warm path, which stand beside."""
    cold = {name: statistics.median(start.cold_ms for start in starts) for name, starts in samples.items()}
    rows = [
        {
            "deployed": name,
            "cold start ms": round(cold[name], 1),
            "init ms": round(statistics.median(start.init_ms for start in starts), 1),
            "least ms": round(min(start.cold_ms for start in starts), 1),
            "resident MB": round(statistics.median(start.resident_mb for start in starts), 1),
            "over empty": round(cold[name] / cold["empty"], 2),
            "artifact MB": round(sizes[name], 1),
            "warm p50 ms": round(_share(starts, 0.5), 3),
            "warm p99 ms": round(_share(starts, 0.99), 3),
        }
        for name, starts in samples.items()
    ]
    ratios = {
        "ours_over_empty": cold["ours"] / cold["empty"],
        "fastapi_mangum_ort_over_ours": cold["FastAPI + Mangum + onnxruntime"] / cold["ours"],
        "fastapi_mangum_joblib_over_ours": cold["FastAPI + Mangum + joblib"] / cold["ours"],
        **warm,
    }
    return Report("Cold start: process spawn to first correct answer (medians)", rows, ratios, _PACKAGES)


def _megabytes(folders: Sequence[Path]) -> float:
    """What lies in them, unzipped: code and layers, the model where it is not elsewhere."""
    return (
        sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file()) / 1e6
    )


def _share(starts: Sequence[Start], share: float) -> float:
    """So long or less took this share of the warm invocations; the median of the starts that had any."""
    measured = [sorted(start.warm_ms) for start in starts if start.warm_ms]
    return statistics.median(times[int(share * (len(times) - 1))] for times in measured)


def _prediction(answer: Any) -> tuple[str, list[float]]:
    """Label and probabilities of the first row, whichever way a variant says them."""
    if answer["statusCode"] != 200:
        raise RuntimeError(f"answered {answer}")
    body = json.loads(answer["body"])
    if "predictions" in body:
        first = body["predictions"][0]
        return first["label"], list(first["probabilities"].values())
    return body["label"][0], body["probabilities"][0]


if __name__ == "__main__":
    main()
