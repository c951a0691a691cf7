"""The gate that stops a conversion that answers otherwise: its numbers by hand, and that it does stop one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest

from onehandler.convert import Options
from onehandler.convert.opening import opened
from onehandler.convert.parity import Different, Reference, compare, references, require_equal
from onehandler.convert.sklearn import convert
from onehandler.convert.tables import Table, read_table
from onehandler.errors import ConversionError
from onehandler.signature import Signature
from onehandler.tensor import Tensor
from tests.onehandler.convert.models import built, save

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from onehandler.convert.rows import Rows
    from onehandler.tensor import Tensors

SIGNATURE = Signature.from_json(
    {
        "inputs": [{"name": "x", "dtype": "float64", "shape": [-1, 2], "columns": ["a", "b"]}],
        "outputs": [
            {"name": "label", "dtype": "string", "shape": [-1]},
            {"name": "sums", "dtype": "float64", "shape": [-1, 2]},
        ],
    }
)


class Converted:
    """A runtime that answers a row's label and sums; `twist` may spoil the answers to a batch."""

    signature = SIGNATURE

    def __init__(
        self, twist: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] = lambda sums: sums
    ) -> None:
        self._twist = twist
        self.batches: list[int] = []

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        rows = np.asarray(inputs["x"])
        self.batches.append(len(rows))
        sums = self._twist(answers(rows)["sums"])
        labels = [str(each) for each in answers(rows)["label"]]
        return {
            "label": Tensor.of("string", (len(rows),), labels),
            "sums": Tensor.of("float64", sums.shape, sums.ravel().tolist()),
        }

    def close(self) -> None:
        """Nothing to free."""


