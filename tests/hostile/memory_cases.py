"""Large bodies whose memory tests.hostile.memory measures: (path, content type, body) by name."""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 8 * 1024 * 1024  # bytes of a body, decompressed
WIDTH = 64
NAMES = [f"feature {number}" for number in range(WIDTH)]
VALUES = [b"5.123456"] * WIDTH
ROW = b",".join(VALUES)
JSON = "application/json"


def repeated(head: bytes, part: bytes, tail: bytes, between: bytes = b",") -> bytes:
    """As many of the parts as make a body of SIZE."""
    count = (SIZE - len(head) - len(tail)) // (len(part) + len(between))
    return head + between.join([part] * count) + tail


def npy() -> bytes:
    rows = SIZE // (4 * WIDTH)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {WIDTH}), }}".encode()
    header = header.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(rows * 4 * WIDTH)


def named() -> bytes:
    row = json.dumps(dict.fromkeys(NAMES, 5.123456)).encode()
    return repeated(b'{"rows":[', row, b"]}", b", ")


def tensor(part: bytes, datatype: bytes = b"FP32") -> bytes:
    """A request of the Open Inference Protocol whose data are such parts, each of a row."""
    head = b'{"inputs":[{"name":"X","datatype":"%s","data":[' % datatype
    body = repeated(head, part, b'],"shape":[%8d,%d]}]}' % (0, WIDTH))
    rows = (len(body) - len(head)) // (len(part) + 1)
    return body[: body.rindex(b"[")] + b"[%8d,%d]}]}" % (rows, WIDTH)


