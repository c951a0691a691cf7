"""Transform jobs: a container of their own each, every object below the source through it."""

from __future__ import annotations

import gzip
import json
import secrets
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_emulator.sagemaker.errors import CannotServe, ModelFailed, SageMakerError
from local_emulator.sagemaker.invoking import Call, ask
from local_emulator.sagemaker.transform.records import assembled, batches, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from local_emulator.sagemaker.contracts import Logs, Objects, Place
    from local_emulator.sagemaker.fleet import Launcher
    from local_emulator.sagemaker.process import ServingProcess
    from local_emulator.sagemaker.transform.contracts import JobTold, TransformSpec
    from local_emulator.sagemaker.transform.records import Batch

LOG_GROUP = "/aws/sagemaker/TransformJobs"
_READY_S = 600.0
_MB = 1024 * 1024
_DEFAULT_MB = 6
_BATCH_STRATEGIES = {"SingleRecord": "SINGLE_RECORD", "MultiRecord": "MULTI_RECORD"}
_SEE_LOGS = "ClientError: See job logs for more information"


class Transforms:
    """Runs jobs, each in a thread of its own."""

    def __init__(self, launcher: Launcher, objects: Objects, logs_of: Callable[[Place], Logs]) -> None:
        self._launcher = launcher
        self._objects = objects
        self._logs_of = logs_of
        self._running: dict[tuple[Place, str], tuple[threading.Thread, threading.Event]] = {}
        self._lock = threading.Lock()

    def start(self, place: Place, spec: TransformSpec, told: JobTold) -> None:
        """Begin a job; returns at once."""
        stopping = threading.Event()
        job = Job(spec, self._launcher, self._objects, self._logs_of(place), stopping)
        thread = threading.Thread(target=job.run, args=(told,), name="sagemaker-transform", daemon=True)
        with self._lock:
            self._running[place, spec.name] = (thread, stopping)
        thread.start()

    def stop(self, place: Place, name: str) -> bool:
        """Have a job end; False when none of that name is under way."""
        with self._lock:
            found = self._running.get((place, name))
        if found is None or not found[0].is_alive():
            return False
        found[1].set()
        return True

    def close(self) -> None:
        """Have every job end, and wait for them."""
        with self._lock:
            running = list(self._running.values())
        for _, stopping in running:
            stopping.set()
        for thread, _ in running:
            thread.join()


class _Stopped(Exception):
    """Somebody stopped the job."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job. It ends Completed, Failed with the reason, or Stopped; what it wrote before that stays."""

    spec: TransformSpec
    launcher: Launcher
    objects: Objects
    logs: Logs
    stopping: threading.Event

    def run(self, told: JobTold) -> None:
        """From the container's start to its end."""
        try:
            self._run()
        except _Stopped:
            told.status("Stopped")
        except SageMakerError as error:
            told.status("Failed", error.message)
        else:
            told.status("Completed")

    def _run(self) -> None:
        if self.spec.problem:
            raise CannotServe(self.spec.problem)
        sources = sorted(uri for uri in self.objects.below(self.spec.source) if not uri.endswith("/"))
        if not sources:
            raise CannotServe(f"ClientError: No S3 objects found under S3 URL {self.spec.source}")
        folder = self.launcher.prepared(self.spec.container)
        try:
            self._through(self._started(folder), sources)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _through(self, process: ServingProcess, sources: Sequence[str]) -> None:
        try:
            spec = self._with_parameters(process)
            for source in sources:
                self._transform(process, spec, source)
        finally:
            process.stop()

    def _started(self, folder: Path) -> ServingProcess:
        spec = self.spec
        told = {"SAGEMAKER_BATCH": "true", **spec.environment}
        if spec.strategy:
            told["SAGEMAKER_BATCH_STRATEGY"] = _BATCH_STRATEGIES[spec.strategy]
        if spec.max_payload_mb is not None:
            told["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(spec.max_payload_mb)
        if spec.concurrency:
            told["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(spec.concurrency)
        stream = f"{spec.name}/i-{secrets.token_hex(9)[:17]}"
        process = self.launcher.start(
            spec.container, folder, told, lambda lines: self.logs.write(LOG_GROUP, stream, lines)
        )
        try:
            process.wait_ready(_READY_S)
        except CannotServe:
            process.stop(0)
            raise
        return process

    def _with_parameters(self, process: ServingProcess) -> TransformSpec:
        """The job, with what it leaves open as the container wants it."""
        wanted: dict[str, Any] = {}
        try:
            with process.asked("GET", "/execution-parameters", b"", {}, 10) as response:
                if response.status == 200:
                    wanted = json.loads(response.read())
        except (OSError, HTTPException, ValueError):
            wanted = {}
        spec = self.spec
        payload = (
            spec.max_payload_mb
            if spec.max_payload_mb is not None
            else wanted.get("MaxPayloadInMB", _DEFAULT_MB)
        )
        return replace(
            spec,
            strategy=spec.strategy or wanted.get("BatchStrategy", "MultiRecord"),
            max_payload_mb=int(payload),
            concurrency=spec.concurrency or int(wanted.get("MaxConcurrentTransforms", 1)),
        )

    def _transform(self, process: ServingProcess, spec: TransformSpec, source: str) -> None:
        content = self.objects.read(source)
        if spec.gzipped:
            content = _unpacked(content, source)
        cut = batches(content, spec, (spec.max_payload_mb or 0) * _MB)
        with ThreadPoolExecutor(max(1, spec.concurrency)) as pool:
            parts = list(pool.map(lambda batch: self._answer(process, spec, batch, source), cut))
        name = source.removeprefix(spec.source).lstrip("/") or urlsplit(source).path.rpartition("/")[2]
        target = f"{spec.target.rstrip('/')}/{name}.out"
        self.objects.write(target, assembled(parts, spec), spec.accept or "application/octet-stream")

    def _answer(self, process: ServingProcess, spec: TransformSpec, batch: Batch, source: str) -> bytes:
        headers = {"content-type": spec.content_type} if spec.content_type else {}
        if spec.accept:
            headers["accept"] = spec.accept
        call = Call(batch.body, headers, spec.timeout_s, LOG_GROUP)
        for number in range(spec.retries + 1):
            if self.stopping.is_set():
                raise _Stopped
            try:
                return joined(batch, ask(process, call).body, spec)
            except ModelFailed as error:
                answer = f"{error.original_status} {error.original_message}"
                told = f"{source}: Bad HTTP status received from algorithm: {answer}"
                self.logs.write(LOG_GROUP, f"{spec.name}/data-log", told[:2000].encode())
                # What the container calls the request's fault stays one.
                if 400 <= error.original_status < 500 or number == spec.retries:
                    raise CannotServe(_SEE_LOGS) from None
                time.sleep(0.1 * 2**number)
        raise AssertionError("the last try returns or raises")


def _unpacked(content: bytes, source: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError):
        raise CannotServe(f"ClientError: {source} is not gzip, which CompressionType says") from None
