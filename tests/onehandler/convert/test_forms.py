"""Optimised and quantized forms, and the page about a build."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import onnx
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onehandler.convert.build import Order, build
from onehandler.convert.cold_start import cold_start
from onehandler.convert.page import refusal_page, report_page
from onehandler.convert.parity import Different
from onehandler.errors import ConversionError
from tests.onehandler.convert.models import built, cancer, save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.convert.variants import Measured


def network(folder: Path) -> None:
    """A network large enough for 8-bit weights to be smaller."""
    rows, labels = cancer()
    model = make_pipeline(StandardScaler(), MLPClassifier((128, 128), max_iter=30, random_state=0))
    joblib.dump(model.fit(rows, labels), folder / "net.joblib")
    rows.to_csv(folder / "net.csv", index=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", ["dynamic", "static"])
def test_a_quantized_network_is_smaller_and_its_difference_is_known(how: str, tmp_path: Path) -> None:
    network(tmp_path)
    seen: list[Measured] = []

    def decide(forms: Sequence[Measured]) -> bool:
        assert not (tmp_path / "bundles").exists()  # nothing is written before somebody has decided
        seen.extend(forms)
        return True

    found = built("net", tmp_path, quantize=how, decide=decide)
    plain, quantized = seen
    assert plain.share_off == 0
    assert quantized.size < plain.size / 2
    assert plain.worst < 1e-4 < quantized.worst < 1
    assert 0 == plain.labels_off <= quantized.labels_off < 0.2
    assert min(plain.microseconds, quantized.microseconds) > 0
    assert found.note.endswith(f"quantized ({how})")
    kinds = {node.op_type for node in onnx.load(found.bundle.model_path).graph.node}
    assert kinds & {"MatMulInteger", "DynamicQuantizeLinear", "QuantizeLinear", "QLinearMatMul"}
    compared = found.bundle.manifest["parity"]["comparisons"]
    worst = max(each["worst"] for each in compared if each["output"] == "probabilities")
    assert worst == pytest.approx(quantized.worst)  # the bundle tells of the model that is in it


@pytest.mark.filterwarnings("ignore")
def test_who_declines_gets_the_model_as_converted(tmp_path: Path) -> None:
    network(tmp_path)
    found = built("net", tmp_path, quantize="dynamic", decide=lambda _: False)
    assert len(found.forms) == 2
    assert "quantized" not in found.note
    assert max(each.share_off for each in found.comparisons) == 0


def test_an_optimised_graph_answers_alike(tmp_path: Path) -> None:
    save("cancer", tmp_path)
    found = built("cancer", tmp_path, optimize=True)
    assert found.note == "optimized"
    assert [each.share_off for each in found.comparisons] == [0] * 4


@pytest.mark.filterwarnings("ignore")
def test_both_at_once(tmp_path: Path) -> None:
    network(tmp_path)
    assert built("net", tmp_path, quantize="dynamic", optimize=True).note.endswith(
        "quantized (dynamic), optimized"
    )


def test_trees_cannot_be_quantized_and_are_told_so(tmp_path: Path) -> None:
    save("cancer-forest", tmp_path)
    with pytest.raises(ConversionError, match=r"--quantize dynamic: finds no matrix product .*TreeEnsemble"):
        built("cancer-forest", tmp_path, quantize="dynamic")
    assert not (tmp_path / "bundles").exists()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_tells_it_all_and_loads_nothing(tmp_path: Path) -> None:
    save("cancer", tmp_path)
    found = built("cancer", tmp_path, optimize=True)
    start = cold_start(found.bundle)
    page = report_page(found, start)
    tags = _Tags()
    tags.feed(page)
    assert f"together: expect a cold start of{start.loaded:.0f}" in tags.text
    assert not {"script", "link", "img", "iframe"} & set(tags.found)
    assert not re.search(r"https?://|url\(|@import", page)
    for expected in ("mean radius", found.bundle.digest, "model.onnx", "as converted", "worst difference"):
        assert expected in tags.text
    assert tags.found.count("svg") == 1
    assert tags.found.count("circle") > 100


def test_names_from_strangers_stay_text(tmp_path: Path) -> None:
    evil = '<script>alert("1")</script>'
    rows, labels = cancer()
    rows = pd.DataFrame(rows.iloc[:, :2].to_numpy(), columns=[evil, "'><img src=x>"])
    labels = labels.map({"benign": "</td><svg onload=x>", "malignant": "&lt;"})
    joblib.dump(LogisticRegression(max_iter=500).fit(rows, labels), tmp_path / "m.joblib")
    rows.to_csv(tmp_path / "m.csv", index=False)
    page = report_page(built("m", tmp_path))
    tags = _Tags()
    tags.feed(page)
    assert evil in tags.text
    assert "</td><svg onload=x>" in tags.text
    assert "script" not in tags.found
    assert "img" not in tags.found
    assert tags.found.count("svg") == 1


def test_a_cold_start_is_made_of_its_parts(tmp_path: Path) -> None:
    save("cancer", tmp_path)
    found = built("cancer", tmp_path)
    start = cold_start(found.bundle)
    assert start.session is not None
    assert 0 < start.session < start.loaded
    assert 0 < start.python < start.loaded
    assert start.model_bytes == len(Path(found.bundle.model_path).read_bytes())


def test_a_bundle_that_does_not_load_has_no_cold_start(tmp_path: Path) -> None:
    save("cancer", tmp_path)
    found = built("cancer", tmp_path)
    Path(found.bundle.model_path).write_bytes(b"x")
    with pytest.raises(ConversionError, match="a process of its own cannot load the bundle"):
        cold_start(found.bundle)


def test_a_refusal_tells_why_and_by_how_much(tmp_path: Path) -> None:
    save("diabetes-forest", tmp_path)
    order = Order(
        tmp_path / "diabetes-forest.joblib",
        tmp_path / "diabetes-forest.csv",
        "m",
        tmp_path / "m",
        tolerance=1e-13,
    )
    with pytest.raises(Different) as refused:
        build(order)
    tags = _Tags()
    tags.feed(refusal_page(order, refused.value))
    for expected in ("m 1: refused", str(refused.value), "No bundle was written", "held-out", "1e-13"):
        assert expected in tags.text
    assert tags.found.count("td") > 10


def test_a_refusal_keeps_what_strangers_wrote_as_text(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    tags = _Tags()
    order = Order(tmp_path / f"{evil}.joblib", None, "m", tmp_path / "m", version=evil)
    tags.feed(refusal_page(order, ConversionError(evil, where=evil)))
    assert tags.text.count(evil) >= 4
    assert "script" not in tags.found
