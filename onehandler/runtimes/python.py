"""Python of the bundle's own as the model: a function `predict`, or a class with that method.

    def predict(inputs: dict[str, Tensor]) -> dict[str, array]: …

    class Model:
        def __init__(self, folder: Path) -> None: …        once; `folder` is the bundle's, with its other files
        def predict(self, inputs): …

`numpy.asarray(inputs["x"])` copies nothing. Outputs are arrays, lists or tensors of the declared types. Loading runs
the bundle's code, so its manifest must say `allow_code`, which `onehandler build --allow-code` writes.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onehandler.errors import BundleError, InvalidInput, ModelError, OnehandlerError, UntrustedBundle
from onehandler.rows import tensor_from_nested

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Final

    from onehandler.bundle import Bundle
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensor, Tensors

    Predict = Callable[[Tensors], Mapping[str, Any]]

_MODULE = "onehandler_bundle_model"
FUNCTION = "predict"


def open_bundle(bundle: Bundle) -> PythonModel:
    """Run a bundle's code; UntrustedBundle when nobody allowed it, BundleError when it defines no model."""
    if bundle.manifest.get("allow_code") is not True:
        raise UntrustedBundle(
            "is Python code and doesn't allow it to run; build it with --allow-code", where=bundle.folder
        )
    return PythonModel(predict_of(Path(bundle.model_path)), bundle.signature)


class PythonModel:
    """Implements onehandler.runtimes.Runtime around a function from tensors to arrays."""

    def __init__(self, predict: Predict, signature: Signature) -> None:
        self.signature: Final = signature
        self._predict: Predict | None = predict

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Execute once; see Runtime.run."""
        if self._predict is None:
            raise ModelError("the model has been closed")
        try:
            found = self._predict(inputs)
        except OnehandlerError:  # the code knows what is wrong with its input
            raise
        except Exception as error:  # it may raise anything
            raise ModelError(f"{type(error).__name__}: {error}"[:1000]) from error
        missing = [spec.name for spec in self.signature.outputs if spec.name not in found]
        if missing:
            raise ModelError(f"predict gives no '{missing[0]}'")
        outputs = {spec.name: _tensor(spec, found[spec.name]) for spec in self.signature.outputs}
        if self.signature.batched:
            _check_rows(inputs, outputs)
        return outputs

    def close(self) -> None:
        """Let the model go."""
        self._predict = None


def predict_of(path: Path) -> Predict:
    """Run a file of Python and take its function `predict`, or the method of its only class that has one."""
    module = _executed(path)
    found = vars(module).get(FUNCTION)
    if callable(found):
        function: Predict = found
        return function
    classes = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == _MODULE and callable(getattr(each, FUNCTION, None))
    ]
    if len(classes) != 1:
        raise BundleError(
            f"must define a function '{FUNCTION}' or one class with that method; it has {len(classes)} such classes",
            where=str(path),
        )
    try:
        method: Predict = classes[0](path.parent).predict
    except Exception as error:
        raise BundleError(
            f"{classes[0].__name__}(folder) failed: {type(error).__name__}: {error}"[:500], where=str(path)
        ) from error
    return method


def _executed(path: Path) -> ModuleType:
    spec = spec_from_file_location(_MODULE, path)
    assert spec is not None, "a path ends with .py"
    module = module_from_spec(spec)
    folder = str(path.parent)
    # Not through its loader, which would leave a __pycache__ in the bundle, and the manifest lists none.
    before = sys.dont_write_bytecode
    sys.path.insert(0, folder)  # for modules beside it
    sys.dont_write_bytecode = True
    try:
        exec(compile(path.read_bytes(), path, "exec"), module.__dict__)  # noqa: S102 - what the bundle was allowed
    except Exception as error:
        raise BundleError(f"failed: {type(error).__name__}: {error}"[:500], where=str(path)) from error
    finally:
        sys.dont_write_bytecode = before
        sys.path.remove(folder)
    return module


def _check_rows(inputs: Tensors, outputs: Tensors) -> None:
    """Each row gets an answer: another number of them would be answers to somebody else's."""
    asked = next(iter(inputs.values())).shape[0]
    for name, tensor in outputs.items():
        if tensor.shape[0] != asked:
            raise ModelError(f"has {tensor.shape[0]} rows for {asked} of input", where=f"output '{name}'")


def _tensor(spec: TensorSpec, values: Any) -> Tensor:
    if isinstance(values, list):
        try:
            return tensor_from_nested(spec, values, f"output '{spec.name}'")
        except InvalidInput as error:
            raise ModelError(f"predict gives something else than it declares: {error}") from None
    from onehandler.runtimes.arrays import tensor_of  # numpy, for code that has it anyway

    return tensor_of(spec, values)
