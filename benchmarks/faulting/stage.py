"""The repository's own deployment, with shorter timeouts and a layer that brings the faults."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from adapters.aws_jobs import Stack

if TYPE_CHECKING:
    from benchmarks.faulting.tokens import Tokens

STACK = "onehandler-dev"
LANES = ("batchPlan", "batchScore")
_INSIDE = Path(__file__).parent / "inside" / "sitecustomize.py"
_TIMEOUTS = {"batchPlan": 5, "batchScore": 3}  # seconds; the queues hide a message as long
_BATCH = 3  # messages a score function gets at once


@dataclass(frozen=True, slots=True)
class Stage:
    """A deployment ready for faults."""

    stack: Stack
    queues: dict[str, str]  # URLs by lane
    layer: str  # ARN

    @classmethod
    def prepare(cls) -> Stage:
        """Shorten the queues' and functions' timeouts, and publish the layer. boto3 must be set for the emulator."""
        client, sqs = boto3.client("lambda"), boto3.client("sqs")
        layer = client.publish_layer_version(LayerName="faults", Content={"ZipFile": _archive()})
        queues = {}
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
            lane = mapping["FunctionArn"].rpartition("-")[2]
            url = sqs.get_queue_url(QueueName=mapping["EventSourceArn"].rpartition(":")[2])["QueueUrl"]
            queues[lane] = url
            client.update_function_configuration(FunctionName=f"{STACK}-{lane}", Timeout=_TIMEOUTS[lane])
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(_TIMEOUTS[lane])})
            if lane == "batchScore":
                client.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=_BATCH)
        return cls(Stack.found(STACK), queues, layer["LayerVersionArn"])

    def haunt(self, tokens: Tokens, seed: int, chunk_mb: float, share: float, weak: str = "") -> None:
        """Have the functions meet these faults; `weak` names the build that must not pass."""
        faults = {
            "FAULTS_TOKENS": str(tokens.folder.resolve()),
            "FAULTS_DONE": str(tokens.done.resolve()),
            "FAULTS_SEED": str(seed),
            "FAULTS_SHARE": str(share),
            "FAULTS_WEAK": weak,
            # What Lambda sets by itself, with the layer's folder first.
            "PYTHONPATH": "/opt/faults:/var/runtime",
        }
        for lane in LANES:
            self._configure(lane, {**faults, "ONEHANDLER_BATCH_CHUNK_MB": str(chunk_mb)})
        boto3.client("lambda").update_function_configuration(
            FunctionName=f"{STACK}-batchSweep",
            Environment={"Variables": {**self._variables("batchSweep"), "ONEHANDLER_BATCH_STALLED_S": "15"}},
        )

    def sweep(self) -> None:
        """What the schedule does every five minutes."""
        answer = boto3.client("lambda").invoke(FunctionName=f"{STACK}-batchSweep", Payload=b"{}")
        if "FunctionError" in answer:
            raise RuntimeError(f"the sweeper says {answer['Payload'].read().decode()}")

    def environment(self, lane: str) -> dict[str, str]:
        """For a worker outside of Lambda: this process' with the function's own."""
        return {**os.environ, **self._variables(lane)}

    def _configure(self, lane: str, more: dict[str, str]) -> None:
        client = boto3.client("lambda")
        known = client.get_function_configuration(FunctionName=f"{STACK}-{lane}")
        layers = [layer["Arn"] for layer in known.get("Layers", [])]
        if self.layer not in layers:
            layers.append(self.layer)
        client.update_function_configuration(
            FunctionName=f"{STACK}-{lane}",
            Layers=layers,
            Environment={"Variables": {**self._variables(lane), **more}},
        )

    def _variables(self, lane: str) -> dict[str, Any]:
        known = boto3.client("lambda").get_function_configuration(FunctionName=f"{STACK}-{lane}")
        return dict(known["Environment"]["Variables"])


def _archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(_INSIDE, "faults/sitecustomize.py")
    return file.getvalue()
