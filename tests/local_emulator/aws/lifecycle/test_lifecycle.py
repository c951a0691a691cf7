"""The life of a service under the real osls: deployed, looked at, invoked, changed, removed.

The tests are chapters of one life, in this order: each takes the service as the one before left it.
"""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local_emulator.aws.control_plane.machine import this_architecture
from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from tests.local_emulator.aws.lifecycle.osls import Osls, require_osls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVICE = Path(__file__).parent / "service"
STACK = "sample-dev"
BROKEN = """\
    Broken:
      Type: AWS::Lambda::Permission
      Properties:
        FunctionName: nobody
        Action: lambda:InvokeFunction
        Principal: s3.amazonaws.com
"""

pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class Life:
    """A service and the emulator it lives on."""

    osls: Osls
    emulator: AwsEmulator

    def client(self, service: str) -> Any:
        make: Any = boto3.session.Session("test", "test", region_name="us-east-1").client
        return make(service, endpoint_url=self.emulator.endpoint_url)

    def changed(self, **settings: str) -> Osls:
        """Give an osls that sees other environment variables."""
        return replace(self.osls, settings={**self.osls.settings, **settings})

    def output(self, key: str) -> str:
        [stack] = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        [value] = [each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == key]
        return str(value)

    def empty(self, bucket: str) -> None:
        """Delete every version of every object."""
        s3 = self.client("s3")
        found = s3.list_object_versions(Bucket=bucket).get("Versions", [])
        for each in found:
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])

    def get(self, url: str) -> str:
        """GET by the path form: resolvers need not know names under localhost."""
        _, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        api_id, label = host.split(".")[:2]
        prefix = {"execute-api": "_api", "lambda-url": "_url"}[label]
        with urllib.request.urlopen(f"{self.emulator.endpoint_url}/{prefix}/{api_id}/{path}") as answer:
            body: bytes = answer.read()
        return body.decode()


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    require_osls()
    folder = tmp_path_factory.mktemp("life")
    service = shutil.copytree(SERVICE, folder / "service")
    (folder / "home").mkdir()
    settings = EmulatorSettings(folder / "emulator", port=0)
    with AwsEmulator(settings) as emulator:
        environment = {"SAMPLE_ARCHITECTURE": this_architecture()}
        yield Life(Osls(service, emulator.endpoint_url, folder / "home", environment), emulator)


def test_deploy(life: Life) -> None:
    printed = life.osls.run("deploy")
    assert f"Service deployed to stack {STACK}" in printed
    assert life.output("HttpApiUrl") in printed
    [stack] = life.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"


def test_info_shows_the_urls(life: Life) -> None:
    printed = life.osls.run("info")
    assert f"GET - {life.output('HttpApiUrl')}/greet/{{name}}" in printed
    assert life.output("HttpApiUrl").startswith("http://")
    assert f"greet: {life.output('GreetUrl')}" in printed
    assert "words: arn:aws:lambda:us-east-1:123456789012:layer:words:1" in printed


def test_invoke(life: Life) -> None:
    printed = life.osls.run("invoke", "-f", "greet", "--data", '{"name": "Ada"}')
    answer = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    assert answer == {"statusCode": 200, "body": "hello Ada 256"}


def test_logs(life: Life) -> None:
    eventually(lambda: "greeting Ada" in life.osls.run("logs", "-f", "greet"))


def test_both_urls_answer(life: Life) -> None:
    assert life.get(f"{life.output('HttpApiUrl')}/greet/Bob") == "hello Bob 256"
    assert life.get(f"{life.output('GreetUrl')}?name=x") == "hello nobody 256"


def test_a_file_in_the_bucket_gets_to_the_function(life: Life) -> None:
    s3 = life.client("s3")
    s3.put_object(Bucket=life.output("UploadsBucket"), Key="in/rows.csv", Body=b"a,b")
    s3.put_object(Bucket=life.output("UploadsBucket"), Key="in/other.txt", Body=b"not asked for")

    def collected() -> list[str]:
        found = s3.list_objects_v2(Bucket=life.output("ResultsBucket")).get("Contents", [])
        bodies = [
            s3.get_object(Bucket=life.output("ResultsBucket"), Key=each["Key"])["Body"].read()
            for each in found
        ]
        events = [json.loads(body) for body in bodies]
        return [record["s3"]["object"]["key"] for event in events for record in event.get("Records", [])]

    eventually(lambda: collected() == ["in/rows.csv"])


def test_settings_of_the_resources_are_in_force(life: Life) -> None:
    s3, sqs = life.client("s3"), life.client("sqs")
    bucket = life.output("UploadsBucket")
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    [mapping] = life.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert len(sqs.list_queues()["QueueUrls"]) == 2
    groups = life.client("logs").describe_log_groups()["logGroups"]
    assert {group.get("retentionInDays") for group in groups} == {14}


def test_deploying_the_same_again_changes_nothing(life: Life) -> None:
    printed = life.osls.run("deploy")
    assert "No changes to deploy" in printed


def test_deploy_after_a_change_of_code_and_configuration(life: Life) -> None:
    handler = life.osls.service / "handler.py"
    handler.write_text(
        handler.read_text().replace('os.environ["GREETING"]', 'os.environ["GREETING"].upper()')
    )
    url = life.output("HttpApiUrl")
    life.changed(SAMPLE_GREETING="bye", SAMPLE_MEMORY="384").run("deploy")
    assert life.output("HttpApiUrl") == url
    assert life.get(f"{url}/greet/Bob") == "BYE Bob 384"
    versions = life.client("lambda").list_versions_by_function(FunctionName="sample-dev-greet")["Versions"]
    assert [each["Version"] for each in versions] == ["$LATEST", "1", "2"]
    first = life.client("lambda").invoke(
        FunctionName="sample-dev-greet", Qualifier="1", Payload=json.dumps({"name": "Eve"}).encode()
    )
    assert json.loads(first["Payload"].read())["body"] == "hello Eve 256"


def test_a_deployment_that_fails_says_why_and_changes_nothing(life: Life) -> None:
    url = life.output("HttpApiUrl")
    template = life.osls.service / "serverless.yml"
    before = template.read_text()
    template.write_text(before.replace("  Outputs:", f"{BROKEN}  Outputs:"))
    failed = life.osls.try_run("deploy")
    template.write_text(before)
    assert failed.returncode == 1
    printed = failed.stdout + failed.stderr
    assert re.search(r"CREATE_FAILED: Broken .*AWS::Lambda::Permission", printed)
    assert "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody" in printed
    [stack] = life.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert life.get(f"{url}/greet/Bob") == "BYE Bob 384"


def test_remove_leaves_nothing(life: Life) -> None:
    for bucket in (life.output("UploadsBucket"), life.output("ResultsBucket")):
        life.empty(bucket)  # CloudFormation deletes no bucket that holds anything
    printed = life.osls.run("remove")
    assert "has been successfully removed" in printed
    assert life.client("cloudformation").describe_stacks()["Stacks"] == []
    assert life.client("lambda").list_functions()["Functions"] == []
    assert life.client("lambda").list_layers()["Layers"] == []
    assert life.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert life.client("s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in life.client("sqs").list_queues()
    assert life.client("apigatewayv2").get_apis()["Items"] == []
    assert life.client("dynamodb").list_tables()["TableNames"] == []
    assert life.client("iam").list_roles()["Roles"] == []
    assert life.client("logs").describe_log_groups()["logGroups"] == []


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
