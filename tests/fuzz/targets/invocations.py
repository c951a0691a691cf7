"""MLflow's, SageMaker's, TorchServe's, Vertex AI's and Azure ML's bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bundles import COLUMNS
from tests.conformance.table import CASES as ANSWERED
from tests.fuzz.world import Posts
from tests.hostile.table import CASES as HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = (
    "application/json", "application/jsonlines", "application/jsonl", "text/csv", "text/csv; header=present",
    "application/x-npy",
)  # fmt: skip
_PATHS = ("/invocations", "/predictions/iris", "/score")
_POSTS = Posts("iris", _PATHS, [{"content-type": name} for name in _TYPES])


def fuzz(data: bytes) -> None:
    _POSTS.fuzz(data)


def seeds() -> Iterator[bytes]:
    header = ",".join(COLUMNS).encode()
    for path in range(len(_PATHS)):
        at = path * len(_TYPES)
        yield bytes([at]) + b'{"dataframe_split":{"columns":["a"],"data":[[1]],"index":[0]}}'
        yield bytes([at]) + b'{"dataframe_records":[{"a":1}],"params":{}}'
        yield bytes([at]) + b'{"instances":[[5.1,3.5,1.4,0.2]]}'
        yield bytes([at]) + b'{"inputs":{"X":[[5.1,3.5,1.4,0.2]]}}'
        yield bytes([at + 1]) + b"[5.1,3.5,1.4,0.2]\n[1,2,3,4]\n"
        yield bytes([at + 3]) + b"5.1,3.5,1.4,0.2\n" + header
        yield bytes([at + 4]) + header + b"\n5.1,3.5,1.4,0.2\n"
    yield from _POSTS.seeds(ANSWERED)
    yield from _POSTS.seeds(HOSTILE)
