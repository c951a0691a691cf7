"""iac/azure: main.bicep and main.json say the same, hold what the code needs, and give nothing away."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from onehandler.batch.settings import BatchSettings
from onehandler.errors import SettingsError
from tests.iac.bicep import compiled

ROOT = Path(__file__).parents[2]
BICEP, ARM = (ROOT / "iac" / "azure" / name for name in ("main.bicep", "main.json"))
TEMPLATE = json.loads(ARM.read_text())
RESOURCES = {(each["type"], each["name"]): each for each in TEMPLATE["resources"]}


def of_type(kind: str) -> list[dict[str, Any]]:
    found = [each for each in TEMPLATE["resources"] if each["type"] == f"Microsoft.{kind}"]
    assert found
    return found


def settings() -> dict[str, str]:
    [found] = of_type("Web/sites/config")
    return dict(found["properties"])


def names_of(kind: str) -> set[str]:
    """The last part of the names of a kind, below the account of data."""
    found = (
        re.search(r"'(\w[\w-]*)'\)\]$", each["name"]) for each in of_type(f"Storage/storageAccounts/{kind}")
    )
    return {each[1] for each in found if each}


def test_both_files_hold_the_same_resources() -> None:
    told = compiled(BICEP.read_text())
    assert {key: value for key, value in told.items() if key != "resources"} == {
        key: value for key, value in TEMPLATE.items() if key != "resources"
    }
    assert {(each["type"], each["name"]): each for each in told["resources"]} == RESOURCES
    assert len(RESOURCES) == len(TEMPLATE["resources"])


@pytest.mark.parametrize(
    "source", ["module a 'b' = {}", "resource a 'b@1' = if (true) {}", "var a = [for b in c: b]", "var a = b"]
)
def test_bicep_that_the_comparison_cannot_read_is_refused(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        compiled(source)


def test_every_setting_that_the_code_reads_is_set() -> None:
    adapters = "".join(path.read_text() for path in ROOT.glob("adapters/azure_*/**/*.py"))
    core = "".join(
        path.read_text() for path in (ROOT / "onehandler/settings.py", ROOT / "onehandler/batch/settings.py")
    )
    read = set(re.findall(r"ONEHANDLER_[A-Z_]*[A-Z]", adapters))
    told = {name.partition("__")[0] for name in settings()}
    assert read - told == set()
    known = read | set(re.findall(r"ONEHANDLER_[A-Z_]*[A-Z]", core))
    assert {name for name in told if name.startswith("ONEHANDLER_")} - known == set(), "nobody reads these"
    BatchSettings.read(settings())


def test_leaving_a_setting_out_would_be_noticed() -> None:
    for name in ("RESULTS", "QUEUE", "LEDGER"):
        told = settings()
        del told[f"ONEHANDLER_BATCH_{name}"]
        with pytest.raises(SettingsError, match=name):
            BatchSettings.read(told)


def test_what_the_settings_name_is_there() -> None:
    told = settings()
    containers, queues = names_of("blobServices/containers"), names_of("queueServices/queues")
    assert {told["ONEHANDLER_BATCH_DROPS"], told["ONEHANDLER_BATCH_RESULTS"]} <= containers
    used = {told["ONEHANDLER_BATCH_DROPS_QUEUE"], told["ONEHANDLER_BATCH_QUEUE"]}
    assert queues == used | {f"{name}-poison" for name in used}
    assert names_of("tableServices/tables") == {told["ONEHANDLER_BATCH_LEDGER"]}
    [subscription] = of_type("EventGrid/systemTopics/eventSubscriptions")
    delivery = subscription["properties"]["deliveryWithResourceIdentity"]["destination"]
    assert delivery["properties"]["queueName"] == told["ONEHANDLER_BATCH_DROPS_QUEUE"]
    filtered = subscription["properties"]["filter"]
    assert filtered["subjectBeginsWith"].endswith(f"/containers/{told['ONEHANDLER_BATCH_DROPS']}/")
    assert told["ONEHANDLER_BATCH_DROPS"] != told["ONEHANDLER_BATCH_RESULTS"], "or scoring would never end"


def test_nothing_is_public_and_no_key_opens_anything() -> None:
    for account in of_type("Storage/storageAccounts"):
        told = account["properties"]
        assert told["allowBlobPublicAccess"] is False
        assert told["allowSharedKeyAccess"] is False
        assert told["supportsHttpsTrafficOnly"] is True
        assert told["minimumTlsVersion"] == "TLS1_2"
    for container in of_type("Storage/storageAccounts/blobServices/containers"):
        assert container["properties"]["publicAccess"] == "None"
    [app] = of_type("Web/sites")
    assert app["properties"]["httpsOnly"] is True
    assert app["properties"]["siteConfig"]["minTlsVersion"] == "1.2"
    assert app["identity"]["type"] == "UserAssigned"
    whole = ARM.read_text()
    for secret in ("listKeys", "listAccountSas", "AccountKey", "SharedAccessSignature", "connectionString'"):
        assert secret not in whole


def test_roles_reach_no_further_than_they_must() -> None:
    roles = of_type("Authorization/roleAssignments")
    told = TEMPLATE["variables"]
    found = sorted((each["scope"].split("'")[1], each["properties"]["roleDefinitionId"]) for each in roles)
    assert all("scope" in each for each in roles), "none at the resource group"
    containers = "Microsoft.Storage/storageAccounts/blobServices/containers"
    assert found == [
        ("Microsoft.Insights/components", "[variables('metricsPublisher')]"),
        ("Microsoft.Storage/storageAccounts", "[variables('blobDataOwner')]"),
        ("Microsoft.Storage/storageAccounts", "[variables('queueDataContributor')]"),
        (containers, "[variables('blobDataContributor')]"),
        (containers, "[variables('blobDataContributor')]"),
        (containers, "[variables('blobDataReader')]"),
        ("Microsoft.Storage/storageAccounts/queueServices/queues", "[variables('queueMessageSender')]"),
        ("Microsoft.Storage/storageAccounts/tableServices/tables", "[variables('tableDataContributor')]"),
    ]
    broad = (
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
    )  # Owner, Contributor
    assert not any(role in json.dumps(told) for role in broad)


def test_the_plan_is_flex_consumption_with_python() -> None:
    [plan], [app] = of_type("Web/serverfarms"), of_type("Web/sites")
    assert plan["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    told = app["properties"]["functionAppConfig"]
    assert told["runtime"] == {"name": "python", "version": "[parameters('python')]"}
    assert TEMPLATE["parameters"]["python"]["allowedValues"] == ["3.11", "3.12", "3.13"]
    assert "alwaysReady" in TEMPLATE["parameters"]
    forbidden = {"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"}
    assert not forbidden & set(settings()), "Flex Consumption refuses these"


@pytest.mark.timeout(600)
def test_checkov_finds_nothing() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "--old-file=.venv/.ready", "check-iac"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Failed checks: 0" in done.stdout
