"""scikit-learn estimators as they are, for those that cannot be converted: slow to start, and numpy is needed.

A joblib or pickle file runs code when it is loaded. So its bundle must say `allow_pickle`, the deployment must pin
the bundle's digest, and what is unpickled is what was hashed. A skops file runs none, and its bundle lists the types
that may be made; but a tree in it may still lead anywhere, so that it has to be pinned, too.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from typing import TYPE_CHECKING, Any

from onehandler.errors import BundleError, ModelError, UntrustedBundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from onehandler.bundle import Bundle
    from onehandler.signature import Signature
    from onehandler.tensor import Tensor, Tensors

SKOPS = ".skops"
# What an estimator may be asked: nothing that a manifest invents.
ANSWERING = frozenset({"predict", "predict_proba", "decision_function", "score_samples", "transform"})


def open_bundle(bundle: Bundle) -> JoblibModel:
    """Open a bundle of runtime "joblib"; UntrustedBundle when its code has not been allowed, BundleError."""
    skops = bundle.model_path.endswith(SKOPS)
    _require_trust(bundle, pickled=not skops)
    _check_versions(bundle)
    content = _verified(bundle)
    try:
        estimator = _from_skops(content, bundle) if skops else _package("joblib").load(BytesIO(content))
    except BundleError:
        raise
    except Exception as error:  # noqa: BLE001 - reading such a file may raise anything
        reason = (str(error).strip().splitlines() or [""])[0][:300]
        raise BundleError(
            f"cannot be loaded ({type(error).__name__}: {reason})", where=bundle.model_path
        ) from None
    frames = bundle.manifest.get("frames") is True
    return JoblibModel(estimator, bundle.signature, _methods(bundle), frames=frames)


class JoblibModel:
    """A fitted estimator. Implements onehandler.runtimes.Runtime.

    `methods` are the estimator's own by the output they give; with `frames` it is asked with pandas' data frames,
    else with arrays.
    """

    def __init__(
        self, estimator: Any, signature: Signature, methods: Mapping[str, str], *, frames: bool
    ) -> None:
        self.signature: Final = signature
        self._estimator = estimator
        self._methods: Final = methods
        self._frames: Final = frames

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Execute once; see Runtime.run."""
        from onehandler.runtimes.arrays import both_classes, tensor_of  # numpy: most bundles do without

        estimator = self._estimator
        if estimator is None:
            raise ModelError("the model has been closed")
        rows = self._rows(inputs)
        found = {}
        for spec in self.signature.outputs:
            try:
                values = getattr(estimator, self._methods[spec.name])(rows)
            except Exception as error:  # an estimator may raise anything
                raise ModelError(f"{type(error).__name__}: {error}"[:1000]) from error
            found[spec.name] = tensor_of(spec, both_classes(values) if spec.shape[1:] == (2,) else values)
        return found

    def close(self) -> None:
        """Free the estimator."""
        self._estimator = None

    def _rows(self, inputs: Tensors) -> Any:
        from onehandler.runtimes.arrays import array_of, beside_each_other

        specs = self.signature.inputs
        arrays = [array_of(inputs[spec.name]) for spec in specs]
        if not self._frames:
            return arrays[0] if len(arrays) == 1 else beside_each_other(arrays)
        frame = _package("pandas").DataFrame
        if len(specs) == 1:
            return frame(arrays[0], columns=list(specs[0].columns) or None)
        return frame({spec.name: array.reshape(-1) for spec, array in zip(specs, arrays, strict=True)})


def _verified(bundle: Bundle) -> bytes:
    """The model file's content, which is then loaded from memory: what was checked is what is loaded."""
    with open(bundle.model_path, "rb") as file:
        content = file.read()
    listed = bundle.manifest["files"][bundle.manifest["model"]]["sha256"]
    if hashlib.sha256(content).hexdigest() != listed:
        raise UntrustedBundle("is not the file that was bundled: its sha256 differs", where=bundle.model_path)
    return content


def _require_trust(bundle: Bundle, *, pickled: bool) -> None:
    if pickled and bundle.manifest.get("allow_pickle") is not True:
        raise UntrustedBundle(
            "holds a pickle, which runs code when it is loaded, and doesn't allow it; build it with --allow-pickle",
            where=bundle.folder,
        )
    if not bundle.pinned:
        held = "a pickle, which runs code when it is loaded" if pickled else "an estimator of a skops file"
        raise UntrustedBundle(
            f"holds {held}: the deployment must say which one it means; if you trust it, set "
            f"ONEHANDLER_BUNDLE_DIGEST={bundle.digest}",
            where=bundle.folder,
        )


def _from_skops(content: bytes, bundle: Bundle) -> Any:
    trusted = bundle.manifest.get("trusted", [])
    if not isinstance(trusted, list) or not all(isinstance(each, str) for each in trusted):
        raise BundleError("needs a list of type names as 'trusted'", where=bundle.folder)
    return _package("skops.io").loads(content, trusted=trusted)


def _check_versions(bundle: Bundle) -> None:
    """Estimators are read by the version that wrote them: with another they may fail, or answer differently."""
    needed = bundle.manifest.get("requires", {})
    if not isinstance(needed, dict):
        raise BundleError("needs versions by package as 'requires'", where=bundle.folder)
    for package, wanted in needed.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "none"
        if found != wanted:
            raise BundleError(
                f"needs {package} {wanted}, {found} is installed; pip install '{package}=={wanted}'",
                where=bundle.folder,
            )


def _methods(bundle: Bundle) -> dict[str, str]:
    methods = bundle.manifest.get("methods")
    names = {spec.name for spec in bundle.signature.outputs}
    if (
        not isinstance(methods, dict)
        or methods.keys() != names
        or not all(each in ANSWERING for each in map(str, methods.values()))
    ):
        raise BundleError(
            f"needs 'methods', which give each output one of {', '.join(sorted(ANSWERING))}",
            where=bundle.folder,
        )
    return methods


def _package(name: str) -> Any:
    """A package that only such bundles need, by name: our own functions and servers come without."""
    try:
        return import_module(name)
    except ImportError:
        top = name.partition(".")[0]
        raise BundleError(f"the model needs the package {top}; install it beside it") from None
