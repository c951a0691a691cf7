"""Cutting objects into requests, and putting answers together again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.sagemaker.errors import CannotServe
from local_emulator.sagemaker.transform.filters import filtered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local_emulator.sagemaker.transform.contracts import TransformSpec

_LINE = b"\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """One request: its body, and the records it was made of (none: the object as a whole)."""

    body: bytes
    records: tuple[bytes, ...] = ()


def batches(content: bytes, spec: TransformSpec, most: int) -> Iterator[Batch]:
    """The requests for one object, each of at most `most` bytes (0: of any size). CannotServe for a longer record."""
    if spec.split == "None":
        _check(len(content), most)
        yield Batch(content)
        return
    held: list[bytes] = []
    kept: list[bytes] = []
    size = 0
    for record in content.splitlines():
        sent = filtered(record, spec.input_filter, spec.content_type)
        _check(len(sent), most)
        full = bool(held) and (spec.single or (most and size + len(sent) + 1 > most))
        if full:
            yield Batch(_LINE.join(held), tuple(kept))
            held, kept, size = [], [], 0
        held.append(sent)
        kept.append(record)
        size += len(sent) + 1
    if held:
        yield Batch(_LINE.join(held), tuple(kept))


def assembled(parts: Sequence[bytes], spec: TransformSpec) -> bytes:
    """The object that is written: the answers one after another, each ended by a line where that was asked for."""
    if spec.assemble == "Line":
        return b"".join(part if part.endswith(_LINE) else part + _LINE for part in parts)
    return b"".join(parts)


def joined(batch: Batch, answer: bytes, spec: TransformSpec) -> bytes:
    """The answer, with the records it belongs to where the job joins them. CannotServe when they don't match."""
    if not spec.join and spec.output_filter == "$":
        return answer
    lines = answer.splitlines()
    records = batch.records or (batch.body,)
    if len(lines) != len(records):
        raise CannotServe(
            f"the container gave {len(lines)} lines for {len(records)} records: they cannot be joined"
        )
    whole = [
        _with_input(record, line, spec) if spec.join else line
        for record, line in zip(records, lines, strict=True)
    ]
    media = spec.accept or spec.content_type
    return _LINE.join(filtered(line, spec.output_filter, media) for line in whole) + _LINE


def _with_input(record: bytes, line: bytes, spec: TransformSpec) -> bytes:
    if "json" not in spec.content_type:
        return record + b"," + line
    try:
        given, found = json.loads(record), json.loads(line)
    except ValueError:
        raise CannotServe("a record or an answer is not JSON: they cannot be joined") from None
    told = given if isinstance(given, dict) else {"SageMakerInput": given}
    return json.dumps({**told, "SageMakerOutput": found}, ensure_ascii=False).encode()


def _check(size: int, most: int) -> None:
    if most and size > most:
        raise CannotServe(
            f"ClientError: a record of {size} bytes is larger than MaxPayloadInMB allows ({most})"
        )