def answers(rows: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """The original."""
    return {
        "label": np.where(rows[:, 0] > 5, "high", "low"),
        "sums": np.stack([rows.sum(axis=1), rows[:, 0] * 100], axis=1),
    }


def reference(rows: int = 20, **changes: Any) -> Reference:
    frame = pd.DataFrame({"a": np.arange(rows, dtype=float), "b": 1.0})
    return Reference("training", Table(frame), {**answers(frame.to_numpy()), **changes})


def test_equal_answers_compare_as_equal() -> None:
    found = compare(Converted(), SIGNATURE, reference(), 1e-4)
    assert [(each.output, each.count, each.worst, each.share_off) for each in found] == [
        ("label", 20, 0, 0),
        ("sums", 20, 0, 0),
    ]
    require_equal(found, 1e-4)


def test_every_row_is_asked_at_once_and_the_first_in_ones_and_sevens() -> None:
    converted = Converted()
    compare(converted, SIGNATURE, reference(20), 1e-4)
    assert converted.batches == [1] * 5 + [7, 7, 6] + [20]


@pytest.mark.parametrize(("rows", "batches"), [(1, [1]), (3, [1, 1, 1, 3]), (7, [1] * 5 + [7])])
def test_few_rows_are_asked_in_the_batches_there_are(rows: int, batches: list[int]) -> None:
    converted = Converted()
    compare(converted, SIGNATURE, reference(rows), 1e-4)
    assert converted.batches == batches


def test_shares_and_differences_are_what_one_calculates_by_hand() -> None:
    """Of 20 rows, 3 have another label, and 2 a sum that is off, by 0.25 and by 4."""
    given = reference()
    labels, sums = given.expected["label"].copy(), given.expected["sums"].copy()
    labels[[0, 1, 19]] = "medium"
    sums[4, 0] += 0.25
    sums[9, 1] -= 4
    found = compare(Converted(), SIGNATURE, reference(label=labels, sums=sums), 1e-4)
    label, numbers = found
    assert (label.worst, label.share_off) == (1, pytest.approx(3 / 20))
    assert (numbers.worst, numbers.share_off, numbers.line) == (4, pytest.approx(2 / 20), 9 + 2)
    with pytest.raises(Different, match=r"15\.0% of 20 training rows differently: output 'label'"):
        require_equal(found, 1e-4)


def test_the_tolerance_grows_with_the_answer() -> None:
    """Row 19 answers 1900: 1e-4 * 1901 = 0.1901 is allowed there, and 1e-4 * 101 on row 1."""
    for row, change, share in ((19, 0.19, 0), (19, 0.1902, 0.05), (1, 0.0101, 0), (1, 0.0102, 0.05)):
        given = reference()
        sums = given.expected["sums"].copy()

        def twist(
            found: np.ndarray[Any, Any], row: int = row, change: float = change
        ) -> np.ndarray[Any, Any]:
            if len(found) == 20:
                found[row, 1] += change
            return found

        _, numbers = compare(Converted(twist), SIGNATURE, reference(sums=sums), 1e-4)
        assert numbers.share_off == share, (row, change)


@pytest.mark.parametrize("size", [1, 7, 20])
def test_a_fault_at_one_batch_size_is_found_and_says_so(size: int) -> None:
    def baked_in(sums: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return sums + 1 if len(sums) == size else sums

    _, numbers = compare(Converted(baked_in), SIGNATURE, reference(), 1e-4)
    assert numbers.batch == size
    assert numbers.share_off > 0
    with pytest.raises(Different, match=f"batches of {size}"):
        require_equal([numbers], 1e-4)


@pytest.mark.parametrize(
    ("converted", "original", "share"),
    [
        (np.nan, np.nan, 0),
        (np.inf, np.inf, 0),
        (np.nan, 1.0, 0.05),
        (1.0, np.nan, 0.05),
        (np.inf, -np.inf, 0.05),
        (np.inf, 1.0, 0.05),
        (1.0, -np.inf, 0.05),
    ],
)
def test_what_is_no_number_must_be_none_on_both_sides(
    converted: float, original: float, share: float
) -> None:
    sums = reference().expected["sums"].copy()
    sums[3, 0] = original

    def twist(found: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found[found[:, 0] == 4, 0] = converted  # the sum of row 3
        return found

    _, numbers = compare(Converted(twist), SIGNATURE, reference(sums=sums), 1e-4)
    assert numbers.share_off == share


def test_another_shape_is_refused() -> None:
    with pytest.raises(ConversionError, match=r"output 'sums': has shape \[5, 1\], the original's \[5, 2\]"):
        compare(Converted(lambda sums: sums[:, :1]), SIGNATURE, reference(), 1e-4)


def test_an_original_that_fails_is_the_samples_fault() -> None:
    def fails(rows: Rows) -> Mapping[str, np.ndarray[Any, Any]]:
        raise ValueError("no column b")

    with pytest.raises(ConversionError, match=r"--holdout: the original model cannot answer .* no column b"):
        references({"held-out": reference().rows}, fails)


def tampered(path: Path, rows: int = 1) -> Any:
    """A regression whose saved answers the converter will never meet: the model lies about some rows."""
    model = joblib.load(path)
    honest = model.predict

    class Lying(type(model)):  # type: ignore[misc]
        def predict(self, frame: Any) -> Any:
            found = honest(frame)
            found[:rows] += 1
            return found

    model.__class__ = Lying
    return model


@pytest.mark.parametrize("rows", [1, 50])
def test_the_gate_stops_a_build_and_no_bundle_is_left(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The expected answers are altered on their way from the original to the comparison."""
    save("diabetes", tmp_path)
    lying = tampered(tmp_path / "diabetes.joblib", rows)
    monkeypatch.setattr(joblib, "load", lambda _: lying)
    with pytest.raises(ConversionError, match="output 'prediction' differs by 1"):
        built("diabetes", tmp_path)
    assert not (tmp_path / "bundles").exists()
    monkeypatch.undo()
    assert built("diabetes", tmp_path).comparisons


def test_a_narrow_tolerance_stops_an_honest_conversion_too(tmp_path: Path) -> None:
    save("diabetes-boosting", tmp_path)
    with pytest.raises(Different, match="tolerance 1e-12, see --tolerance"):
        built("diabetes-boosting", tmp_path, tolerance=1e-12)
    assert not (tmp_path / "bundles").exists()


def test_the_plain_way_really_is_wrong_for_a_forest_behind_a_scaler(tmp_path: Path) -> None:
    """Float32 puts rows on the other side of thresholds; that the cure was needed is part of the claim."""
    save("diabetes-forest", tmp_path)
    rows = read_table(tmp_path / "diabetes-forest.csv")
    conversion = convert(tmp_path / "diabetes-forest.joblib", rows, Options())
    assert conversion.expected is not None
    (asked,) = references({"training": rows}, conversion.expected)
    plain, cured = conversion.candidates[0](), conversion.candidates[1]()
    with opened(plain) as runtime:
        (wrong,) = compare(runtime, plain.signature, asked, 1e-4)
    with opened(cured) as runtime:
        (right,) = compare(runtime, cured.signature, asked, 1e-4)
    assert wrong.share_off > 0
    assert wrong.worst > 0.01
    assert right.share_off == 0
    assert right.worst < 0.01


@pytest.mark.parametrize(("step", "off"), [(0.0, 1.0), (0.5, 1.0), (1.0, 0.0)])
def test_a_quantized_output_may_differ_by_its_step(step: float, off: float) -> None:
    rows = Table(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}))
    reference = Reference("training", rows, answers(rows.frame.to_numpy()))
    runtime = Converted(lambda sums: sums + 1)
    found = {each.output: each for each in compare(runtime, SIGNATURE, reference, 1e-4, {"sums": step})}
    assert found["sums"].share_off == off
    assert found["sums"].worst == 1
