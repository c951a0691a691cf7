"""SageMaker's content types, as its own containers and the serializers of its SDK have them.

application/json         an array of rows → the array of predictions; MLflow's objects, too (mlflow.py)
application/jsonlines    one row a line, as an array or an object by column name
text/csv                 rows, with or without a header (a first line that holds every column's name is one)
application/x-npy        one array; application/octet-stream its values alone
image/…, text/plain      one image or one text, for models that take such

Answers are whatever the Accept header likes best, JSON without one. Custom attributes are opaque to the platform and
nobody returns them; `outputs=NAME,…` in them names the outputs to be told.
"""

from __future__ import annotations

from onehandler.codecs import json
from onehandler.errors import InvalidInput, NotAcceptable, UnsupportedType
from onehandler.message import Response
from onehandler.protocols import predictions
from onehandler.protocols.content import CSV, NOT_JSON, charset, json_inputs, json_response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from onehandler.handler import Handler
    from onehandler.message import Request
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensors

NPY = "application/x-npy"
JSON_LINES = ("application/jsonlines", "application/jsonl", "application/x-jsonlines", "application/x-ndjson")
READS = (*JSON_LINES, *NOT_JSON)
WRITES = (json.CONTENT_TYPE, *JSON_LINES, CSV, NPY)
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


def tensors_from(handler: Handler, request: Request) -> Tensors:
    """The inputs in a body of any of READS."""
    from onehandler.protocols import bodies  # each client sends one type

    signature, limit = handler.signature, handler.settings.max_body
    if request.content_type in NOT_JSON:
        return bodies.tensors_from(signature, request, limit)[1]
    from onehandler.codecs import json_lines
    from onehandler.codecs.compression import decoded

    if charset(request.headers["content-type"]) not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedType("rows are always UTF-8; leave the charset away", where="content-type")
    body = decoded(request.body, request.headers.get("content-encoding", ""), limit)
    rows = json_lines.loads(body, lambda line: json_inputs(signature, line, tokens=True))
    return bodies.tensors_of_rows(signature, rows, len(body))


def wanted(handler: Handler, request: Request) -> Sequence[TensorSpec]:
    """The outputs to be told: those that the custom attributes name, else what the model predicts."""
    attributes = request.headers.get(ATTRIBUTES, "")
    name, _, value = attributes.partition("=")
    if name.strip() != predictions.OUTPUTS:
        return predictions.predicted(handler.signature)
    return predictions.named(handler.signature, [each.strip() for each in value.split(",")], ATTRIBUTES)


def written(
    media: str, signature: Signature, specs: Sequence[TensorSpec], outputs: Tensors, *, bare: bool
) -> Response:
    """The answer as one of WRITES; `bare` JSON is the array of predictions alone."""
    rows = predictions.count_rows(signature, outputs)
    if media == json.CONTENT_TYPE:
        values = predictions.values_of(signature, specs, outputs)
        held = sum(len(outputs[spec.name].data) for spec in specs)
        return json_response(values if bare else {"predictions": values}, rows, tokens=True, held=held)
    return Response(200, {"content-type": media}, _body(media, signature, specs, outputs), rows)


def _body(media: str, signature: Signature, specs: Sequence[TensorSpec], outputs: Tensors) -> bytes:
    if media == NPY:
        return _array(specs, outputs)
    if not signature.batched:
        raise NotAcceptable(
            f"this model's answers are no rows, which {media} has; accept JSON", where="accept"
        )
    if media == CSV:
        from onehandler.codecs import csv  # see tensors_from

        return csv.dumps(_cells(specs, outputs))
    from onehandler.codecs import json_lines

    return json_lines.dumps(predictions.values_of(signature, specs, outputs), tokens=True)


def _array(specs: Sequence[TensorSpec], outputs: Tensors) -> bytes:
    from onehandler.codecs import npy

    if len(specs) > 1:
        raise NotAcceptable(
            f"a .npy file holds one array, the answer has {len(specs)}: {', '.join(spec.name for spec in specs)}; "
            f"name one in {ATTRIBUTES} as outputs=NAME, or accept JSON",
            where="accept",
        )
    try:
        return npy.dumps(outputs[specs[0].name])
    except InvalidInput as error:
        raise NotAcceptable(error.message, where="accept") from None


def _cells(specs: Sequence[TensorSpec], outputs: Tensors) -> Iterator[list[Any]]:
    """Every row as one line: what has several values a row takes as many cells."""
    widths = [outputs[spec.name].size // max(1, outputs[spec.name].shape[0]) for spec in specs]
    columns = [outputs[spec.name].values() for spec in specs]
    for row in range(outputs[specs[0].name].shape[0]):
        yield [
            value
            for values, width in zip(columns, widths, strict=True)
            for value in values[row * width : (row + 1) * width]
        ]
