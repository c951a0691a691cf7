"""SnapStart: instances start from one snapshot of an initialised process, taken when a version is published.

Before the snapshot the model answers once, so that memory and everything imported late are in it. After each
restore, what instances of one snapshot must not share is made anew. Nothing else needs it: this process opens no
sockets, reads the clock at each use, and takes request and trace ids from the invocation.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

from __future__ import annotations

import json
import os
import sys

from onehandler.errors import BundleError
from onehandler.message import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.protocols import Served

_RUNS = 4  # runtimes may take another way from the second run on
# Operators of ONNX that draw numbers, as the model file spells them: field 4 of a node, its length, its name.
_DRAWING = tuple(
    b"\x22" + bytes([len(name)]) + name
    for name in (
        *(b"Bernoulli", b"Multinomial", b"RandomNormal", b"RandomNormalLike"),
        *(b"RandomUniform", b"RandomUniformLike"),
    )
)


def register(served: Served) -> None:
    """Have the runtime client warm what is served before the snapshot and renew what is shared after each restore.

    To be called in the init phase, only where SnapStart is on: it imports AWS's hooks. A bundle's own handler.py
    may have registered hooks before: ours is the first either way, so that theirs find fresh random states.
    """
    # Part of AWS's runtimes from Python 3.12 on; other initialisations never need it.
    import snapshot_restore_py as hooks  # type: ignore[import-untyped]

    hooks.register_before_snapshot(warm, served)  # these run last in, first out
    hooks.register_after_restore(renew)  # and these in the order of the list
    restoring = hooks.get_after_restore()
    restoring.insert(0, restoring.pop())


def warm(served: Served) -> None:
    """Answer a sample of each model a few times, so that no restored instance is the first to run it.

    BundleError when a model refuses one of its bundle's own samples: such a version shall not be published.
    """
    bundles = served.bundles()
    for bundle in bundles:
        path = "/predict" if len(bundles) == 1 else f"/predict/{bundle.name}/{bundle.version}"
        request = Request("POST", path, {"content-type": "application/json"}, _sample(bundle))
        for _ in range(_RUNS):
            response = served.answer(request)
        if response.status != 200:
            told = f"a sample was answered {response.status}: {response.body[:500].decode(errors='replace')}"
            if bundle.manifest.get("samples"):
                raise BundleError(f"cannot be warmed: {told}", where=bundle.folder)
            served.telemetry.log("WARNING", f"the snapshot's model is cold; without samples, {told}", {})
        drawing = _drawing(bundle)
        if drawing:
            told = f"the model draws random numbers ({drawing}): the same ones in every restored instance"
            served.telemetry.log("WARNING", told, {})


def renew() -> None:
    """Make anew what instances of one snapshot would have in common: the states of random number generators."""
    modules = sys.modules
    for name in ("random", "numpy.random"):
        if name in modules:
            modules[name].seed()
    # A restore reseeds the kernel's generator; OpenSSL's is in the snapshot's memory.
    if "ssl" in modules:
        modules["ssl"].RAND_add(os.urandom(32), 32.0)


def _sample(bundle: Bundle) -> bytes:
    from onehandler.openapi.samples import sample_inputs, sample_rows  # only before a snapshot

    sample: dict[str, Any] = (
        {"rows": sample_rows(bundle)[:1]} if bundle.signature.batched else {"inputs": sample_inputs(bundle)}
    )
    return json.dumps(sample).encode()


def _drawing(bundle: Bundle) -> str:
    """The names of random operators in an ONNX model, "" when there are none."""
    if bundle.runtime != "onnx":
        return ""
    from mmap import ACCESS_READ, mmap  # a gigabyte of weights must not be in memory twice
    from pathlib import Path

    with (
        Path(bundle.model_path).open("rb") as file,
        mmap(file.fileno(), 0, access=ACCESS_READ) as content,
    ):
        return ", ".join(name[2:].decode() for name in _DRAWING if content.find(name) >= 0)
