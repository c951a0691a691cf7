from __future__ import annotations

import pytest

from local_emulator.aws.event_sources.responses import BatchFailed, failed_messages

IDS = frozenset({"a", "b"})


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"{}",
        b'""',
        b'{"batchItemFailures": []}',
        b'{"batchItemFailures": null}',
        b'{"other": 1}',
    ],
)
def test_nothing_failed(answer: bytes) -> None:
    assert failed_messages(answer, IDS) == frozenset()


def test_some_failed() -> None:
    answer = b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "a"}]}'
    assert failed_messages(answer, IDS) == {"a"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "list, not an object"),
        (b'"text"', "str, not an object"),
        (b'{"batchItemFailures": "a"}', "str, not a list"),
        (b'{"batchItemFailures": {"itemIdentifier": "a"}}', "dict, not a list"),
        (b'{"batchItemFailures": ["a"]}', "no itemIdentifier"),
        (b'{"batchItemFailures": [{"ItemIdentifier": "a"}]}', "no itemIdentifier"),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', "not a message id"),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', "not a message id"),
        (b'{"batchItemFailures": [{"itemIdentifier": 1}]}', "not a message id"),
        (
            b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}',
            "no message of the batch",
        ),
    ],
)
def test_everything_failed(answer: bytes, reason: str) -> None:
    with pytest.raises(BatchFailed, match=reason):
        failed_messages(answer, IDS)
