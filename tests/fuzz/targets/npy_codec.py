"""NumPy files: our reader and numpy's own agree on whatever both take."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from onehandler.codecs import npy
from onehandler.errors import OnehandlerError
from tests.hostile.cases_encoded import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator


def fuzz(data: bytes) -> None:
    try:
        tensor = npy.loads(data)
    except OnehandlerError:
        return
    expected = np.load(BytesIO(data), allow_pickle=False)
    found = np.asarray(tensor)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert found.tobytes() == expected.tobytes()


def seeds() -> Iterator[bytes]:
    for dtype in ("f4", "f8", "f2", "i8", "u1", "b1"):
        for version in ((1, 0), (2, 0)):
            content = BytesIO()
            np.lib.format.write_array(content, np.ones((2, 3), dtype), version)
            yield content.getvalue()
    yield from (case.body for case in CASES if case.id.startswith("npy-") and len(case.body) < 1000)
