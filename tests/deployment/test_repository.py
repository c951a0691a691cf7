"""The repository as users deploy it: build → osls deploy → predict and score, on the emulator."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import boto3
import pandas as pd
import pytest
import requests
from click.testing import CliRunner
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from adapters.aws_jobs import Stack
from adapters.dynamodb import DynamoLedger
from examples.demo import batch, deployment
from examples.demo.deployment import Deployment
from onehandler.batch.ports import Status
from onehandler.cli.main import cli
from tests.deployment.conftest import ROOT, Deploy

PATIENTS = load_breast_cancer(as_frame=True).data
SERVICE = "onehandler-dev"


@pytest.fixture(scope="module")
def others(aws: str) -> set[str]:
    """What other suites have in the emulator that they share with this one."""
    return {each for each in resources() if SERVICE not in each}


@pytest.fixture(scope="module")
def deployed(others: set[str], deploy: Deploy, bundles: Path) -> Deployment:
    return deploy(bundles / "breast-cancer")


def resources() -> set[str]:
    """Names of all functions, queues, APIs and buckets there are."""
    functions = boto3.client("lambda").list_functions()["Functions"]
    apis = boto3.client("apigatewayv2").get_apis()["Items"]
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    return {
        *boto3.client("sqs").list_queues().get("QueueUrls", []),
        *(each["FunctionName"] for each in functions),
        *(each["Name"] for each in (*apis, *buckets)),
    }


def test_predictions_over_http(deployed: Deployment) -> None:
    rows = PATIENTS.iloc[[0, 19]].to_dict("records")
    answer = requests.post(f"{deployed.api}/predict", json={"rows": rows}, timeout=30)
    assert answer.status_code == 200
    assert [each["label"] for each in answer.json()["predictions"]] == ["malignant", "benign"]
    assert all(abs(sum(each["probabilities"].values()) - 1) < 1e-5 for each in answer.json()["predictions"])


def test_tensorflow_servings_clients(deployed: Deployment) -> None:
    url = f"{deployed.api}/v1/models/breast-cancer"
    assert requests.get(url, timeout=30).json()["model_version_status"][0]["state"] == "AVAILABLE"
    body = {"instances": PATIENTS.iloc[:2].to_numpy().tolist()}
    answer = requests.post(f"{url}:predict", json=body, timeout=30)
    assert len(answer.json()["predictions"]) == 2


def test_pages_come_from_the_web_lane(deployed: Deployment) -> None:
    assert "text/html" in requests.get(f"{deployed.api}/docs", timeout=30).headers["content-type"]
    document = requests.get(f"{deployed.api}/openapi.json", timeout=30).json()
    assert document["openapi"].startswith("3.1")
    unknown = requests.get(f"{deployed.api}/nothing", timeout=30)
    assert unknown.status_code == 404
    assert unknown.headers["content-type"] == "application/problem+json"


def test_a_wrong_request_is_told_where(deployed: Deployment) -> None:
    answer = requests.post(f"{deployed.api}/predict", json={"rows": [{"mean radius": 1}]}, timeout=30)
    assert answer.status_code == 422
    assert answer.json()["where"] == "rows[0]"


def test_direct_invocation(deployed: Deployment) -> None:
    payload = json.dumps({"rows": PATIENTS.iloc[:1].to_numpy().tolist()})
    answer = boto3.client("lambda").invoke(FunctionName="onehandler-dev-predict", Payload=payload)
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read())["predictions"][0]["label"] == "malignant"


def test_a_dropped_file_gets_one_result_a_row(deployed: Deployment, tmp_path: Path) -> None:
    PATIENTS.to_csv(tmp_path / "all.csv", index=False)
    rows = batch.write_drop(tmp_path / "all.csv", tmp_path / "all patients+é.csv")
    key = "in/all patients+é.csv"
    s3 = boto3.client("s3")
    s3.upload_file(str(tmp_path / "all patients+é.csv"), deployed.drops, key)
    found = _finished(deployed, key)
    summary = json.loads(_read(deployed, next(name for name in found if name.endswith("_SUCCESS"))))
    assert (summary["rows"], summary["failed"], summary["source"]["key"]) == (rows, 2, key)
    assert summary["source"]["version"]
    [part] = [name for name in found if "/part-" in name]
    results = list(csv.DictReader(io.StringIO(_read(deployed, part))))
    assert [int(result["row"]) for result in results] == list(range(1, rows + 1))
    assert [result["row"] for result in results if result["error"]] == ["100", "300"]
    assert len(s3.list_object_versions(Bucket=deployed.results, Prefix=part)["Versions"]) == 1


def test_json_lines_and_a_file_that_cannot_be_scored(deployed: Deployment) -> None:
    s3 = boto3.client("s3")
    lines = "\n".join(json.dumps(row) for row in PATIENTS.iloc[:3].to_dict("records"))
    s3.put_object(Bucket=deployed.drops, Key="rows.jsonl", Body=lines.encode())
    s3.put_object(Bucket=deployed.drops, Key="picture.png", Body=b"\x89PNG")
    found = _finished(deployed, "rows.jsonl")
    part = _read(deployed, next(name for name in found if "/part-" in name))
    assert [json.loads(line)["prediction"]["label"] for line in part.splitlines()] == ["malignant"] * 3
    refused = _finished(deployed, "picture.png", "_REFUSED")
    assert "only files ending in" in _read(deployed, refused[0])


def _onehandler(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, words, prog_name="onehandler")
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_batch_commands(deployed: Deployment, tmp_path: Path) -> None:
    rows = PATIENTS.iloc[:200].to_csv(index=False).splitlines()
    rows.insert(50, "1,2,3")
    file = tmp_path / "some rows.csv"
    file.write_text("\n".join(rows))
    job = json.loads(_onehandler("batch", "submit", str(file), "--watch", "--json"))
    assert (job["status"], job["rows"], job["failed"], job["done"]) == ("done", 201, 1, job["chunks"])
    assert f"{job['job']}: done, 1 of 1 chunks, 201 rows" in _onehandler("batch", "status", job["job"])
    assert _onehandler("batch", "status") == "no job is under way\n"
    assert _onehandler("batch", "errors", job["job"], code=1).startswith("row 50 (byte ")
    target = tmp_path / "scored.csv"
    _onehandler("batch", "result", job["job"], "-o", str(target))
    results = list(csv.DictReader(io.StringIO(target.read_text())))
    assert [int(result["row"]) for result in results] == list(range(1, 202))
    assert _onehandler("batch", "result", job["job"]) == target.read_text()
    refused = json.loads(_onehandler("batch", "cancel", job["job"], "--json", code=1))
    assert refused["status"] == "done", "what is done cannot be cancelled"


def test_a_packed_file_with_line_breaks_and_everything_that_can_be_asked_for(
    deployed: Deployment, tmp_path: Path
) -> None:
    """Read twice, for a megabyte is a chunk here: quotes are counted before rows are scored."""
    client = boto3.client("lambda")
    plan = "onehandler-dev-batchPlan"
    variables = client.get_function_configuration(FunctionName=plan)["Environment"]["Variables"]
    changed = {"Variables": {**variables, "ONEHANDLER_BATCH_CHUNK_MB": "0.1"}}
    client.update_function_configuration(FunctionName=plan, Environment=changed)
    rows = pd.concat([PATIENTS] * 4, ignore_index=True)
    rows.insert(3, "note", [f'patient {number}\n"a, b"\n' for number in range(len(rows))])
    file = tmp_path / "notes.csv.gz"
    rows.to_csv(file, index=False)
    options = ["--carry", "note", "--output", "jsonl", "--single", "--watch", "--json"]
    job = json.loads(_onehandler("batch", "submit", str(file), *options))
    client.update_function_configuration(FunctionName=plan, Environment={"Variables": variables})
    assert (job["status"], job["rows"], job["failed"]) == ("done", len(rows), 0)
    assert job["chunks"] > 3
    assert 0 < job["dollars"] < 0.01
    results = [json.loads(line) for line in _onehandler("batch", "result", job["job"]).splitlines()]
    assert [result["carried"]["note"] for result in results] == list(rows["note"])
    merged = json.loads(_onehandler("batch", "merge", job["job"], "--json"))["results"]
    assert merged == job["results"] + "results.jsonl"
    bucket, _, key = merged.removeprefix("s3://").partition("/")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert [json.loads(line) for line in body.splitlines()] == results
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(file.read_bytes()[:-100])
    _onehandler("batch", "submit", str(broken), code=2)


def test_the_sweeper_finishes_a_job_whose_marker_was_lost(deployed: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "swept.csv"
    PATIENTS.iloc[:20].to_csv(file, index=False)
    job = json.loads(_onehandler("batch", "submit", str(file), "--watch", "--json"))
    bucket, _, prefix = job["results"].removeprefix("s3://").partition("/")
    s3, ledger = boto3.client("s3"), DynamoLedger.connect(Stack.found("onehandler-dev").ledger)
    s3.delete_object(Bucket=bucket, Key=prefix + "_SUCCESS")
    boto3.client("dynamodb").update_item(
        TableName=Stack.found("onehandler-dev").ledger,
        Key={"job": {"S": job["job"]}, "part": {"N": "-1"}},
        UpdateExpression="SET #status = :closing, #open = :open",
        ExpressionAttributeNames={"#status": "status", "#open": "open"},
        ExpressionAttributeValues={":closing": {"S": "closing"}, ":open": {"S": "open"}},
    )
    answer = boto3.client("lambda").invoke(FunctionName="onehandler-dev-batchSweep", Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    marker = json.loads(s3.get_object(Bucket=bucket, Key=prefix + "_SUCCESS")["Body"].read())
    assert marker["rows"] == 20
    assert ledger.status(job["job"]) is Status.DONE
    rules = boto3.client("events").list_rules()["Rules"]
    assert [rule["ScheduleExpression"] for rule in rules] == ["rate(5 minutes)"]


def test_a_file_that_cannot_be_scored_is_told_at_once(deployed: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG")
    assert "only files ending in" in _onehandler("batch", "submit", str(file), code=1)
    boto3.client("s3").put_object(Bucket=deployed.results, Key="kept/rows.csv", Body=b"a,b\n1,2\n")
    copied = _onehandler(
        "batch", "submit", f"s3://{deployed.results}/kept/rows.csv", "--key", "copied.csv", code=1
    )
    assert "the header lacks 30 of the model's columns" in copied


def test_wrong_names_are_refused(deployed: Deployment) -> None:
    _onehandler("batch", "status", "0" * 32, code=2)
    _onehandler("batch", "status", "--stack", "nothing-dev", code=2)
    _onehandler("batch", "submit", "not/there.csv", code=2)
    _onehandler("batch", "submit", "s3://bucket", code=2)


def test_dead_letters_go_back_and_are_scored(deployed: Deployment, tmp_path: Path) -> None:
    sqs, s3 = boto3.client("sqs"), boto3.client("s3")
    chunks, letters = _queue("ChunksQueue"), _queue("ChunksDeadLetters")
    sqs.set_queue_attributes(
        QueueUrl=chunks, Attributes={"VisibilityTimeout": "2"}
    )  # five of them: not 1,800
    file = tmp_path / "redriven.csv"
    PATIENTS.iloc[:3].to_csv(file, index=False)
    job = json.loads(_onehandler("batch", "submit", str(file), "--watch", "--json"))
    manifest = _read(deployed, job["results"].removeprefix(f"s3://{deployed.results}/") + "manifest.json")
    sqs.send_message(QueueUrl=chunks, MessageBody=json.dumps({"manifest": "late/manifest.json", "chunk": 0}))
    assert _comes_true(lambda: _waiting(letters) == 1), "a chunk without its manifest fails five times"
    s3.put_object(Bucket=deployed.results, Key="late/manifest.json", Body=manifest.encode())
    moved = json.loads(_onehandler("batch", "redrive", "--json"))["moved"]
    assert sorted(moved.values()) == [0, 1]
    _onehandler("batch", "redrive")
    assert _comes_true(lambda: _waiting(letters) == _waiting(chunks) == 0)


def test_a_record_that_cannot_be_handled_is_alone_in_coming_back(deployed: Deployment) -> None:
    event = {"Records": [_record("good", json.dumps({"Event": "s3:TestEvent"})), _record("bad", "{")]}
    answer = boto3.client("lambda").invoke(FunctionName="onehandler-dev-batchPlan", Payload=json.dumps(event))
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}


def test_osls_knows_the_deployment(deployed: Deployment, service: Path) -> None:
    environ = deployment.environment(deployed.endpoint)
    osls = str(ROOT / "node_modules" / ".bin" / "osls")
    info = subprocess.run(
        [osls, "info"], env=environ, cwd=service, capture_output=True, text=True, check=True
    )
    assert "onehandler-dev-batchScore" in info.stdout
    logs = subprocess.run(
        [osls, "logs", "-f", "predict"], env=environ, cwd=service, capture_output=True, text=True, check=True
    )
    assert "END Duration" in logs.stdout  # how osls shows a REPORT line


def test_parquet_files_where_their_layer_was_asked_for(
    deployed: Deployment, bundles: Path, service: Path, tmp_path: Path
) -> None:
    """Without it such a file is refused, by the parameter's name."""
    file = tmp_path / "rows.parquet"
    PATIENTS.assign(id=range(len(PATIENTS))).to_parquet(file, row_group_size=200)
    assert 'deploy with --param="parquet=true"' in _onehandler("batch", "submit", str(file), code=1)
    environ = deployment.environment(deployed.endpoint)
    osls, stage = str(ROOT / "node_modules" / ".bin" / "osls"), ["--stage", "tables"]
    options = [*stage, *deployment.parameters(bundles / "breast-cancer"), "--param=parquet=true"]
    subprocess.run([osls, "deploy", *options], env=environ, cwd=service, check=True)
    stack = ["--stack", "onehandler-tables"]
    told = _onehandler("batch", "submit", str(file), "--carry", "id", "--watch", "--json", *stack)
    job = json.loads(told)
    assert (job["status"], job["rows"], job["failed"]) == ("done", len(PATIENTS), 0)
    bucket, _, prefix = job["results"].removeprefix("s3://").partition("/")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=prefix + "part-00000.parquet")["Body"].read()
    assert list(pd.read_parquet(io.BytesIO(body))["id"]) == list(range(len(PATIENTS)))
    found = Stack.found("onehandler-tables")
    for name in (found.drops, found.results):
        boto3.resource("s3").Bucket(name).object_versions.delete()
    subprocess.run([osls, "remove", *stage], env=environ, cwd=service, check=True)


