"""Notes when what happens in a cold start, and runs the deployed sitecustomize as if it had been found first.

The interpreter imports this before everything, because `onehandler bench` puts its folder in front of the function's
own. What is deployed is not touched: functions are wrapped where they are looked up. The notes are written
after the first answer has been sent, so that writing is part of no figure.
"""

# ruff: noqa: SLF001 - what is to be timed is nobody else's business
from time import monotonic_ns, process_time_ns

_marks: list[tuple[str, int]] = [("interpreter", monotonic_ns())]

import os  # noqa: E402
import sys  # noqa: E402
from _frozen_importlib import module_from_spec  # noqa: E402 - importlib itself would be loaded too early
from _frozen_importlib_external import PathFinder  # noqa: E402

from onehandler import onnx_start  # noqa: E402 - what the deployed sitecustomize imports first, too

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FILE = "ONEHANDLER_BENCH_TRACE"
_beside: list[tuple[str, int, int]] = []


def _mark(name: str) -> None:
    """The part of that name ends here."""
    _marks.append((name, monotonic_ns()))


def _aside(name: str, call: "Callable[..., Any]") -> "Callable[..., Any]":
    """Note how long a call on another thread takes."""

    def noted(*given: "Any") -> "Any":
        began = monotonic_ns()
        try:
            return call(*given)
        finally:
            _beside.append((name, began, monotonic_ns()))

    return noted


def _around(before: str, after: str, call: "Callable[..., Any]") -> "Callable[..., Any]":
    """Note where a call on the main thread begins and ends; the first alone."""
    done: list[bool] = []

    def noted(*given: "Any", **named: "Any") -> "Any":
        if done:
            return call(*given, **named)
        done.append(True)
        if before:
            _mark(before)
        try:
            return call(*given, **named)
        finally:
            if after:
                _mark(after)

    return noted


def _watch_opening() -> None:
    """Follow the opening of the model, as soon as the library has begun to load."""
    start = onnx_start.start

    def noted() -> "Any":
        begun = start()
        onnx_start.start = start
        from onehandler import runtimes

        runtimes._Opening._open = _aside("session", runtimes._Opening._open)  # type: ignore[method-assign]
        runtimes.open_bundle = _around("imports", "session", runtimes.open_bundle)
        return begun

    onnx_start.Start._load = _aside("library", onnx_start.Start._load)  # type: ignore[method-assign]
    onnx_start.start = noted


def _run_deployed() -> None:
    """Import the sitecustomize that would have been found without this one."""
    own = os.path.dirname(__file__)  # noqa: PTH120 - see _write
    spec = PathFinder.find_spec("sitecustomize", [folder for folder in sys.path if folder != own])
    if spec is None or spec.loader is None:
        return
    spec.loader.exec_module(module_from_spec(spec))


def _watch_function() -> None:
    """Follow the runtime client: the import of the function, its first event, its first answer."""
    import importlib

    wanted, _, function = os.environ["_HANDLER"].rpartition(".")
    import_module = importlib.import_module

    def noted(name: str, package: "str | None" = None) -> "Any":
        if name != wanted:
            return import_module(name, package)
        importlib.import_module = import_module
        _mark("runtime client")
        _watch_client()
        module = import_module(name)
        _watch_model()
        setattr(module, function, _around("event", "encode", getattr(module, function)))
        _mark("imports")
        return module

    importlib.import_module = noted


def _watch_client() -> None:
    client = sys.modules["awslambdaric.lambda_runtime_client"].LambdaRuntimeClient
    post = client.post_invocation_result

    def noted(*given: "Any", **named: "Any") -> "Any":
        client.post_invocation_result = post
        found = post(*given, **named)
        _write()
        return found

    client.post_invocation_result = noted


def _watch_model() -> None:
    model = sys.modules["onehandler.runtimes.onnx"].OnnxModel
    model.run = _around("decode", "first run", model.run)


def _write() -> None:
    cpu = process_time_ns()  # of all threads
    import json

    with open(os.environ[_FILE], "w") as file:  # noqa: PTH123 - pathlib is not loaded in the deployed function
        json.dump({"marks": _marks, "beside": _beside, "cpu": cpu}, file)


_watch_opening()
_run_deployed()
_watch_function()
_mark("early start")
