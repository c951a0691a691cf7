"""Cold start and warm latency on Azure Functions, beside the usual app and an empty one.

    python -m benchmarks.azure [--starts 15] [--quick] [--json]

Every app runs under Microsoft's own worker runtime in a fresh process, over the archive that is deployed (ours), or
with its packages installed and compiled (the others). Starts are taken in turns, so that a noisy moment falls on all.
Answers are checked equal before any time is taken.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.azure_worker.processes import App, Start, started
from benchmarks.demo_model import BUNDLE, HOLDOUT, ensure_bundle
from benchmarks.report import Report
from layers.azure import package_azure
from local_emulator.azure.workers.environments import NEWEST, Environments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORK = Path("build/bench/azure")
_APPS = Path(__file__).parent / "azure_worker" / "apps"
_HOST = '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}'
_TOLERANCE = 1e-4
_WARM, _WARM_STARTS = 500, 3  # warm calls after each of the first starts
_PACKAGES = ("onnxruntime", "fastapi", "azure-functions")


@click.command()
@click.option("--starts", default=15, show_default=True, help="Cold starts of each app.")
@click.option("--quick", is_flag=True, help="Five starts, 100 warm calls.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(starts: int, quick: bool, as_json: bool, save: bool) -> None:
    """Measure and print."""
    python = Environments(note=_say).python(NEWEST)
    apps = prepared(_WORK.resolve())
    with tempfile.TemporaryDirectory(prefix="azure-bench-") as home:
        check_answers({app.name: started(app, python, Path(home)).answer for app in apps})
        samples: dict[str, list[Start]] = {app.name: [] for app in apps}
        for number in range(5 if quick else starts):
            _say(f"start {number + 1} of each")
            warm = (_WARM // 5 if quick else _WARM) if number < _WARM_STARTS else 0
            for app in apps:
                samples[app.name].append(started(app, python, Path(home), warm=warm))
    report(samples).tell("azure", as_json=as_json, save=save)


def prepared(work: Path) -> list[App]:
    """The apps, unpacked and installed below a folder; ours is the archive that is deployed."""
    ensure_bundle()
    archive = package_azure(BUNDLE, NEWEST, work, _say).archives[0]
    ours = work / "ours"
    shutil.rmtree(ours, ignore_errors=True)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(ours)
    site, peers = ours / ".python_packages/lib/site-packages", _peer_packages(work)
    columns, row = _row()
    rows = json.dumps({"rows": [dict(zip(columns, row, strict=True))]}).encode()
    instances = json.dumps({"instances": [row]}).encode()
    settings = {"ONEHANDLER_AUTH_LEVEL": "anonymous", "ONEHANDLER_THREADS": "1"}
    plain = {**settings, "ONEHANDLER_CARRIER": "plain"}
    usual = {"MODEL": str(ours / "bundle" / "model.onnx")}
    extension = _app(work, "extension")
    for name in ("onehandler", "adapters", "bundle"):
        shutil.copytree(ours / name, extension / name, dirs_exist_ok=True)
    return [
        App("empty", _app(work, "empty"), None, {}, "/predict", b"{}"),
        App("ours", ours, site, settings, "/predict", rows),
        App("ours, by plain HttpRequest", ours, site, plain, "/predict", rows),
        App("ours behind Azure's streaming extension", extension, peers, settings, "/predict", rows),
        App(
            "AsgiFunctionApp + FastAPI + onnxruntime",
            _app(work, "usual"),
            peers,
            usual,
            "/predict",
            instances,
        ),
    ]


def check_answers(answers: Mapping[str, bytes]) -> None:
    """Raise unless every app that predicts gives the same probabilities."""
    found = {name: _probabilities(body) for name, body in answers.items() if name != "empty"}
    expected = found["ours"]
    for name, values in found.items():
        pairs = zip(values, expected, strict=True)
        if not all(abs(one - other) <= _TOLERANCE for one, other in pairs):
            raise RuntimeError(f"{name} answers {values}, ours {expected}")


def report(samples: Mapping[str, Sequence[Start]]) -> Report:
    """Medians, and how they compare."""
    cold = {name: statistics.median(start.cold_ms for start in starts) for name, starts in samples.items()}
    warm = {name: [time for start in starts for time in start.warm_ms] for name, starts in samples.items()}
    rows = [
        {
            "app": name,
            "cold start ms": round(cold[name], 1),
            "least ms": round(min(start.cold_ms for start in starts), 1),
            "over empty": round(cold[name] / cold["empty"], 2),
            "warm p50 ms": round(statistics.median(warm[name]), 3),
            "warm p99 ms": round(statistics.quantiles(warm[name], n=100)[-1], 3),
            "resident MB": round(statistics.median(start.resident_mb for start in starts), 1),
        }
        for name, starts in samples.items()
    ]
    _, ours, plain, extension, usual = cold
    ratios = {
        "ours_over_empty": cold[ours] / cold["empty"],
        "usual_over_ours": cold[usual] / cold[ours],
        "plain_over_ours": cold[plain] / cold[ours],
        "extension_over_ours": cold[extension] / cold[ours],
        "warm_usual_over_ours": statistics.median(warm[usual]) / statistics.median(warm[ours]),
    }
    return Report("Azure: worker's start to its first answer (medians)", rows, ratios, _PACKAGES)


def _app(work: Path, name: str) -> Path:
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(_APPS / f"{name}.py", folder / "function_app.py")
    (folder / "host.json").write_text(_HOST)
    return folder


def _peer_packages(work: Path) -> Path:
    """What the other apps need, installed and compiled as Azure's remote build does; once."""
    locked = Path("requirements/peer-azure.txt")
    folder = work / f"packages-{sha256(locked.read_bytes()).hexdigest()[:16]}"
    if not folder.is_dir():
        _say(f"installing {locked}")
        options = [
            "--python-version",
            NEWEST,
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--compile-bytecode",
        ]
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", *options, "-r", str(locked)]
        partial = folder.with_name("partial")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run([*command, "--target", str(partial)], check=True)
        partial.rename(folder)
    return folder


def _row() -> tuple[list[str], list[float]]:
    columns, first = (line.split(",") for line in HOLDOUT.read_text().splitlines()[:2])
    return columns, [float(cell) for cell in first]


def _probabilities(body: bytes) -> list[float]:
    """Of the first row, whichever way an app says them."""
    answer = json.loads(body)
    if "predictions" in answer:
        return list(answer["predictions"][0]["probabilities"].values())
    found: list[float] = answer["probabilities"][0]
    return found


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
