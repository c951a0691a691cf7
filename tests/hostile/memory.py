"""Answers large bodies and tells how much memory each took: `python -m tests.hostile.memory FOLDER`.

Peaks are the kernel's (VmHWM), begun anew before each request.
"""

from __future__ import annotations

import ctypes
import gc
import gzip
import json
import struct
import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from onnx import helper

from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 8 * 1024 * 1024  # bytes of a body, decompressed
WIDTH = 64
NAMES = [f"feature {number}" for number in range(WIDTH)]
VALUES = [b"5.123456"] * WIDTH
ROW = b",".join(VALUES)
_JSON = "application/json"


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


def split(names: list[str]) -> bytes:
    """pandas' split orientation."""
    head = b'{"dataframe_split":{"columns":%s,"data":[' % json.dumps(names).encode()
    return repeated(head, b"[" + ROW + b"]", b"]}}")


def pretty(row: object, form: bytes = b"rows") -> bytes:
    text = json.dumps(row, indent=4).encode()
    return repeated(b'{\n    "%s": [\n' % form, text, b"\n    ]\n}\n", b",\n")


def one_row() -> bytes:
    return repeated(b'{"rows":[[', ROW, b"]]}")


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
    "columns": ("/predict", _JSON, columns),
    "tensor, flat": (V2, _JSON, lambda: tensor(ROW)),
    "tensor, nested": (V2, _JSON, lambda: tensor(b"[" + ROW + b"]")),
    "tensor of doubles": (V2, _JSON, lambda: tensor(ROW, b"FP64")),
    "dataframe_split": (INVOCATIONS, _JSON, lambda: split(NAMES)),
    "dataframe_split in another order": (INVOCATIONS, _JSON, lambda: split(NAMES[::-1])),
    "dataframe_records, pretty": (
        INVOCATIONS,
        _JSON,
        lambda: pretty(dict.fromkeys([*NAMES, "other"], 5.123456), b"dataframe_records"),
    ),
    "rows alone": (INVOCATIONS, _JSON, lambda: repeated(b"[", b"[" + ROW + b"]", b"]")),
    "rows, pretty": ("/predict", _JSON, lambda: pretty([5.123456] * WIDTH)),
    "rows by name, pretty": ("/predict", _JSON, lambda: pretty(dict.fromkeys(NAMES, 5.123456))),
    "score": (
        "/score",
        _JSON,
        lambda: repeated(b'{"Inputs":{"data":[', b"[" + ROW + b"]", b']},"GlobalParameters":{}}'),
    ),
    "instances of Vertex AI": (
        "/vertex-ai/predict",
        _JSON,
        lambda: repeated(b'{"parameters":null,"instances":[', b"[" + ROW + b"]", b"]}"),
    ),
    "predictions": (
        "/predictions/narrow",
        _JSON,
        lambda: repeated(b'{"instances":[', b"[" + ROW + b"]", b"]}"),
    ),
    "rows": ("/predict", _JSON, lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b"]}")),
    "rows with spaces": (
        "/predict",
        _JSON,
        lambda: repeated(b'{"rows": [', b"[" + b", ".join(VALUES) + b"]", b"]}", b", "),
    ),
    "rows by name": ("/predict", _JSON, named),
    "inputs": ("/predict", _JSON, lambda: repeated(b'{"inputs":{"X":[', b"[" + ROW + b"]", b"]}}")),
    "instances": (
        SERVING,
        _JSON,
        lambda: repeated(b'{"instances":[', b"[" + ROW + b"]", b"]}"),
    ),
    "base64": (
        "/predict",
        _JSON,
        lambda: b'{"inputs":{"X":{"base64":"' + b64encode(bytes(SIZE // 1024 * 768)) + b'"}}}',
    ),
    "csv": ("/predict", "text/csv", lambda: repeated(b"", ROW, b"\n", b"\n")),
    "npy": ("/predict", "application/x-npy", npy),
    "raw": ("/predict", "application/octet-stream", lambda: bytes(SIZE)),
}
REFUSED: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "one row": ("/predict", _JSON, one_row),
    "one row of many names": ("/predict", _JSON, of_names),
    "many names": ("/predict", _JSON, lambda: of_names()[9:-2]),
    "many names of nothing": (
        "/predict",
        _JSON,
        lambda: of_names().replace(b":1,", b":[],")[: SIZE // 4 * 3],
    ),
    "rows that end in nothing": ("/predict", _JSON, lambda: one_row()[:-2]),
    "rows that end wrongly": ("/predict", _JSON, lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b",]}")),
    "rows with a word at the end": (
        "/predict",
        _JSON,
        lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b",x]}"),
    ),
    "rows without the end": ("/predict", _JSON, lambda: repeated(b'{"rows":[', b"[" + ROW + b"]", b"")),
    "tensor that ends wrongly": (V2, _JSON, lambda: tensor(ROW)[:-4] + b"}]}]"),
    "tensor of nothing": (V2, _JSON, lambda: tensor(b"[]")),
    "tensor of objects of nothing": (V2, _JSON, lambda: tensor(b"{}")),
    "columns of nothing": ("/predict", _JSON, lambda: columns(value=b"[]")),
    "columns of objects of nothing": ("/predict", _JSON, lambda: columns(value=b"{}")),
    "unknown arrays of nothing": ("/predict", _JSON, lambda: columns(b"other", b"[]")),
    "many arrays of nothing": (
        "/predict",
        _JSON,
        lambda: repeated(b"{", b'"a":[[],[],[],[],[],[],[],[]]', b"}"),
    ),
    "dataframe_split of nothing": (
        INVOCATIONS,
        _JSON,
        lambda: repeated(b'{"dataframe_split":{"data":[', b"[]", b"]}}"),
    ),
    "columns of dataframe_split of nothing": (
        INVOCATIONS,
        _JSON,
        lambda: repeated(b'{"dataframe_split":{"data":[[1]],"columns":[', b"[]", b"]}}"),
    ),
    "score of nothing": ("/score", _JSON, lambda: repeated(b'{"data":[', b"[]", b"]}")),
    "score of columns of nothing": ("/score", _JSON, lambda: columns(b"data", b"[]")),
    "parameters of nothing": (
        INVOCATIONS,
        _JSON,
        lambda: repeated(b'{"instances":[[1]],"params":{"outputs":[', b"{}", b"]}}"),
    ),
    "outputs of nothing": (V2, _JSON, lambda: repeated(b'{"inputs":[],"outputs":[', b"{}", b"]}")),
    "shape of nothing": (
        V2,
        _JSON,
        lambda: repeated(b'{"inputs":[{"name":"X","datatype":"FP32","data":[1],"shape":[', b"1", b"]}]}"),
    ),
    "examples of nothing": (
        "/v1/models/narrow:classify",
        _JSON,
        lambda: repeated(b'{"examples":[', b"{}", b"]}"),
    ),
    "inputs by column of nothing": (SERVING, _JSON, lambda: repeated(b'{"inputs":[', b"[]", b"]}")),
    "predictions of nothing": ("/predictions/narrow", _JSON, lambda: repeated(b"[", b"{}", b"]")),
    "an item of nothing": ("/predictions/narrow", _JSON, lambda: repeated(b'{"X":[', b"{}", b"]}")),
    "deep arrays of nothing": (
        "/predict",
        _JSON,
        lambda: repeated(b'{"inputs":{"X":[', b"[" * 50 + b"]" * 50, b"]}}"),
    ),
    "rows of nothing": ("/predict", _JSON, lambda: repeated(b'{"rows":[', b"[]", b"]}")),
    "rows of objects of nothing": ("/predict", _JSON, lambda: repeated(b'{"rows":[', b"{}", b"]}")),
    "rows of texts": ("/predict", _JSON, lambda: repeated(b'{"rows":[', b'[""]', b"]}")),
    "inputs of nothing": ("/predict", _JSON, lambda: repeated(b'{"inputs":{"X":[', b"[]", b"]}}")),
    "instances of nothing": (
        SERVING,
        _JSON,
        lambda: repeated(b'{"instances":[', b"[]", b"]}"),
    ),
    "one text": ("/predict", _JSON, lambda: b'{"rows":"' + b"a" * (SIZE - 20) + b'"}'),
    "escapes": ("/predict", _JSON, lambda: b'{"rows":"' + b"\\u00e9" * (SIZE // 6 - 4) + b'"}'),
    "brackets": ("/predict", _JSON, lambda: b"[" * SIZE),
    "quotes": ("/predict", _JSON, lambda: b'"' * SIZE),
    "spaces": ("/predict", _JSON, lambda: b" " * SIZE),
    "zeros": ("/predict", _JSON, lambda: bytes(SIZE)),
    "lines of commas": ("/predict", "text/csv", lambda: b"," * (SIZE // 2) + b"\n" * (SIZE // 2)),
    "npy of objects": ("/predict", "application/x-npy", lambda: npy().replace(b"<f4", b"|O ", 1)),
}


def build(folder: Path) -> str:
    """A model that takes much and gives little, so that what is measured is what came."""
    inputs = [bundles.spec("X", "float32", [-1, WIDTH], NAMES)]
    outputs = [bundles.spec("y", "float32", [-1, 1])]
    nodes = [helper.make_node("MatMul", ["X", "w"], ["y"])]
    model = bundles.make_model(nodes, inputs, outputs, {"w": np.ones((WIDTH, 1), np.float32)})
    return bundles.write(folder / "narrow", "narrow", model, inputs, outputs, [])


def taken(handler: Handler, request: Request) -> tuple[int, int]:
    """The status, and the largest size of the process, in bytes, while it was answered."""
    tidied()
    Path("/proc/self/clear_refs").write_text("5")
    response = handler.answer(request)
    return response.status, told("VmHWM")


def tidied() -> int:
    """Give back what is free; the size of what is left, in bytes."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return told("VmRSS")


def told(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def main() -> None:
    settings = Settings({"ONEHANDLER_MAX_BODY_MB": "16", "ONEHANDLER_LOG_LEVEL": "ERROR"})
    handler = Handler.load(build(Path(sys.argv[1])), settings)
    cases = ANSWERED | REFUSED
    for path, media, make in cases.values():  # whatever is imported is imported now
        large = make()[: SIZE // 4]
        handler.answer(Request("POST", path, {"content-type": media}, large))
        del large
    first = tidied()
    for name, (path, media, make) in cases.items():
        empty = tidied()
        request = Request("POST", path, {"content-type": media}, make())
        status, size = taken(handler, request)
        print(json.dumps({"name": name, "status": status, "times": (size - empty) / len(request.body)}))
        del request
    headers = {"content-type": _JSON, "content-encoding": "gzip"}
    packed = Request("POST", "/predict", headers, gzip.compress(ANSWERED["rows"][2]()))
    empty = tidied() - len(packed.body)
    status, size = taken(handler, packed)
    print(json.dumps({"name": "gzip", "status": status, "times": (size - empty) / SIZE}))
    print(json.dumps({"name": "left", "bytes": tidied() - first}))
    handler.close()


if __name__ == "__main__":
    main()
