"""First answer and peak memory of models with 100 MB and 1 GB of weights, beside plain onnxruntime.

    python -m benchmarks.large_models [--megabytes 100 --megabytes 1000] [--starts 5] [--places] [--json]

Every variant runs under the stock awslambdaric in a fresh process, whose files the page cache holds. Times and
peaks are taken in different starts, for watching takes time. Answers are compared before. `--places` also deploys
the smallest model to the emulator in three ways: in the archive, as a layer, and in S3.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from benchmarks.cold_start_variants import code_folder, http_event, prepared
from benchmarks.lambda_process import Deployed, cold_start
from benchmarks.large_model import WIDTH, inline, make_bundle
from benchmarks.memory_peaks import Peaks
from benchmarks.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onehandler.bundle import Bundle

_TOLERANCE = 1e-4
_PACKAGES = ("onnxruntime", "numpy", "onnx")
_OURS, _PACKED, _ORT, _INLINE = "ours", "ours, prepacked", "onnxruntime", "onnxruntime, weights in the graph"


@dataclass(slots=True)
class Figures:
    """What was measured of one variant with one model."""

    megabytes: int
    name: str
    weights_mb: float
    cold_ms: list[float] = field(default_factory=list)
    peaks: list[dict[str, float]] = field(default_factory=list)

    @property
    def cold(self) -> float:
        """Median of spawn to first answer, in milliseconds."""
        return statistics.median(self.cold_ms)

    def peak(self, kind: str) -> float:
        """Median of a kind's peaks, in megabytes."""
        return statistics.median(peak[kind] for peak in self.peaks)

    def row(self) -> dict[str, Any]:
        """One line of the table."""
        return {
            "weights MB": str(self.megabytes),
            "program": self.name,
            "first answer ms": round(self.cold, 1),
            "peak MB (VmHWM)": round(self.peak("VmHWM"), 1),
            "over weights MB": round(self.peak("VmHWM") - self.weights_mb, 1),
            "of it anonymous MB": round(self.peak("RssAnon"), 1),
            "of files MB": round(self.peak("RssFile"), 1),
        }


@click.command()
@click.option("--megabytes", multiple=True, type=int, default=(100, 1000), show_default=True)
@click.option(
    "--starts", default=5, show_default=True, help="Cold starts of each variant, timed and watched."
)
@click.option("--places", is_flag=True, help="Deploy to the emulator: archive, layer, S3.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(megabytes: Sequence[int], starts: int, places: bool, as_json: bool, save: bool) -> None:
    """Measure and print."""
    found: list[Figures] = []
    rows: list[dict[str, Any]] = []
    console = Console(stderr=True)
    with console.status("preparing") as status:
        python, deployed = prepared()
        base = {each.name: each for each in deployed}
        for size in megabytes:
            # Not in memory, even where /tmp is: what is measured shares the page cache only.
            with tempfile.TemporaryDirectory(prefix="large-models-", dir="build") as folder:
                status.update(f"making {size} MB")
                bundle = make_bundle(Path(folder).resolve(), size)
                status.update(f"measuring {size} MB")
                found += measured(
                    python, variants(base, bundle, Path(folder).resolve()), bundle, size, starts
                )
                if places and size == min(megabytes):
                    from benchmarks.large_model_places import measure_places  # boto3, moto

                    rows += measure_places(Path(bundle.folder), size, starts, status.update)
    title = "Large models: spawn to first correct answer, and peaks until then (medians)"
    if rows and not as_json:
        Report("Where the model lies: cold starts on the emulator (medians)", rows, {}).print(as_json=False)
    Report(
        title, [*(each.row() for each in found), *(rows if as_json else [])], ratios(found), _PACKAGES
    ).tell("large_models", as_json=as_json, save=save)


def variants(base: Mapping[str, Deployed], bundle: Bundle, folder: Path) -> list[Deployed]:
    """Ours as deployed, and the shortest program with onnxruntime, with the weights beside the graph and in it."""
    ours, ort = base["ours"], base["numpy + onnxruntime"]
    place = {"ONEHANDLER_BUNDLE": bundle.folder}
    peer = replace(ort, code=code_folder("large_ort"), entry_point="large_ort.handler")
    return [
        replace(ours, environment={**ours.environment, **place}),
        replace(ours, name=_PACKED, environment={**ours.environment, **place, "ONEHANDLER_PREPACK": "1"}),
        replace(peer, name=_ORT, environment={"MODEL": bundle.model_path}),
        replace(peer, name=_INLINE, environment={"MODEL": str(inline(bundle, folder))}),
    ]


def measured(
    python: Path, programs: Sequence[Deployed], bundle: Bundle, size: int, starts: int
) -> list[Figures]:
    """Start all in turns, first to compare their answers, then timed and watched."""
    row = [(column % 7) / 7 for column in range(WIDTH)]
    event = http_event({"instances": [row]}, f"/v1/models/{bundle.name}:predict")
    weights = Path(f"{bundle.model_path}.data").stat().st_size / 1e6
    found = {each.name: Figures(size, each.name, weights) for each in programs}
    _compare({each.name: cold_start(each, python, event).answer for each in programs})
    for _ in range(starts):
        for each in programs:
            found[each.name].cold_ms.append(cold_start(each, python, event).cold_ms)
    for _ in range(max(1, starts // 2)):
        for each in programs:
            peaks = Peaks()
            cold_start(each, python, event, peaks.watch)
            found[each.name].peaks.append(peaks.end())
    return list(found.values())


def ratios(found: Sequence[Figures]) -> dict[str, float]:
    """Ours over plain onnxruntime with the same files, and what ours takes beside the weights."""
    made: dict[str, float] = {}
    for size in dict.fromkeys(each.megabytes for each in found):
        named = {each.name: each for each in found if each.megabytes == size}
        ours, ort, within = named[_OURS], named[_ORT], named[_INLINE]
        suffix = f"{size // 1000}gb" if size >= 1000 else f"{size}mb"
        made |= {
            f"ours_over_ort_first_answer_{suffix}": ours.cold / ort.cold,
            f"ours_over_ort_peak_{suffix}": ours.peak("VmHWM") / ort.peak("VmHWM"),
            f"ours_over_ort_inline_first_answer_{suffix}": ours.cold / within.cold,
            f"ours_over_ort_inline_peak_{suffix}": ours.peak("VmHWM") / within.peak("VmHWM"),
            f"peak_over_weights_mb_{suffix}": ours.peak("VmHWM") - ours.weights_mb,
        }
    return made


def _compare(answers: Mapping[str, Any]) -> None:
    """Raise unless all programs answer the same."""
    numbers = {name: _numbers(answer) for name, answer in answers.items()}
    expected = numbers[_ORT]
    for name, found in numbers.items():
        off = max(abs(a - b) for a, b in zip(found, expected, strict=True))
        if off > _TOLERANCE:
            raise RuntimeError(f"{name} answers up to {off} off")


def _numbers(answer: Any) -> list[float]:
    if answer["statusCode"] != 200:
        raise RuntimeError(f"answered {answer}"[:2000])
    return list(json.loads(answer["body"])["predictions"][0])


if __name__ == "__main__":
    main()
