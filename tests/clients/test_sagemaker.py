"""What SageMaker's SDK sends and reads: every serializer with every deserializer of tables."""

from __future__ import annotations

import urllib.error
import urllib.request
import warnings
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.bundles import COLUMNS, ROW

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own modules, as they are compiled
    pytest.importorskip("sagemaker.core.serializers")
    from sagemaker.core import deserializers as read
    from sagemaker.core import serializers as write

OTHER = [-1.0, -2.0, -3.0, -4.0]
ROWS = [ROW, OTHER, ROW]
LABELS = [2, 0, 2]
OUTPUTS = {"X-Amzn-SageMaker-Custom-Attributes": "outputs=probabilities"}

SENT: dict[str, tuple[Any, Any]] = {
    "csv-array": (write.CSVSerializer(), np.array(ROWS)),
    "csv-lists": (write.CSVSerializer(), ROWS),
    "csv-frame": (write.CSVSerializer(), pd.DataFrame(ROWS, columns=COLUMNS)),
    "csv-text": (write.CSVSerializer(), pd.DataFrame(ROWS, columns=COLUMNS).to_csv(index=False)),
    "npy": (write.NumpySerializer(), np.array(ROWS)),
    "npy-lists": (write.NumpySerializer(dtype="float32"), ROWS),
    "json-array": (write.JSONSerializer(), np.array(ROWS)),
    "json-instances": (write.JSONSerializer(), {"instances": ROWS}),
    "json-lines": (write.JSONLinesSerializer(), ROWS),
    "json-lines-named": (write.JSONLinesSerializer(), [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]),
}


def ask(address: str, serializer: Any, data: Any, deserializer: Any, **headers: str) -> Any:
    """As the SDK's predictor does it by way of InvokeEndpoint."""
    body = serializer.serialize(data)
    sent = {"Content-Type": serializer.CONTENT_TYPE, "Accept": ", ".join(deserializer.ACCEPT), **headers}
    raw = body if isinstance(body, bytes) else body.encode()
    request = urllib.request.Request(f"http://{address}/invocations", raw, sent)
    with urllib.request.urlopen(request, timeout=30) as response:
        assert response.headers.get_content_type() in deserializer.ACCEPT
        return deserializer.deserialize(BytesIO(response.read()), response.headers["Content-Type"])


def _plain(found: Any) -> Any:
    return found["predictions"] if isinstance(found, dict) else found


@pytest.mark.parametrize("name", SENT)
def test_labels_in_every_form(name: str, iris: str) -> None:
    serializer, data = SENT[name]
    assert _plain(ask(iris, serializer, data, read.JSONDeserializer())) == LABELS
    assert ask(iris, serializer, data, read.CSVDeserializer()) == [[str(label)] for label in LABELS]
    assert ask(iris, serializer, data, read.JSONLinesDeserializer()) == LABELS
    array = ask(iris, serializer, data, read.NumpyDeserializer())
    assert (array.dtype, array.tolist()) == (np.int64, LABELS)


@pytest.mark.parametrize("name", SENT)
def test_probabilities_in_every_form(name: str, iris: str) -> None:
    serializer, data = SENT[name]
    expected = ask(iris, serializer, data, read.NumpyDeserializer(), **OUTPUTS)
    assert (expected.dtype, expected.shape) == (np.float32, (3, 3))
    found = _plain(ask(iris, serializer, data, read.JSONDeserializer(), **OUTPUTS))
    np.testing.assert_array_equal(np.array(found, np.float32), expected)
    table = ask(iris, serializer, data, read.CSVDeserializer(), **OUTPUTS)
    np.testing.assert_array_equal(np.array(table, np.float32), expected)
    lines = ask(iris, serializer, data, read.JSONLinesDeserializer(), **OUTPUTS)
    np.testing.assert_array_equal(np.array(lines, np.float32), expected)


def test_one_row_as_the_sdk_sends_it(iris: str) -> None:
    assert ask(iris, write.CSVSerializer(), ROW, read.CSVDeserializer()) == [["2"]]


def test_what_we_do_not_read_is_refused_by_name(iris: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="415") as caught:
        ask(iris, write.LibSVMSerializer(), "1 1:5", read.JSONDeserializer())
    with caught.value as error:
        assert b"takes application/json, application/jsonlines" in error.read()