def test_results_that_would_be_scored_in_turn_are_refused(
    deployed: Deployment, bundles: Path, service: Path, tmp_path: Path
) -> None:
    """The bucket that files are dropped into, for their results: not deployed."""
    folder = tmp_path / "loop"
    folder.mkdir()
    for path in service.iterdir():
        if path.name != "serverless.yml":
            (folder / path.name).symlink_to(path)
    text = (service / "serverless.yml").read_text()
    (folder / "serverless.yml").write_text(text.replace("}-results-", "}-drops-"))
    command = [str(ROOT / "node_modules" / ".bin" / "osls"), "package"]
    refused = subprocess.run(
        [*command, *deployment.parameters(bundles / "breast-cancer")],
        env=deployment.environment(deployed.endpoint),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode
    assert "the bucket that files are dropped into" in refused.stdout + refused.stderr


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        ("diabetes", load_diabetes(as_frame=True).data.iloc[:2], [206, 68]),
        ("digits", load_digits(as_frame=True).data.iloc[:2], ["digit-0", "digit-1"]),
    ],
)
def test_two_more_models_deploy_and_predict(
    deployed: Deployment, deploy: Deploy, bundles: Path, name: str, rows: object, expected: list[object]
) -> None:
    again = deploy(bundles / name)
    answer = requests.post(f"{again.api}/predict", json={"rows": rows.to_dict("records")}, timeout=30).json()
    found = answer["predictions"]
    if name == "digits":
        assert [each["label"] for each in found] == expected
    else:
        assert found == pytest.approx(expected, abs=5)