def columns(form: bytes = b"columns", value: bytes = b"5.123456") -> bytes:
    count = (SIZE // WIDTH - 20) // (len(value) + 1)
    found = [b'"%s":[%s]' % (name.encode(), b",".join([value] * count)) for name in NAMES]
    return b'{"%s":{%s}}' % (form, b",".join(found))


def one_long_column() -> bytes:
    """Beside the others, which have one value each."""
    others = b",".join(b'"%s":[7]' % name.encode() for name in NAMES[1:])
    return repeated(b'{"columns":{"%s":[' % NAMES[0].encode(), b"5.12", b"],%s}}" % others)


def split(names: list[str]) -> bytes:
    """pandas' split orientation."""
    head = b'{"dataframe_split":{"columns":%s,"data":[' % json.dumps(names).encode()
    return repeated(head, b"[" + ROW + b"]", b"]}}")


def pretty(row: object, form: bytes = b"rows") -> bytes:
    text = json.dumps(row, indent=4).encode()
    return repeated(b'{\n    "%s": [\n' % form, text, b"\n    ]\n}\n", b",\n")


def one_row() -> bytes:
    return repeated(b'{"rows":[[', ROW, b"]]}")


def texts(form: bytes) -> bytes:
    """Texts for the model that takes such, most of them different."""
    count = SIZE // (len(form % 0) + 3)
    return b'{"inputs":{"X":[%s]}}' % b",".join([b'"%s"' % (form % number) for number in range(count)])


def of_names() -> bytes:
    """One row of very many short names."""
    names, size = [], 0
    while size < SIZE - 20:
        names.append(b'"%x":1' % len(names))
        size += len(names[-1]) + 1
    return b'{"rows":[{' + b",".join(names) + b"}]}"


V2 = "/v2/models/narrow/infer"
INVOCATIONS = "/invocations"
SERVING = "/v1/models/narrow:predict"
ANSWERED: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "columns": ("/predict", JSON, columns),
    "tensor, flat": (V2, JSON, lambda: tensor(ROW)),
    "tensor, nested": (V2, JSON, lambda: tensor(b"[" + ROW + b"]")),
    "tensor of doubles": (V2, JSON, lambda: tensor(ROW, b"FP64")),
    "dataframe_split": (INVOCATIONS, JSON, lambda: split(NAMES)),
    "dataframe_split in another order": (INVOCATIONS, JSON, lambda: split(NAMES[::-1])),
    "dataframe_records, pretty": (
        INVOCATIONS,
        JSON,
        lambda: pretty(dict.fromkeys([*NAMES, "other"], 5.123456), b"dataframe_records"),
    ),
    "lines": (INVOCATIONS, "application/jsonlines", lambda: repeated(b"", b"[" + ROW + b"]", b"\n", b"\n")),
    "rows alone": (INVOCATIONS, JSON, lambda: repeated(b"[", b"[" + ROW + b"]", b"]")),
    "rows, pretty": ("/predict", JSON, lambda: pretty([5.123456] * WIDTH)),
    "rows by name, pretty": ("/predict", JSON, lambda: pretty(dict.fromkeys(NAMES, 5.123456))),
    "score": (
        "/score",
        JSON,
        lambda: repeated(b'{"Inputs":{"data":[', b"[" + ROW + b"]", b']},"GlobalParameters":{}}'),
    ),
    "instances of Vertex AI": (
        "/vertex-ai/predict",
        JSON,
        lambda: repeated(b'{"parameters":null,"instances":[', b"[" + ROW + b"]", b"]}"),
    ),
    "predictions": (
        "/predictions/narrow",
        JSON,
        lambda: repeated(b'{"instances":[', b"[" + ROW + b"]", b"]}"),
    ),
    "rows": ("/predict", JSON, lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b"]}")),
    "rows with spaces": (
        "/predict",
        JSON,
        lambda: repeated(b'{"rows": [', b"[" + b", ".join(VALUES) + b"]", b"]}", b", "),
    ),
    "rows by name": ("/predict", JSON, named),
    "inputs": ("/predict", JSON, lambda: repeated(b'{"inputs":{"X":[', b"[" + ROW + b"]", b"]}}")),
    "instances": (
        SERVING,
        JSON,
        lambda: repeated(b'{"instances":[', b"[" + ROW + b"]", b"]}"),
    ),
    "base64": (
        "/predict",
        JSON,
        lambda: b'{"inputs":{"X":{"base64":"' + b64encode(bytes(SIZE // 1024 * 768)) + b'"}}}',
    ),
    "csv": ("/predict", "text/csv", lambda: repeated(b"", ROW, b"\n", b"\n")),
    "npy": ("/predict", "application/x-npy", npy),
    "raw": ("/predict", "application/octet-stream", lambda: bytes(SIZE)),
}
REFUSED: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "one row": ("/predict", JSON, one_row),
    "one row of many names": ("/predict", JSON, of_names),
    "many names": ("/predict", JSON, lambda: of_names()[9:-2]),
    "many names of nothing": (
        "/predict",
        JSON,
        lambda: of_names().replace(b":1,", b":[],")[: SIZE // 4 * 3],
    ),
    "rows that end in nothing": ("/predict", JSON, lambda: one_row()[:-2]),
    "rows that end wrongly": ("/predict", JSON, lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b",]}")),
    "rows with a word at the end": (
        "/predict",
        JSON,
        lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b",x]}"),
    ),
    "rows without the end": ("/predict", JSON, lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b"")),
    "tensor that ends wrongly": (V2, JSON, lambda: tensor(ROW)[:-4] + b"}]}]"),
    "tensor of nothing": (V2, JSON, lambda: tensor(b"[]")),
    "tensor of objects of nothing": (V2, JSON, lambda: tensor(b"{}")),
    "columns of nothing": ("/predict", JSON, lambda: columns(value=b"[]")),
    "columns of objects of nothing": ("/predict", JSON, lambda: columns(value=b"{}")),
    "one long column": ("/predict", JSON, one_long_column),
    "unknown arrays of nothing": ("/predict", JSON, lambda: columns(b"other", b"[]")),
    "many arrays of nothing": (
        "/predict",
        JSON,
        lambda: repeated(b"{", b'"a":[[],[],[],[],[],[],[],[]]', b"}"),
    ),
    "dataframe_split of nothing": (
        INVOCATIONS,
        JSON,
        lambda: repeated(b'{"dataframe_split":{"data":[', b"[]", b"]}}"),
    ),
    "columns of dataframe_split of nothing": (
        INVOCATIONS,
        JSON,
        lambda: repeated(b'{"dataframe_split":{"data":[[1]],"columns":[', b"[]", b"]}}"),
    ),
    "score of nothing": ("/score", JSON, lambda: repeated(b'{"data":[', b"[]", b"]}")),
    "score of columns of nothing": ("/score", JSON, lambda: columns(b"data", b"[]")),
    "parameters of nothing": (
        INVOCATIONS,
        JSON,
        lambda: repeated(b'{"instances":[[1]],"params":{"outputs":[', b"{}", b"]}}"),
    ),
    "outputs of nothing": (V2, JSON, lambda: repeated(b'{"inputs":[],"outputs":[', b"{}", b"]}")),
    "shape of nothing": (
        V2,
        JSON,
        lambda: repeated(b'{"inputs":[{"name":"X","datatype":"FP32","data":[1],"shape":[', b"1", b"]}]}"),
    ),
    "examples of nothing": (
        "/v1/models/narrow:classify",
        JSON,
        lambda: repeated(b'{"examples":[', b"{}", b"]}"),
    ),
    "inputs by column of nothing": (SERVING, JSON, lambda: repeated(b'{"inputs":[', b"[]", b"]}")),
    "predictions of nothing": ("/predictions/narrow", JSON, lambda: repeated(b"[", b"{}", b"]")),
    "a line of nothing": (INVOCATIONS, "application/jsonlines", lambda: repeated(b"[", b"[]", b"]")),
    "an index of nothing": ("/v2/repository/index", JSON, lambda: repeated(b'{"ready":[', b"[]", b"]}")),
    "an item of nothing": ("/predictions/narrow", JSON, lambda: repeated(b'{"X":[', b"{}", b"]}")),
    "deep arrays of nothing": (
        "/predict",
        JSON,
        lambda: repeated(b'{"inputs":{"X":[', b"[" * 50 + b"]" * 50, b"]}}"),
    ),
    "rows of nothing": ("/predict", JSON, lambda: repeated(b'{"rows":[', b"[]", b"]}")),
    "rows of objects of nothing": ("/predict", JSON, lambda: repeated(b'{"rows":[', b"{}", b"]}")),
    "rows of texts": ("/predict", JSON, lambda: repeated(b'{"rows":[', b'[""]', b"]}")),
    "inputs of nothing": ("/predict", JSON, lambda: repeated(b'{"inputs":{"X":[', b"[]", b"]}}")),
    "instances of nothing": (
        SERVING,
        JSON,
        lambda: repeated(b'{"instances":[', b"[]", b"]}"),
    ),
    "one text": ("/predict", JSON, lambda: b'{"rows":"' + b"a" * (SIZE - 20) + b'"}'),
    "escapes": ("/predict", JSON, lambda: b'{"rows":"' + b"\\u00e9" * (SIZE // 6 - 4) + b'"}'),
    "brackets": ("/predict", JSON, lambda: b"[" * SIZE),
    "quotes": ("/predict", JSON, lambda: b'"' * SIZE),
    "spaces": ("/predict", JSON, lambda: b" " * SIZE),
    "zeros": ("/predict", JSON, lambda: bytes(SIZE)),
    "lines of commas": ("/predict", "text/csv", lambda: b"," * (SIZE // 2) + b"\n" * (SIZE // 2)),
    "npy of objects": ("/predict", "application/x-npy", lambda: npy().replace(b"<f4", b"|O ", 1)),
}
# What takes more: texts, which are Python's and then the model's, and numbers of a model's type that are wider than
# they are written. (bundle, body, most times): docs/security.md has these.
BEYOND: dict[str, tuple[str, Callable[[], bytes], float]] = {
    "few words": ("texts", lambda: repeated(b'{"inputs":{"X":[', b'"red","blue"', b"]}}"), 11),
    "different words": ("texts", lambda: texts(b"%07x"), 14),
    "texts of a hundred": ("texts", lambda: texts(b"%0100x"), 5),
    "texts with emoji": ("texts", lambda: texts(b"%0100x\xf0\x9f\x8c\x8d"), 10.5),
    "one text, answered": ("texts", lambda: b'{"inputs":{"X":["' + b"a" * (SIZE - 30) + b'"]}}', 4.25),
    "digits as int64": (
        "numbers",
        lambda: repeated(b'{"rows":[', b"[" + b",".join([b"7"] * WIDTH) + b"]", b"]}"),
        6.75,
    ),
}
