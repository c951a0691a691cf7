"""The lines that Lambda itself writes to a function's log, in its text format.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """What a REPORT line tells. Times in milliseconds, memory in MB."""

    request_id: str
    duration_ms: float
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    restore_ms: float | None = None  # SnapStart: takes the place of the init time
    status: str = ""  # "error" or "timeout" where the platform, not the handler, ended it
    error_type: str = ""


def start_line(request_id: str, version: str) -> bytes:
    """START."""
    return f"START RequestId: {request_id} Version: {version}\n".encode()


def end_lines(figures: Figures) -> bytes:
    """END and REPORT."""
    parts = [
        f"REPORT RequestId: {figures.request_id}",
        f"Duration: {figures.duration_ms:.2f} ms",
        f"Billed Duration: {_billed(figures)} ms",
        f"Memory Size: {figures.memory_mb} MB",
        f"Max Memory Used: {figures.max_memory_mb} MB",
    ]
    if figures.restore_ms is not None:
        parts.append(f"Restore Duration: {figures.restore_ms:.2f} ms")
        parts.append(f"Billed Restore Duration: {math.ceil(figures.restore_ms)} ms")
    elif figures.init_ms is not None:
        parts.append(f"Init Duration: {figures.init_ms:.2f} ms")
    if figures.status:
        parts.append(f"Status: {figures.status}")
    if figures.error_type:
        parts.append(f"Error Type: {figures.error_type}")
    return f"END RequestId: {figures.request_id}\n{chr(9).join(parts)}\n".encode()


def init_line(duration_ms: float, phase: str, status: str, error_type: str) -> bytes:
    """INIT_REPORT, which Lambda writes for an init phase that failed."""
    kind = f"\tError Type: {error_type}" if error_type else ""
    return (
        f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}{kind}\n".encode()
    )


def init_start_line(runtime: str, region: str) -> bytes:
    """INIT_START, written when a snapshot is made."""
    return f"INIT_START {_runtime(runtime, region)}\n".encode()


def restore_start_line(runtime: str, region: str) -> bytes:
    """RESTORE_START, where a log stream of a restored instance begins."""
    return f"RESTORE_START {_runtime(runtime, region)}\n".encode()


def init_done_line(duration_ms: float) -> bytes:
    """INIT_REPORT of a snapshot that was made: for SnapStart the only place of the init time."""
    return f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\n".encode()


def restore_line(duration_ms: float, status: str = "", error_type: str = "") -> bytes:
    """RESTORE_REPORT; with a status where the restore failed."""
    parts = [f"RESTORE_REPORT Restore Duration: {duration_ms:.2f} ms"]
    if status:
        parts.append(f"Status: {status}")
    if error_type:
        parts.append(f"Error Type: {error_type}")
    return f"{chr(9).join(parts)}\n".encode()


def _runtime(runtime: str, region: str) -> str:
    """AWS's runtimes have a build number and a digest; what runs here has neither, and says so."""
    version = runtime.replace("python", "python:")
    return (
        f"Runtime Version: {version}.emulator\tRuntime Version ARN: arn:aws:lambda:{region}::runtime:emulator"
    )


def _billed(figures: Figures) -> int:
    # Since August 2025 the init phase is billed for every kind of function; a SnapStart restore is apart.
    init_ms = figures.init_ms if figures.init_ms is not None and figures.restore_ms is None else 0.0
    return max(1, math.ceil(figures.duration_ms + init_ms))