def test_remove_leaves_nothing(deployed: Deployment, others: set[str], service: Path) -> None:
    assert sum(SERVICE in each for each in resources()) >= 8
    environ = deployment.environment(deployed.endpoint)
    s3 = boto3.resource("s3")
    for bucket in (deployed.drops, deployed.results):
        s3.Bucket(bucket).object_versions.delete()
    subprocess.run(
        [str(ROOT / "node_modules" / ".bin" / "osls"), "remove"], env=environ, cwd=service, check=True
    )
    assert resources() == others


def _queue(part: str) -> str:
    [url] = [url for url in boto3.client("sqs").list_queues()["QueueUrls"] if part in url]
    return url


def _comes_true(condition: Callable[[], bool], within: float = 60) -> bool:
    deadline = time.monotonic() + within
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _waiting(url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)


def _record(message_id: str, body: str) -> dict[str, object]:
    return {
        "messageId": message_id,
        "receiptHandle": message_id,
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1", "SenderId": "x"},
        "messageAttributes": {},
        "md5OfBody": "x",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:drops",
        "awsRegion": "us-east-1",
    }


def _finished(deployed: Deployment, key: str, marker: str = "_SUCCESS") -> list[str]:
    """Keys of the job's objects, once its marker is there."""
    s3 = boto3.client("s3")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        listed = s3.list_objects_v2(Bucket=deployed.results, Prefix=key)
        found = [entry["Key"] for entry in listed.get("Contents", [])]
        if any(name.endswith(marker) for name in found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {marker} for {key}, but {found}")


def _read(deployed: Deployment, key: str) -> str:
    return boto3.client("s3").get_object(Bucket=deployed.results, Key=key)["Body"].read().decode()
