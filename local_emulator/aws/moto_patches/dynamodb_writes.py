"""moto looks at a DynamoDB item, then writes it; two threads may do both at once."""

from __future__ import annotations

from functools import wraps
from threading import RLock
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.services import Services

_WRITES = ("update_item", "put_item", "delete_item", "transact_write_items")


def _apply(_: Services) -> None:
    """Two updates of one item at the same time both begin with what was there before, and one of them is lost."""
    from moto.dynamodb.models import DynamoDBBackend

    lock = RLock()  # a transaction's writes are such writes, too
    for name in _WRITES:
        setattr(DynamoDBBackend, name, _alone(lock, getattr(DynamoDBBackend, name)))


def _alone(lock: Any, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        with lock:
            return method(self, *arguments, **named)

    return call


PATCH = Patch(
    "dynamodb-writes",
    (
        Target("moto.dynamodb.models", "DynamoDBBackend.update_item", "218984588dd6"),
        Target("moto.dynamodb.models", "DynamoDBBackend.put_item", "f5d9a5042c77"),
        Target("moto.dynamodb.models", "DynamoDBBackend.delete_item", "083a4bb1af18"),
        Target("moto.dynamodb.models", "DynamoDBBackend.transact_write_items", "81db2cb7d94e"),
    ),
    _apply,
)
