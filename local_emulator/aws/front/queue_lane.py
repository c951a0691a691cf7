"""The lane of plain batches sent to SQS: the one call that whoever fills a queue makes by the thousand.

moto takes a millisecond and a half for it: Flask, its own inference of the service, and a serialiser that looks at
every member of the answer. Only what cannot be wrong is answered here: entries of an id and a body for a standard queue
that is there. Attributes, delays, FIFO queues, faults of any kind go to moto, which has the words for them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local_emulator.aws.front.credentials import credential_of
from local_emulator.aws.front.lanes import TargetClaim
from local_emulator.aws.queues.errors import QueueError
from local_emulator.aws.queues.messages import Draft
from local_emulator.aws.queues.settings import MOST_BYTES, check_draft, message_bytes
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.front.application import Answerer
    from local_emulator.aws.queues.queue import StandardQueue
    from local_emulator.http.messages import HttpRequest

_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
_MOST_ENTRIES = 10
_CONTENT_TYPE = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class QueueLane:
    """Answers SendMessageBatch where it is plain. `find` knows queues by ARN, `account_of` accounts by access key."""

    find: Callable[[str], StandardQueue | None]
    account_of: Callable[[str], str]
    otherwise: Answerer

    claims = (TargetClaim("AmazonSQS.SendMessageBatch"),)
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Send them all, or have moto answer."""
        plain = self._plain(request)
        if plain is None:
            return self.otherwise.answer(request)
        queue, drafts = plain
        sent = [(name, queue.send(draft)) for name, draft in drafts.items()]
        entries = [
            {"Id": name, "MessageId": content.message_id, "MD5OfMessageBody": content.body_md5}
            for name, content in sent
        ]
        body = json.dumps({"Successful": entries, "Failed": []}, separators=(",", ":")).encode()
        headers = (("Content-Type", _CONTENT_TYPE), ("x-amzn-RequestId", str(uuid4())))
        return HttpResponse(200, headers, body)

    def _plain(self, request: HttpRequest) -> tuple[StandardQueue, dict[str, Draft]] | None:
        credential = credential_of(request.head)
        try:
            content = json.loads(request.body.read())
        except ValueError:
            return None
        if credential is None or not isinstance(content, dict) or content.keys() != {"QueueUrl", "Entries"}:
            return None
        drafts = _drafts(content["Entries"])
        name = str(content["QueueUrl"]).rpartition("/")[2]
        queue = self.find(f"arn:aws:sqs:{credential.region}:{self.account_of(credential.access_key)}:{name}")
        return (queue, drafts) if queue is not None and drafts is not None and _fit(queue, drafts) else None


def _drafts(entries: Any) -> dict[str, Draft] | None:
    """Drafts by entry id, if there are as many and all are an id and a body."""
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_ENTRIES:
        return None
    found = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.keys() != {"Id", "MessageBody"}:
            return None
        name, body = entry["Id"], entry["MessageBody"]
        if not isinstance(name, str) or not isinstance(body, str) or not _ID.fullmatch(name):
            return None
        found[name] = Draft(body)
    return found if len(found) == len(entries) else None


def _fit(queue: StandardQueue, drafts: dict[str, Draft]) -> bool:
    try:
        settings = queue.settings
        for draft in drafts.values():
            check_draft(draft, settings)
    except QueueError:
        return False
    return sum(map(message_bytes, drafts.values())) <= MOST_BYTES
