"""Memory is freed exactly once; threads share one session; nothing crashes or hangs at the end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import helper, numpy_helper

from onehandler.errors import ModelError
from onehandler.runtimes.onnx import open_model
from onehandler.tensor import Tensor
from tests.onehandler.runtimes.models import identity, save
from tests.onehandler.runtimes.processes import run_python

if TYPE_CHECKING:
    from pathlib import Path

GROWTH = """
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4  # KiB

def grows(run, warm_up, runs):
    for _ in range(warm_up):
        run()
    before = resident()
    for _ in range(runs):
        run()
    return resident() - before
"""
# Four leaked bytes a run would show; the allocator's own arenas move by less.
LIMIT_KIB = 1500


def grown(script: str) -> int:
    return int(run_python(GROWTH + script).splitlines()[-1])


def test_a_million_runs_leave_memory_flat(tmp_path: Path) -> None:
    path = identity(tmp_path / "m.onnx", "float32", ["n"])
    script = f"""
from onehandler.runtimes.onnx import open_model
from onehandler.tensor import Tensor
model = open_model({path!r}, 1)
inputs = {{"x": Tensor.of("float32", (4,), [1, 2, 3, 4])}}
print(grows(lambda: model.run(inputs), 20_000, 1_000_000))
"""
    assert grown(script) < LIMIT_KIB


def test_string_and_failing_runs_leave_memory_flat(tmp_path: Path) -> None:
    text = identity(tmp_path / "text.onnx", "string", ["n"])
    table = numpy_helper.from_array(np.arange(3, dtype=np.float32), "table")
    failing = save(
        tmp_path / "failing.onnx",
        [helper.make_node("Gather", ["table", "x"], ["y"])],
        [("x", "int64", ["n"])],
        [("y", "float32", ["n"])],
        [table],
    )
    script = f"""
from onehandler.errors import OnehandlerError
from onehandler.runtimes.onnx import open_model
from onehandler.tensor import Tensor
text, failing = open_model({text!r}, 1), open_model({failing!r}, 1)
good = {{"x": Tensor.of("string", (2,), ["some text that is not short " * 10, "with\\0NUL"])}}
bad = {{"x": Tensor.of("string", (2,), ["x" * 100, "\\ud800"])}}
beyond = {{"x": Tensor.of("int64", (1,), [9])}}
view = {{"x": Tensor(beyond["x"].dtype, (1,), memoryview(bytes(8)))}}

def refused(model, inputs):
    try:
        model.run(inputs)
    except OnehandlerError:
        return
    raise SystemExit("was not refused")

def all_of_them():
    text.run(good)
    failing.run(view)
    refused(text, bad)
    refused(failing, beyond)

print(grows(all_of_them, 5_000, 60_000))
"""
    assert grown(script) < LIMIT_KIB


@pytest.mark.parametrize("ending", [".close()", ""], ids=["closed", "forgotten"])
def test_opening_and_refusing_models_leaves_memory_flat(ending: str, tmp_path: Path) -> None:
    long = "n" * 5000  # a leaked name or shape shows
    node = helper.make_node("Identity", ["x" + long], ["y" + long])
    good = save(
        tmp_path / "good.onnx",
        [node],
        [("x" + long, "float32", [long])],
        [("y" + long, "float32", [long])],
    )
    (tmp_path / "bad.onnx").write_bytes(b"\x08\x0a garbage" * 20)
    script = f"""
import gc
from onehandler.errors import BundleError
from onehandler.runtimes.onnx import open_model

def open_and_close():
    open_model({good!r}, 2){ending}
    try:
        open_model({str(tmp_path / "bad.onnx")!r}, 1)
    except BundleError:
        return
    raise SystemExit("was not refused")

gc.disable()  # a session in a reference cycle would stay
print(grows(open_and_close, 300, 1000))
"""
    assert grown(script) < LIMIT_KIB / 3


def test_eight_threads_get_equal_results(tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["a", "b"], ["c"])
    specs = [("a", "float32", ["n", 4]), ("b", "float32", [4, 3])]
    model = open_model(save(tmp_path / "m.onnx", [node], specs, [("c", "float32", ["n", 3])]), 2)
    second = Tensor.of("float32", (4, 3), range(12))

    def work(thread: int) -> None:
        rows = 1 + thread % 3  # threads overwrite each other's remembered shapes
        inputs = {"a": Tensor.of("float32", (rows, 4), [thread] * 4 * rows), "b": second}
        expected = [float(thread * total) for total in (18, 22, 26)] * rows
        for _ in range(1000):
            found = model.run(inputs)["c"]
            assert (found.shape, found.values()) == ((rows, 3), expected)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_close_waits_for_runs_under_way(tmp_path: Path) -> None:
    path = identity(tmp_path / "m.onnx", "float32", ["n"])
    inputs = {"x": Tensor.of("float32", (50_000,), [1.0] * 50_000)}
    for _ in range(30):
        model = open_model(path, 1)
        started, answered = threading.Event(), []

        def work(model=model, started=started, answered=answered) -> None:  # type: ignore[no-untyped-def]
            try:
                while True:
                    answered.append(model.run(inputs)["y"].nbytes)
                    started.set()
            except ModelError as error:
                answered.append(error.message)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert started.wait(10)
        model.close()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        assert answered[-1] == "the model has been closed"


ENDINGS = {
    "open": "",
    "closed": "model.close()",
    "deleted": "del model",
    "in a cycle": "cycle = [model]; cycle.append(cycle); del model",
    "in a module": "import sys; sys.keep = model",
    "running threads": """
import threading, time
def work():
    while True:
        model.run(inputs)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
""",
}


@pytest.mark.parametrize("options", [(), ("-X", "dev")], ids=["plain", "dev"])
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_the_interpreter_ends_in_peace(ending: str, options: tuple[str, ...], tmp_path: Path) -> None:
    path = identity(tmp_path / "m.onnx", "float32", ["n"])
    script = f"""
from onehandler.runtimes.onnx import open_model
from onehandler.tensor import Tensor
model = open_model({path!r}, 2)
inputs = {{"x": Tensor.of("float32", (3,), [1, 2, 3])}}
print(model.run(inputs)["y"].values())
{ending}
"""
    assert run_python(script, *options) == "[1.0, 2.0, 3.0]"
