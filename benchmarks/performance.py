"""Writes docs/performance.md and its plots from benchmarks/results.

python -m benchmarks.performance
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.bars import bars
from benchmarks.report import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCS = Path(__file__).parents[1] / "docs"
IMAGES = "performance"
_INTRODUCTION = """# Performance

Written by `python -m benchmarks.performance` from the last results of each benchmark (`benchmarks/results/*.json`);
`make bench` measures everything anew and then writes this page. Every benchmark compares in one run, in turns, and
checks that all give the same answers before it takes any time. Compare figures within a table: those of another run,
or another machine, are others.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's part of the page; `plot` chooses title and figures by name, if any."""

    name: str
    heading: str
    words: str
    plot: Callable[[Sequence[Mapping[str, Any]]], tuple[str, dict[str, float]]] | None = None


def _of_starts(rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, float]]:
    return "spawn to first answer, ms", {row["deployed"]: row["cold start ms"] for row in rows}


def _of_servers(rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, float]]:
    forest = [row for row in rows if row["model"] == "forest"]  # not those that could not be measured
    return "requests/s, 8 connections, the forest", {row["server"]: row["requests/s, 8"] for row in forest}


def _of_emulators(rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, float]]:
    warm = next(row for row in rows if row["figure"] == "invoke warm ms")
    return "boto3 invoke, warm, ms", {
        name: value for name, value in warm.items() if isinstance(value, (int, float))
    }


SECTIONS = (
    Section(
        "cold_start",
        "AWS Lambda: cold start",
        "Process spawn to first correct answer under AWS's stock runtime client, over a task folder that nothing can "
        "be written to: a random forest of 100 trees on 30 features, .pyc shipped unless said otherwise. "
        "`handler_added_us` is what the whole handler, event in to response out, adds to a bare call of ONNX Runtime; "
        "`large_body` are 10,000 rows of 30 features, beside the shortest program of numpy and json; `image` is one "
        "of 224 by 224 by 3.",
        _of_starts,
    ),
    Section(
        "session_options",
        "What else was tried on the session",
        "ONNX Runtime's settings and file formats for the same forest, in one process: a small model opens in a few "
        "milliseconds whatever is set, beside the 45 ms of a whole cold start. So bundles hold plain ONNX, and the "
        "handler sets threads alone; [large-models.md](large-models.md) has the settings that do matter there.",
    ),
    Section(
        "serve",
        "Containers: `onehandler serve`",
        "Each server in an environment of its own, two workers, one row a request; `p50` and `p99` are of one "
        "connection. FastAPI runs as fast as it goes: uvloop, httptools, an `async def`. The ratios stand ours beside "
        "the best peer that serves the same ONNX file (`rps8`, `p99` at 8 connections), and beside the smallest of "
        "all (`memory`). Twice FastAPI is what is left where both run on uvloop: of the 110 µs that a small request "
        "costs one of our workers, 36 are the run through ONNX Runtime's C API (16 in a tight loop: after every system "
        "call the processor's caches and predictors start cold) and 20 the kernel's.",
        _of_servers,
    ),
    Section(
        "micro_batching",
        "Containers: micro-batching",
        "`onehandler serve --max-batch 16 --max-wait 10` beside the same without: a small model, and one that reads "
        "32 MB of weights a run.",
    ),
    Section(
        "container_load",
        "Containers: workers that die",
        "The serving container under 10,000 requests from 64 connections, each with a row whose right answer is known, "
        "while one worker gets SIGKILL every second. What has no answer is sent again, as clients do.",
    ),
    Section(
        "rolling_update",
        "SageMaker: an endpoint updated under load",
        "In the emulator: clients with boto3, without retries, while the endpoint changes between two configurations; "
        "each change starts serving processes beside the old ones and then stops those.",
    ),
    Section(
        "large_models",
        "Large models",
        "Time to first answer and peak memory beside plain `onnxruntime`; see [large-models.md](large-models.md).",
    ),
    Section(
        "large_json",
        "Large JSON bodies",
        "8 MB in parts, as the handler reads bodies of a megabyte and more, beside one call of orjson and of the json "
        "module, which hold all of it at once. Each part is thrown away, as it is once its tensors are made. "
        "[Decision 0008](decisions/0008-large-json-in-parts.md) tells why.",
    ),
    Section(
        "batch",
        "Batch scoring",
        "One core, 30 features a row, beside a plain loop of csv, numpy and onnxruntime in blocks of as many rows; "
        "queues and S3 are left out.",
    ),
    Section(
        "batch_end_to_end",
        "Batch scoring, from the drop to the marker",
        "The deployed functions in the emulator, which takes of the same cores: its S3, SQS and DynamoDB run beside "
        "the instances. `more_over_one` is how much sooner as many instances as cores are done than one.",
    ),
    Section(
        "faults",
        "Batch scoring under faults",
        "Workers killed before and after every exchange with S3, SQS and DynamoDB, answers lost, refused or late, "
        "messages delivered twice, out of order and after success, a second planner, a zombie; several files, the "
        "largest of a million rows. `lost`, `doubled` and `wrong` are rows and object versions; `markers` is markers a "
        "job; the two `_caught` say that builds without conditional writes, and with a ledger that counts, fail.",
    ),
    Section(
        "faults_azure",
        "Batch scoring under faults, on Azure's storage",
        "The same on blobs, queues and tables (Azurite), functions on Microsoft's worker runtime: 100,000 rows.",
    ),
    Section(
        "azure",
        "Azure Functions: cold start",
        "Start of Microsoft's worker process to its first answer over HTTP, each app's starts taken in turns, and warm "
        "calls after it. Decision 0007 says why ours streams through a server of its own.",
    ),
    Section(
        "emulator",
        "The AWS emulator",
        "Beside MiniStack, without Docker, and moto's own server; one client, boto3. HTTP APIs are asked over plain "
        "connections. The event source mapping has 10,000 messages to deliver, in tens.",
        _of_emulators,
    ),
)


