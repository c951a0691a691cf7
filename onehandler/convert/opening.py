"""Candidates, opened as they would be served."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.bundle_writer import write_content
from onehandler.convert.weights import LOCATION
from onehandler.errors import BundleError, ConversionError, InvalidInput, ModelError
from onehandler.runtimes import open_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.convert import Candidate
    from onehandler.convert.rows import Rows
    from onehandler.runtimes import Runtime
    from onehandler.tensor import Tensors


@contextmanager
def opened(candidate: Candidate) -> Iterator[Runtime]:
    """A candidate's model for the length of a with block; what the runtime refuses is a ConversionError."""
    with tempfile.TemporaryDirectory(prefix="onehandler-build-") as folder:
        path = Path(folder, candidate.name)
        path.write_bytes(candidate.model)
        if candidate.weights:
            write_content(path.with_name(LOCATION), candidate.weights)
        try:
            runtime = open_model("onnx", str(path), threads=1)
        except BundleError as error:
            reason = error.message.replace(str(path), "the model")
            raise ConversionError(f"the converted model cannot be opened: {reason}") from None
        try:
            yield runtime
        except (InvalidInput, ModelError) as error:
            raise ConversionError(f"the converted model cannot answer the rows: {error}") from None
        finally:
            runtime.close()


def prepared(candidate: Candidate, rows: Rows) -> Tensors:
    """Rows as the model itself takes them."""
    return rows.tensors(candidate.signature)
