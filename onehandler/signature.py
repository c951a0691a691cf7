"""Signature: the named, typed tensors a model takes and gives.

A dimension of -1 may have any size from one call to the next. A signature whose tensors all start with -1 is
*batched*: its first dimension counts rows, and the row-shaped protocols and batch scoring can serve it.
"""

from __future__ import annotations

from onehandler.dtypes import dtype_named
from onehandler.errors import BundleError, InvalidInput, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

    from onehandler.dtypes import DType
    from onehandler.tensor import Tensor, Tensors

ANY = -1
IMAGE = "image"


class TensorSpec:
    """One input or output.

    `columns` name the entries of the last dimension: the feature names of an input, the class labels of a
    probability output; empty when they have no names. `nullable` floats take null for a missing value (NaN).
    `media` says what the strings of an input hold: "image" is a file of one in base64, "" is text.
    """

    __slots__ = ("_rows_of", "columns", "dtype", "media", "name", "nullable", "shape")

    def __init__(
        self,
        name: str,
        dtype: DType,
        shape: tuple[int, ...],
        columns: tuple[str, ...] = (),
        nullable: bool = False,
        media: str = "",
    ) -> None:
        self.name: Final = name
        self.dtype: Final = dtype
        self.shape: Final = shape
        self.columns: Final = columns
        self.nullable: Final = nullable
        self.media: Final = media
        # The sizes after the first, where only the first may be any: what most models take.
        self._rows_of: Final = shape[1:] if shape[:1] == (ANY,) and ANY not in shape[1:] else None

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> TensorSpec:
        """Read one entry of a manifest's signature; BundleError when it makes no sense."""
        try:
            spec = cls(
                _typed(found["name"], str, "name"),
                dtype_named(found["dtype"]),
                tuple(_typed(size, int, "shape") for size in _typed(found["shape"], list, "shape")),
                tuple(
                    _typed(name, str, "columns") for name in _typed(found.get("columns", []), list, "columns")
                ),
                _typed(found.get("nullable", False), bool, "nullable"),
                _typed(found.get("media", ""), str, "media"),
            )
        except (KeyError, TypeError, AttributeError, InvalidInput) as error:
            raise BundleError(f"a tensor needs name, dtype and shape: {error}", where="signature") from None
        if not all(map(str.isprintable, (spec.name, *spec.columns))):
            _check_names(spec)
        if any(size < ANY for size in spec.shape):
            raise BundleError(f"shape {list(spec.shape)} has a size below -1", where=f"signature.{spec.name}")
        if spec.columns and (not spec.shape or spec.shape[-1] != len(spec.columns)):
            raise BundleError(
                f"{len(spec.columns)} columns for shape {list(spec.shape)}", where=f"signature.{spec.name}"
            )
        if spec.media and (spec.media != IMAGE or spec.dtype.bits):
            raise BundleError(f"'media' is '{IMAGE}', of strings, or nothing", where=f"signature.{spec.name}")
        return spec

    def to_json(self) -> dict[str, Any]:
        """The manifest's form of it."""
        entry: dict[str, Any] = {"name": self.name, "dtype": self.dtype.name, "shape": list(self.shape)}
        if self.columns:
            entry["columns"] = list(self.columns)
        if self.nullable:
            entry["nullable"] = True
        if self.media:
            entry["media"] = self.media
        return entry

    def check(self, tensor: Tensor) -> None:
        """Raise InvalidInput unless the tensor has this type, rank and fixed sizes."""
        if tensor.dtype is not self.dtype:
            raise InvalidInput(f"takes {self.dtype.name}, {tensor.dtype.name} came", where=self.where)
        shape = tensor.shape
        if shape and shape[1:] == self._rows_of:
            return
        fits = len(shape) == len(self.shape) and all(
            want in (ANY, got) for want, got in zip(self.shape, shape, strict=True)
        )
        if not fits:
            raise InvalidInput(f"takes shape {self.shape_text}, {list(shape)} came", where=self.where)

    @property
    def where(self) -> str:
        """How messages point at it."""
        return f"input '{self.name}'"

    @property
    def shape_text(self) -> str:
        """The shape for people: [any, 30]."""
        return "[" + ", ".join("any" if size == ANY else str(size) for size in self.shape) + "]"

    def __repr__(self) -> str:
        return f"TensorSpec({self.name}: {self.dtype.name}{self.shape_text})"


class Signature:
    """What a model takes and gives, in the model's own order."""

    __slots__ = ("batched", "inputs", "output_names", "outputs")

    def __init__(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> None:
        self.inputs: Final = tuple(inputs)
        self.outputs: Final = tuple(outputs)
        for side in (self.inputs, self.outputs):
            names = [spec.name for spec in side]
            if not names or len(set(names)) != len(names):
                raise BundleError(f"a model needs inputs and outputs of different names, not {names}")
        self.output_names: Final = tuple(spec.name for spec in self.outputs)
        self.batched: Final = all(spec.shape[:1] == (ANY,) for spec in (*self.inputs, *self.outputs))

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Signature:
        """Read a manifest's signature; BundleError says what is missing."""
        sides = []
        for side in ("inputs", "outputs"):
            entries = found.get(side)
            if not isinstance(entries, list):
                raise BundleError(f"'{side}' must be a list of tensors", where="signature")
            sides.append([TensorSpec.from_json(entry) for entry in entries])
        return cls(*sides)

    def to_json(self) -> dict[str, Any]:
        """The manifest's form of it."""
        return {
            "inputs": [spec.to_json() for spec in self.inputs],
            "outputs": [spec.to_json() for spec in self.outputs],
        }

    def check_inputs(self, tensors: Tensors) -> None:
        """Raise InvalidInput unless exactly the model's inputs came, each fitting, all with as many rows."""
        for spec in self.inputs:
            tensor = tensors.get(spec.name)
            if tensor is None:
                raise InvalidInput(f"is missing; {self._known()}", where=spec.where)
            spec.check(tensor)
        if len(tensors) != len(self.inputs):
            unknown = len(tensors.keys() - {spec.name for spec in self.inputs})
            raise InvalidInput(f"{unknown} inputs that the model does not have came; {self._known()}")
        if self.batched and len(tensors) > 1:
            self._check_rows(tensors)

    def _check_rows(self, tensors: Tensors) -> None:
        rows = {spec.name: tensors[spec.name].shape[0] for spec in self.inputs}
        if len(set(rows.values())) > 1:
            counts = ", ".join(f"'{name}' {count}" for name, count in rows.items())
            raise InvalidInput(f"all inputs need the same number of rows; these came: {counts}")

    def _known(self) -> str:
        return "the model takes " + ", ".join(f"'{spec.name}'" for spec in self.inputs[:20])


def _check_names(spec: TensorSpec) -> None:
    from onehandler.bundle_names import check_steerless  # names are printable, but for mistakes and malice

    for name in (spec.name, *spec.columns):
        check_steerless(name, "signature")


def _typed(value: Any, kind: type[Any], key: str) -> Any:
    """The value, if it is exactly of that type: true is no size, and "12" no list of sizes."""
    if type(value) is not kind:
        raise TypeError(f"'{key}' has {shown(value)} where {kind.__name__} is needed")
    return value