def pages(results: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The page and its plots by their paths below docs."""
    found: dict[str, str] = {}
    parts = [_INTRODUCTION]
    for section in SECTIONS:
        if section.name not in results:
            continue
        result = results[section.name]
        parts.append(_part(section, result))
        if section.plot is not None:
            title, values = section.plot(result["rows"])
            found[f"{IMAGES}/{section.name}.svg"] = bars(title, values, "o")
    return {"performance.md": "\n".join(parts), **found}


def results() -> dict[str, Any]:
    """What was saved, by benchmark."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}


def main() -> None:
    """Write."""
    for name, content in pages(results()).items():
        path = DOCS / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        print(path)


def _part(section: Section, result: Mapping[str, Any]) -> str:
    machine, versions = result["machine"], result["versions"]
    on = f"{machine['cpus']} CPUs, {machine['model']}, {machine['system']}"
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    plot = [f"![{section.heading}]({IMAGES}/{section.name}.svg)", ""] if section.plot else []
    ratios = [f"- `{name}`: {value:.2f}" for name, value in result["ratios"].items()]
    return "\n".join(
        [
            f"## {section.heading}",
            "",
            section.words,
            "",
            f"`python -m benchmarks.{section.name}`; {on}; {packages}.",
            "",
            *plot,
            *_table(result["rows"]),
            "",
            *ratios,
            "",
        ]
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    names = list(rows[0])
    return [
        f"| {' | '.join(names)} |",
        f"|{' --- |' * len(names)}",
        *(f"| {' | '.join(_shown(row[name]) for name in names)} |" for row in rows),
    ]


def _shown(value: Any) -> str:
    if isinstance(value, (int, float)):
        return f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
    return str(value)


if __name__ == "__main__":
    main()
