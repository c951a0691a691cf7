"""What a bundle declares to be done with its clients' inputs before the model gets them: one file a kind.

The manifest's signature is what clients see. Its `preprocessing` is a list of steps; each takes one of the clients'
inputs and gives inputs of the model (text.py, image.py). Inputs that no step takes go to the model as they are.
Adding a kind is a file here with `step`, and a line in `KINDS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from onehandler.errors import BundleError, shown
from onehandler.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Final

    from onehandler.bundle import Bundle
    from onehandler.runtimes import Runtime
    from onehandler.signature import TensorSpec
    from onehandler.tensor import Tensor, Tensors

MEMBER = "preprocessing"
KINDS = {"image": "onehandler.preprocessing.image", "text": "onehandler.preprocessing.text"}


class Step(Protocol):
    """One declared step."""

    @property
    def gives(self) -> Sequence[str]:
        """The model's inputs that it makes."""
        ...

    @property
    def most_rows(self) -> int:
        """Rows that may be prepared for one run, so that what it holds stays small."""
        ...

    def check(self, texts: Sequence[str]) -> None:
        """Refuse what would cost too much, before anything is prepared. InvalidInput, TooLarge."""
        ...

    def prepare(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """What the model gets for these rows. InvalidInput says which row cannot be read."""
        ...


class Make(Protocol):
    """What each kind's file offers as `step`; BundleError says what is wrong with the declaration."""

    def __call__(self, declared: Mapping[str, Any], inputs: Mapping[str, TensorSpec], bundle: Bundle) -> Step:
        """Read a declaration; `inputs` are the model's."""
        ...


def prepared(bundle: Bundle, runtime: Runtime) -> Runtime:
    """The runtime with the bundle's steps before it. BundleError when they don't lead to the model's inputs."""
    wanted = {spec.name: spec for spec in runtime.signature.inputs}
    steps = dict(_steps(bundle, wanted))
    given = [name for step in steps.values() for name in step.gives]
    passed = [spec for spec in bundle.signature.inputs if spec.name not in steps]
    if sorted([*given, *(spec.name for spec in passed)]) != sorted(wanted):
        raise BundleError(
            f"gives {', '.join(given)}, the model takes {', '.join(wanted)}; each of these is needed once",
            where=MEMBER,
        )
    for spec in passed:
        model = wanted[spec.name]
        if (spec.dtype, len(spec.shape)) != (model.dtype, len(model.shape)):
            raise BundleError(f"input '{spec.name}' is {spec}, the model's is {model}", where="signature")
    return Prepared(runtime, steps, bundle.signature)


class Prepared:
    """Implements onehandler.runtimes.Runtime for what clients send."""

    def __init__(self, runtime: Runtime, steps: Mapping[str, Step], clients: Signature) -> None:
        self.signature: Final = Signature(clients.inputs, runtime.signature.outputs)
        self._runtime: Final = runtime
        self._steps: Final = steps
        self._most_rows: Final = min(step.most_rows for step in steps.values())

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Prepare and execute, as many rows at once as the steps allow. Raises InvalidInput, TooLarge, ModelError."""
        for name, step in self._steps.items():
            step.check(_texts(inputs[name]))
        rows = len(_texts(inputs[next(iter(self._steps))]))
        if rows <= self._most_rows:
            return self._run(inputs)
        from onehandler.serving.joining import joined, split  # most requests are one run

        counts = [min(self._most_rows, rows - first) for first in range(0, rows, self._most_rows)]
        return dict(joined([self._run(part) for part in split(dict(inputs), counts)]))

    def close(self) -> None:
        """Free the model."""
        self._runtime.close()

    def _run(self, inputs: Tensors) -> dict[str, Tensor]:
        ready = {name: tensor for name, tensor in inputs.items() if name not in self._steps}
        for name, step in self._steps.items():
            ready |= step.prepare(_texts(inputs[name]))
        return self._runtime.run(ready)


def members(declared: Mapping[str, Any], where: str, **kinds: type | tuple[type, ...]) -> None:
    """Refuse a declaration with a member that isn't among these, or is of another type."""
    for name, value in declared.items():
        if name in ("kind", "input"):
            continue
        if name not in kinds:
            raise BundleError(f"has no member {name!r:.60}; there are {', '.join(kinds)}", where=where)
        if not isinstance(value, kinds[name]) or isinstance(value, bool):
            raise BundleError(f"'{name}' has {shown(value)}", where=where)


def _steps(bundle: Bundle, wanted: Mapping[str, TensorSpec]) -> Iterator[tuple[str, Step]]:
    declared = bundle.manifest[MEMBER]
    if not isinstance(declared, list) or not declared:
        raise BundleError("must be a list of steps", where=MEMBER)
    clients = {spec.name: spec for spec in bundle.signature.inputs}
    taken = set()
    for entry in declared:
        kind, name = (entry.get("kind"), entry.get("input")) if isinstance(entry, dict) else (None, None)
        if kind not in KINDS:
            raise BundleError(f"a step's kind must be {' or '.join(KINDS)}", where=MEMBER)
        spec = clients.get(name) if isinstance(name, str) else None
        if spec is None or spec.dtype.bits or not _is_one(spec) or name in taken:
            raise BundleError(
                "a step's input must be one of strings, one a row, that no other takes", where=MEMBER
            )
        if (spec.media or "text") != kind:
            raise BundleError(
                f'input \'{name}\' must say "media": "image" for images alone', where="signature"
            )
        taken.add(name)
        make: Make = import_module(KINDS[kind]).step
        yield spec.name, make(entry, wanted, bundle)


def _is_one(spec: TensorSpec) -> bool:
    return len(spec.shape) == 1 or (len(spec.shape) == 2 and spec.shape[1] == 1)


def _texts(tensor: Tensor) -> list[str]:
    assert isinstance(tensor.data, list)
    return tensor.data
