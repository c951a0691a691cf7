"""Answers large bodies and tells how much memory each took: `python -m tests.hostile.memory FOLDER`.

Peaks are the kernel's (VmHWM), begun anew before each request.
"""

from __future__ import annotations

import ctypes
import gc
import gzip
import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings
from tests import bundles
from tests.hostile.memory_cases import ANSWERED, BEYOND, JSON, NAMES, REFUSED, SIZE, WIDTH


def build(folder: Path) -> dict[str, str]:
    """Models that take much and give little, so that what is measured is what came."""
    ones = {"w": np.ones((WIDTH, 1), np.float32)}
    counted = [bundles.spec("n", "int64", [1])]
    count = [helper.make_node("Shape", ["X"], ["n"], end=1)]
    made = {
        "narrow": (
            [bundles.spec("X", "float32", [-1, WIDTH], NAMES)],
            [bundles.spec("y", "float32", [-1, 1])],
            [helper.make_node("MatMul", ["X", "w"], ["y"])],
            ones,
        ),
        "texts": ([bundles.spec("X", "string", [-1])], counted, count, {}),
        "numbers": (
            [bundles.spec("X", "int64", [-1, WIDTH])],
            [bundles.spec("y", "float32", [-1])],
            [
                helper.make_node("ReduceSum", ["X", "axes"], ["sum"], keepdims=0),
                helper.make_node("Cast", ["sum"], ["y"], to=TensorProto.FLOAT),
            ],
            {"axes": np.array([1], np.int64)},
        ),
    }
    return {
        name: bundles.write(
            folder / name, name, bundles.make_model(nodes, inputs, outputs, weights), inputs, outputs, []
        )
        for name, (inputs, outputs, nodes, weights) in made.items()
    }


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
    handlers = {name: Handler.load(path, settings) for name, path in build(Path(sys.argv[1])).items()}
    cases = {name: ("narrow", *case) for name, case in (ANSWERED | REFUSED).items()}
    cases |= {name: (bundle, "/predict", JSON, make) for name, (bundle, make, _) in BEYOND.items()}
    for bundle, path, media, make in cases.values():  # whatever is imported is imported now
        large = make()[: SIZE // 4]
        handlers[bundle].answer(Request("POST", path, {"content-type": media}, large))
        del large
    first = tidied()
    for name, (bundle, path, media, make) in cases.items():
        empty = tidied()
        request = Request("POST", path, {"content-type": media}, make())
        status, size = taken(handlers[bundle], request)
        print(json.dumps({"name": name, "status": status, "times": (size - empty) / len(request.body)}))
        del request
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    packed = Request("POST", "/predict", headers, gzip.compress(ANSWERED["rows"][2]()))
    empty = tidied() - len(packed.body)
    status, size = taken(handlers["narrow"], packed)
    print(json.dumps({"name": "gzip", "status": status, "times": (size - empty) / SIZE}))
    print(json.dumps({"name": "left", "bytes": tidied() - first}))
    for handler in handlers.values():
        handler.close()


if __name__ == "__main__":
    main()
