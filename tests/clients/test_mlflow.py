"""MLflow's scoring client, and the commands of its documentation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from tests import bundles
from tests.bundles import COLUMNS, ROW
from tests.clients.servers import serving
from tests.clients.test_curl import curl

mlflow = pytest.importorskip("mlflow.pyfunc.scoring_server.client")

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = [-1.0, -2.0, -3.0, -4.0]
FRAME = pd.DataFrame([ROW, OTHER], columns=COLUMNS)
LABELS = [2, 0]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A client of each of some models."""
    folder = tmp_path_factory.mktemp("mlflow")
    with (
        serving(bundles.build("mixed", folder), folder) as mixed,
        serving(bundles.build("regression", folder), folder) as regression,
    ):
        yield {"mixed": _client(mixed), "regression": _client(regression)}


def _client(address: str) -> Any:
    host, _, port = address.partition(":")
    return mlflow.ScoringServerClient(host, port)


@pytest.fixture(scope="module")
def client(iris: str) -> Any:
    return _client(iris)


def test_it_finds_the_server(client: Any) -> None:
    client.wait_server_ready(timeout=5)
    assert client.get_version().count(".") == 2


@pytest.mark.parametrize(
    "data",
    [
        FRAME,
        FRAME.astype("float32"),
        FRAME[COLUMNS[::-1]],
        FRAME.assign(id=["a", "b"]),
        pd.DataFrame(FRAME.to_numpy()),
        FRAME.set_index(pd.Index([7, 9])),
        FRAME.to_numpy(),
        FRAME.to_numpy().tolist(),
        json.dumps({"dataframe_split": FRAME.to_dict("split")}),
        json.dumps({"dataframe_records": FRAME.to_dict("records")}),
        json.dumps({"instances": FRAME.to_numpy().tolist()}),
        json.dumps({"inputs": {"X": FRAME.to_numpy().tolist()}}),
    ],
    ids=["frame", "float32", "other-order", "more-columns", "unnamed", "index", "array", "lists",
         "split", "records", "instances", "inputs"],
)  # fmt: skip
def test_every_kind_of_data(data: Any, client: Any) -> None:
    assert client.invoke(data).get_predictions()[0].tolist() == LABELS


def test_parameters_choose_outputs(client: Any) -> None:
    found = client.invoke(FRAME, params={"outputs": ["label", "probabilities"]}).get_predictions()
    assert found["label"].tolist() == LABELS
    assert [sum(row) for row in found["probabilities"]] == pytest.approx([1, 1])


def test_wrong_data_are_told_in_words(client: Any) -> None:
    with pytest.raises(Exception, match=r"error code 400.*sepal length"):
        client.invoke(FRAME.drop(columns="sepal length"))
    with pytest.raises(Exception, match=r"error code 400.*there is 'outputs' alone"):
        client.invoke(FRAME, params={"temperature": 1})


def test_frames_of_several_types(several: dict[str, Any]) -> None:
    frame = pd.DataFrame({"city": ["Łódź", ""], "age": [1.5, 2], "visits": [2, 3]})
    found = several["mixed"].invoke(frame).get_predictions()
    assert found["score"].tolist() == [3.5, 5.0]
    assert found["city_bytes"].tolist() == ["Łódź", ""]


def test_missing_values(several: dict[str, Any]) -> None:
    frame = pd.DataFrame({"a": [1.0, 1.0], "b": [np.nan, 2.0], "c": [3.0, -np.inf]})
    found = several["regression"].invoke(frame).get_predictions()[0].tolist()
    assert np.isnan(found[0])
    assert found[1] == np.inf


_SPLIT = json.dumps({"dataframe_split": {"columns": COLUMNS, "data": [ROW]}})
_DOCUMENTED = [
    f"curl http://127.0.0.1:5000/invocations -H 'Content-Type:application/json' -d '{_SPLIT}'",
    f"curl http://127.0.0.1:5000/invocations -H 'Content-Type: application/json' -d '{{\"inputs\": [{ROW}]}}'",
    f"curl http://127.0.0.1:5000/invocations -H 'Content-Type: application/json' -d '{{\"instances\": [{ROW}]}}'",
    "curl http://127.0.0.1:5000/invocations -H 'Content-Type: text/csv' --data-binary "
    f"'{','.join(COLUMNS)}\n{','.join(map(str, ROW))}'",
]


@pytest.mark.parametrize("command", _DOCUMENTED, ids=["split", "inputs", "instances", "csv"])
def test_documented_commands(command: str, iris: str) -> None:
    assert json.loads(curl(command.replace("127.0.0.1:5000", iris), iris)) == {"predictions": [2]}
