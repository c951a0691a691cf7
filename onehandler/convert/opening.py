"""Candidates, opened as they would be served."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from onehandler.bundle import Bundle
from onehandler.bundle_writer import Draft, write_bundle, write_content
from onehandler.convert.weights import LOCATION
from onehandler.errors import BundleError, ConversionError, InvalidInput, ModelError
from onehandler.handler import Handler
from onehandler.runtimes import open_bundle, open_model
from onehandler.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.convert import Candidate
    from onehandler.convert.rows import Rows
    from onehandler.runtimes import Runtime
    from onehandler.signature import Signature
    from onehandler.tensor import Tensor, Tensors


@contextmanager
def opened(candidate: Candidate) -> Iterator[Runtime]:
    """A candidate's model for the length of a with block; what the runtime refuses is a ConversionError."""
    with tempfile.TemporaryDirectory(prefix="onehandler-build-") as folder:
        try:
            runtime = _opened(candidate, Path(folder))
        except BundleError as error:
            reason = error.message.replace(folder, "the model")
            raise ConversionError(f"the converted model cannot be opened: {reason}") from None
        try:
            yield runtime
        except (InvalidInput, ModelError) as error:
            raise ConversionError(f"the converted model cannot answer the rows: {error}") from None
        finally:
            runtime.close()


def _opened(candidate: Candidate, folder: Path) -> Runtime:
    if candidate.preprocessing:
        return _Served(Handler.load(_written(candidate, folder), Settings({})))
    if candidate.runtime == "onnx":
        path = folder / candidate.name
        path.write_bytes(candidate.model)
        if candidate.weights:
            write_content(path.with_name(LOCATION), candidate.weights)
        return open_model("onnx", str(path), threads=1)
    bundle = _written(candidate, folder)
    return open_bundle(Bundle.load(bundle.folder, bundle.digest), threads=1)


class _Served:
    """A bundle with preprocessing: asked as its clients ask. Implements onehandler.runtimes.Runtime."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    @property
    def signature(self) -> Signature:
        """What clients see."""
        return self._handler.signature

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Prepare and execute once."""
        return dict(self._handler.predict(inputs))

    def close(self) -> None:
        """Free the model."""
        self._handler.close()


def _written(candidate: Candidate, folder: Path) -> Bundle:
    weights = {LOCATION: candidate.weights} if candidate.weights else {}
    steps = {"preprocessing": list(candidate.preprocessing)} if candidate.preprocessing else {}
    draft = Draft(
        name="candidate",
        version="1",
        runtime=candidate.runtime,
        model=candidate.name,
        signature=candidate.signature,
        files={candidate.name: candidate.model, **weights, **candidate.files},
        members={**candidate.members, **steps},
    )
    return write_bundle(draft, folder / "bundle")


def prepared(candidate: Candidate, rows: Rows) -> Tensors:
    """Rows as the model itself takes them."""
    given = rows.tensors(candidate.signature)
    if not candidate.preprocessing:
        return given
    from onehandler import preprocessing  # only candidates that declare some

    with opened(replace(candidate, preprocessing=())) as model, tempfile.TemporaryDirectory() as folder:
        noted = _Noting(model)
        preprocessing.prepared(_written(candidate, Path(folder)), noted).run(given)
    return noted.inputs


class _Noting:
    """Notes what a model is given. Implements onehandler.runtimes.Runtime."""

    def __init__(self, model: Runtime) -> None:
        self.inputs: Tensors = {}
        self.signature = model.signature
        self._model = model

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Execute once; of several runs the last is noted."""
        self.inputs = inputs
        return self._model.run(inputs)

    def close(self) -> None:
        """Nothing: the model is closed by whoever opened it."""


def seconds_to_load(candidate: Candidate) -> float:
    """From the start of a process to the loaded model. Raises ConversionError when it doesn't load there."""
    with tempfile.TemporaryDirectory(prefix="onehandler-build-") as folder:
        bundle = _written(candidate, Path(folder))
        code = f"from onehandler.handler import Handler; Handler.load({bundle.folder!r})"
        environment = {**os.environ, "ONEHANDLER_BUNDLE_DIGEST": bundle.digest}
        started = perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        seconds = perf_counter() - started
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [""])[-1][:300]
        raise ConversionError(f"a process of its own cannot load it: {reason}", where=candidate.name)
    return seconds
