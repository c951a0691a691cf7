"""The command, in processes of its own: help, refusals, results."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from onehandler.bundle_archive import pack
from onehandler.cli.main import COMMANDS
from tests import bundles
from tests.onehandler.cli.processes import COMMAND, ROOT, environment, run
from tests.onehandler.convert.models import save

HEAVY = (
    "sklearn",
    "skl2onnx",
    "onnx",
    "onnxruntime",
    "numpy",
    "pandas",
    "moto",
    "boto3",
    "fastapi",
    "uvicorn",
    "rich",
)
PROBE = """
import sys
from onehandler.cli.main import main
try:
    main()
finally:
    print("\\n" + " ".join(sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bundles.build("iris", tmp_path_factory.mktemp("cli"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save("cancer", folder)
    return folder


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "--help"], capture_output=True, text=True, check=True, env=environment()
    )
    assert all(re.search(rf"^  {name}  +\w", done.stdout, re.MULTILINE) for name in COMMANDS)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["biuld"], "no command 'biuld'; did you mean 'build'?"),
        (["xyzzy"], "no command 'xyzzy'; there are build, inspect"),
        (["build"], "Missing argument 'MODEL'"),
        (["inspect", "nowhere"], "'nowhere' does not exist"),
        (["serve", ".", "--port", "70000"], "70000 is not in the range"),
    ],
)
def test_wrong_usage_is_told_without_a_traceback(words: list[str], message: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def refusals(bundle: str, models: Path) -> dict[str, tuple[list[str], str]]:
    sample = ["--sample", str(models / "cancer.csv"), "--out", str(models / "out")]
    return {
        "no bundle": (["inspect", str(models)], "no bundle here: bundle.json"),
        "no archive": (["predict", str(models / "cancer.csv"), "--row", "[1]"], "no bundle here"),
        "two inputs": (["predict", bundle, "--row", "[1]", "--rows", __file__], "--rows or --row, not both"),
        "kind of rows": (["predict", bundle, "--rows", __file__], "must end in .csv"),
        "a name": (
            ["build", str(models / "cancer.joblib"), "--name", "A", *sample],
            "takes lower-case letters",
        ),
        "no model": (
            ["build", str(models / "cancer.csv"), "--name", "a", *sample],
            "no converter for '.csv'",
        ),
        "no host": (["serve", bundle, "--host", "203.0.113.1", "--port", "0"], "cannot listen there"),
    }


@pytest.mark.parametrize("case", refusals("", Path()))
def test_a_refusal_is_one_line_and_debug_shows_where(case: str, bundle: str, models: Path) -> None:
    words, message = refusals(bundle, models)[case]
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr), done.stderr
    assert message in done.stderr
    shown = run("--debug", *words)
    assert shown.returncode == 1
    assert "Traceback (most recent call last)" in shown.stderr


def test_inspect_shows_shapes_with_their_brackets(bundle: str) -> None:
    done = run("inspect", bundle)
    assert done.returncode == 0, done.stderr
    assert "[any, 4]" in done.stdout
    assert "sepal length, sepal width, petal length, petal width" in done.stdout
    assert "model.onnx" in done.stdout


def test_inspect_shows_names_that_look_like_markup(tmp_path: Path) -> None:
    signature = {
        "inputs": [bundles.spec("X", "float32", [-1, 4], ["[bold]", "[/]", ":smile:", "[link=x]"])],
        "outputs": [bundles.spec("label", "int64", [-1]), bundles.spec("probabilities", "float32", [-1, 3])],
    }
    done = run("inspect", bundles.build("iris", tmp_path, signature=signature))
    assert done.returncode == 0, done.stderr
    assert "[bold], [/]" in done.stdout
    assert "[link=x]" in done.stdout


def test_inspect_prints_one_object(bundle: str, tmp_path: Path) -> None:
    done = run("inspect", bundle, "--json")
    found = json.loads(done.stdout)
    assert done.stderr == ""
    assert found["signature"]["inputs"][0]["columns"] == bundles.COLUMNS
    assert found["bytes"] == sum(entry["bytes"] for entry in found["files"].values())
    assert set(found["fits"].values()) == {True}
    pack(Path(bundle), tmp_path / "iris.tar.gz")
    archived = json.loads(run("inspect", str(tmp_path / "iris.tar.gz"), "--json").stdout)
    assert archived["digest"] == found["digest"]


def test_predict_answers_one_row(bundle: str) -> None:
    as_list = run("predict", bundle, "--row", json.dumps(bundles.ROW))
    by_name = run(
        "predict", bundle, "--row", json.dumps(dict(zip(bundles.COLUMNS, bundles.ROW, strict=True)), indent=1)
    )
    assert as_list.returncode == by_name.returncode == 0
    assert as_list.stdout == by_name.stdout
    assert json.loads(as_list.stdout)["prediction"].keys() == {"label", "probabilities"}


def test_predict_reads_files_and_standard_input(bundle: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(",".join(bundles.COLUMNS) + "\n" + "5.1,3.5,1.4,0.2\n" * 3)
    (tmp_path / "rows.jsonl").write_text("[5.1,3.5,1.4,0.2]\n" * 3)
    csv = run("predict", bundle, "--rows", str(tmp_path / "rows.csv"))
    lines = run("predict", bundle, "--rows", str(tmp_path / "rows.jsonl"))
    given = run("predict", bundle, given="[5.1,3.5,1.4,0.2]\n" * 3)
    assert csv.returncode == lines.returncode == given.returncode == 0
    assert csv.stdout == lines.stdout == given.stdout
    assert len(csv.stdout.splitlines()) == 3


def test_predict_tells_bad_rows_in_their_place(bundle: str) -> None:
    done = run("predict", bundle, "--json", given="[5.1,3.5,1.4,0.2]\n[1]\nnonsense\n[5.1,3.5,1.4,0.2]\n")
    assert done.returncode == 1
    results = json.loads(done.stdout)["results"]
    assert ["error" in each for each in results] == [False, True, True, False]
    assert "has 1 values, the model takes 4" in results[1]["error"]
    assert "Traceback" not in done.stderr


def test_build_makes_a_bundle_that_predict_answers(models: Path) -> None:
    words = [
        "build",
        str(models / "cancer.joblib"),
        "--sample",
        str(models / "cancer.csv"),
        "--name",
        "cancer",
    ]
    shown = run(*words, "--out", str(models / "shown"))
    assert shown.returncode == 0, shown.stderr
    assert "Converted model against the original" in shown.stdout
    assert re.search(r"held-out .* probabilities .* 0\.0%", shown.stdout)
    done = run(*words, "--out", str(models / "quiet"), "--json")
    found = json.loads(done.stdout)
    assert len(done.stdout.splitlines()) == 1
    assert {each["share_off"] for each in found["parity"]} == {0}
    assert found["digest"][:12] in shown.stdout
    answered = run("predict", found["bundle"], "--rows", str(models / "cancer.csv"))
    assert len(answered.stdout.splitlines()) == 569


def test_serve_answers_until_it_is_told_to_stop(bundle: str) -> None:
    process = subprocess.Popen(
        [*COMMAND, "serve", bundle, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
    )
    assert process.stderr is not None
    try:
        told = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", told)
        assert address, told
        request = urllib.request.Request(
            address[0] + "predict",
            json.dumps({"rows": [bundles.ROW]}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert "predictions" in json.load(response)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
