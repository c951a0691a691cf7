"""TensorFlow Serving's classify and regress."""

from __future__ import annotations

from typing import Any

from tests.bundles import COLUMNS, ROW
from tests.conformance.case import Case, post
from tests.hostile.raw_bodies import MARKER, RAW_BODIES, nested

_NAMED: dict[str, Any] = dict(zip(COLUMNS, ROW, strict=True))
_FIRST = COLUMNS[0]

_BODIES: list[tuple[str, Any]] = [
    ("array", [_NAMED]),
    ("no-examples", {}),
    ("instances", {"instances": [ROW]}),
    ("examples-null", {"examples": None}),
    ("examples-object", {"examples": _NAMED}),
    ("examples-string", {"examples": MARKER}),
    ("examples-empty", {"examples": []}),
    ("examples-of-lists", {"examples": [ROW]}),
    ("examples-of-strings", {"examples": [MARKER]}),
    ("examples-of-nulls", {"examples": [None]}),
    ("example-empty", {"examples": [{}]}),
    ("example-b64", {"examples": [{"b64": MARKER}]}),
    ("feature-missing", {"examples": [{_FIRST: 1}]}),
    ("feature-unknown", {"examples": [{**_NAMED, MARKER: 1}]}),
    ("feature-null", {"examples": [{**_NAMED, _FIRST: None}]}),
    ("feature-string", {"examples": [{**_NAMED, _FIRST: MARKER}]}),
    ("feature-boolean", {"examples": [{**_NAMED, _FIRST: True}]}),
    ("feature-object", {"examples": [{**_NAMED, _FIRST: {MARKER: 1}}]}),
    ("feature-list-of-two", {"examples": [{**_NAMED, _FIRST: [1, 2]}]}),
    ("feature-empty-list", {"examples": [{**_NAMED, _FIRST: []}]}),
    ("feature-deep", {"examples": [{**_NAMED, _FIRST: nested(50)}]}),
    ("feature-too-large", {"examples": [{**_NAMED, _FIRST: 1e300}]}),
    ("feature-huge", {"examples": [{**_NAMED, _FIRST: 10**400}]}),
    ("second-example-wrong", {"examples": [_NAMED, {MARKER: 1}]}),
    ("context-array", {"context": [MARKER], "examples": [_NAMED]}),
    ("context-null", {"context": None, "examples": [_NAMED]}),
    ("context-unknown", {"context": {MARKER: 1}, "examples": [_NAMED]}),
    ("context-again", {"context": {_FIRST: 1}, "examples": [_NAMED]}),
    ("signature-unknown", {"signature_name": MARKER, "examples": [_NAMED]}),
    ("signature-of-regress", {"signature_name": "tensorflow/serving/regress", "examples": [_NAMED]}),
    ("signature-number", {"signature_name": 7, "examples": [_NAMED]}),
]

_REGRESS: list[tuple[str, str, Any]] = [
    ("a-classifier", "iris", {"examples": [_NAMED]}),
    ("strings", "image", {"examples": [{"pixels": [[0] * 8] * 8}]}),
    ("no-rows", "fixed", {"examples": [{"a": 1}]}),
    ("wide", "wide", {"examples": [{"x": 1}]}),
    ("out-of-range", "lookup", {"examples": [{"index": 99}]}),
    ("fraction", "lookup", {"examples": [{"index": 1.5}]}),
    ("list-for-a-scalar", "lookup", {"examples": [{"index": [[1]]}]}),
    ("bad-b64", "mixed", {"examples": [{"age": 1, "visits": 2, "city": {"b64": "!" + MARKER}}]}),
    ("b64-of-a-number", "mixed", {"examples": [{"age": {"b64": "MQ=="}, "visits": 2, "city": "x"}]}),
]

CASES: list[Case] = [
    *(post(f"tf-classify-{name}", body, 400, path="/v1/models/iris:classify") for name, body in _BODIES),
    *(
        post(f"tf-regress-{name}", body, 400, bundle, f"/v1/models/{bundle}:regress")
        for name, bundle, body in _REGRESS
    ),
    *(
        post(
            f"tf-classify-bytes-{name}",
            body,
            400 if status == 422 else status,
            path="/v1/models/iris:classify",
        )
        for name, body, status in RAW_BODIES
    ),
]
