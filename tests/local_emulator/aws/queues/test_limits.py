from __future__ import annotations

import pytest

from local_emulator.aws.queues.errors import InvalidMessageContents, InvalidQueueParameter
from local_emulator.aws.queues.messages import Draft, MessageAttribute, md5_of_attributes
from tests.local_emulator.aws.queues.world import World, bodies, send

MIB = 1_048_576


def test_size_counts_bytes_and_attributes() -> None:
    queue = World().queue()
    send(queue, "x" * MIB)
    with pytest.raises(InvalidQueueParameter, match="shorter than 1048576 bytes"):
        send(queue, "x" * (MIB + 1))
    with pytest.raises(InvalidQueueParameter):
        send(queue, "é" * (MIB // 2) + "x")
    attribute = {"n": MessageAttribute("String", "12345")}  # 1 + 6 + 5 bytes
    queue.send(Draft("x" * (MIB - 12), attribute))
    with pytest.raises(InvalidQueueParameter):
        queue.send(Draft("x" * (MIB - 11), attribute))


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe"])
def test_characters_that_xml_cannot_carry_are_refused(bad: str) -> None:
    with pytest.raises(InvalidMessageContents, match=f"#x{ord(bad):X}"):
        send(World().queue(), f"before {bad} after")


def test_characters_at_the_edges_are_taken() -> None:
    queue = World().queue()
    text = "\t\n\r \x7f\ud7ff\ue000\ufffd\U00010000\U0010ffff"
    send(queue, text)
    assert bodies(queue) == [text]


def test_an_empty_body_is_refused() -> None:
    with pytest.raises(InvalidQueueParameter, match="MessageBody"):
        send(World().queue(), "")


def test_md5_of_attributes_is_the_one_that_sqs_computes() -> None:
    # Digests of these three, sent to SQS itself, are in the tests of AWS's SDKs and of boto.
    assert md5_of_attributes({}) is None
    one = {"timestamp": MessageAttribute("Number", "1493147359900")}
    assert md5_of_attributes(one) == "235c5c510d26fb653d073faed50ae77c"


def test_eleven_attributes_are_refused() -> None:
    queue = World().queue()
    attributes = {str(n): MessageAttribute("String", "x") for n in range(11)}
    with pytest.raises(InvalidQueueParameter, match=r"attributes \[11\] exceeds the allowed maximum \[10\]"):
        queue.send(Draft("x", attributes))
    del attributes["0"]
    queue.send(Draft("x", attributes))
