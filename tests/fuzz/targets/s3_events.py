"""S3 notifications and chunk messages, as the batch functions get them from a queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adapters.aws_batch import drops_in
from onehandler.batch.job import Task
from tests.adapters.aws_lambda.golden import golden
from tests.fuzz.world import refused

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    refused(lambda: [drop.prefix(drop.job_id("d")) for drop in drops_in(text)])
    refused(lambda: Task.from_json(text))


def seeds() -> Iterator[bytes]:
    for record in golden("sqs")["Records"]:
        yield record["body"].encode()
    yield b'{"Service":"Amazon S3","Event":"s3:TestEvent"}'
    yield Task("a/manifest.json", 3).to_json().encode()
    yield json.dumps(
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {
            "key": "a+b%2Fc.csv", "size": 3, "eTag": "e", "versionId": "v"}}}]}
    ).encode()  # fmt: skip
