"""Batch jobs of a deployed stack, for whoever drops files and wants their results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from onehandler.batch.options import METADATA
from onehandler.batch.ports import Location
from onehandler.errors import InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import IO

    from onehandler.batch.options import Options

_OUTPUTS = ("DropsBucket", "ResultsBucket", "JobsTable", "ScoreMemory", "ScoreArchitecture")
_DEAD_LETTERS = ("DropsDeadLettersUrl", "ChunksDeadLettersUrl")


@dataclass(frozen=True, slots=True)
class Stack:
    """What serverless.yml deployed, by its outputs."""

    drops: str  # bucket
    results: str  # bucket
    ledger: str  # table
    memory_mb: int  # of a score function
    architecture: str  # "x86_64" or "arm64"
    dead_letters: tuple[str, ...]  # queue URLs

    @classmethod
    def found(cls, name: str) -> Stack:
        """Ask CloudFormation. NotFound without such a stack, Unavailable when AWS cannot be asked."""
        try:
            [stack] = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ValidationError":
                raise NotFound(
                    "there is no such stack here; name it with --stack SERVICE-STAGE", where=name
                ) from None
            raise Unavailable(f"CloudFormation answers {error}", where=name) from None
        except BotoCoreError as error:
            raise Unavailable(f"AWS cannot be asked: {error}", where=name) from None
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        missing = [output for output in (*_OUTPUTS, *_DEAD_LETTERS) if output not in outputs]
        if missing:
            raise InvalidInput(
                f"has no output {', '.join(missing)}; deploy this version's serverless.yml", where=name
            )
        drops, results, ledger, memory, architecture = (outputs[output] for output in _OUTPUTS)
        dead_letters = tuple(outputs[output] for output in _DEAD_LETTERS)
        return cls(drops, results, ledger, int(memory), architecture, dead_letters)


class Drops:
    """Puts files into the drops bucket and finds the jobs that they became."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._client = boto3.client("s3")

    def upload(self, file: IO[bytes], key: str, options: Options, moved: Callable[[int], None]) -> Location:
        """Upload; `moved` is told every so many bytes. Gives the version that was made."""
        self._client.upload_fileobj(
            file, self._stack.drops, key, ExtraArgs={"Metadata": _metadata(options)}, Callback=moved
        )
        return self._state(key)

    def copy(self, bucket: str, source: str, key: str, options: Options) -> Location:
        """Copy an object there, within S3."""
        told = {"Metadata": _metadata(options), "MetadataDirective": "REPLACE"}
        try:
            self._client.copy({"Bucket": bucket, "Key": source}, self._stack.drops, key, ExtraArgs=told)
        except ClientError as error:
            raise NotFound(f"cannot be copied: {error}", where=f"s3://{bucket}/{source}") from None
        return self._state(key)

    def planned(self, drop: Location) -> Mapping[str, Any] | None:
        """The manifest or, for a file that was refused, {"reason": …}; None before either is there."""
        for prefix in self._jobs_of(drop.key):
            for name in ("manifest.json", "_REFUSED"):
                found = self._json(prefix + name)
                if (
                    found
                    and found["source"]["version"] == drop.version
                    and found["source"]["etag"] == drop.etag
                ):
                    return found
        return None

    def _state(self, key: str) -> Location:
        found = self._client.head_object(Bucket=self._stack.drops, Key=key)
        return Location(self._stack.drops, key, found.get("VersionId", ""), found["ETag"].strip('"'))

    def _jobs_of(self, key: str) -> Iterator[str]:
        """Prefixes of the jobs that a key's states became."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._stack.results, Prefix=key.strip("/") + "/", Delimiter="/"
        )
        for page in pages:
            yield from (found["Prefix"] for found in page.get("CommonPrefixes", []))

    def _json(self, key: str) -> dict[str, Any] | None:
        try:
            body = self._client.get_object(Bucket=self._stack.results, Key=key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise
        content: dict[str, Any] = json.loads(body)
        return content


def _metadata(options: Options) -> dict[str, str]:
    told = options.told()
    return {METADATA: told} if told else {}


def redrive(stack: Stack) -> dict[str, int]:
    """Have SQS move what waits in the dead letters back to its queue: how many, by queue. Safe to call twice."""
    client = boto3.client("sqs")
    found = {}
    for url in stack.dead_letters:
        names: Any = ["QueueArn", "ApproximateNumberOfMessages"]
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        waiting = int(attributes["ApproximateNumberOfMessages"])
        if waiting:
            try:
                client.start_message_move_task(SourceArn=attributes["QueueArn"])
            except ClientError as error:  # one is under way
                if error.response.get("Error", {}).get("Code") not in (
                    "UnsupportedOperation",
                    "AWS.SimpleQueueService.UnsupportedOperation",
                ):
                    raise
        found[url.rpartition("/")[2]] = waiting
    return found
