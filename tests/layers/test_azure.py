"""The archive for Flex Consumption: what is in it, that it starts lean, that it is the same bytes again."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from layers import azure
from layers.archive import check_archive, digest_of
from layers.azure import package_azure
from layers.azure_site import PREPARING, fill_site, names_in
from layers.cache import CACHE
from layers.ledger import AZURE_FLEX
from layers.wheels import _left
from onehandler.cli import package_azure as cli
from onehandler.errors import BundleError, SettingsError
from onehandler.pythons import find_python, this_version
from tests import bundles, prepared
from tests.layers.conftest import Isolated, isolated

__all__ = ["isolated"]
SITE = ".python_packages/lib/site-packages"
HEAVY = (
    "fastapi",
    "starlette",
    "pydantic",
    "numpy",
    "azure.storage",
    "azure.data",
    "azure.identity",
    "requests",
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    bundles.build("iris", folder)
    return folder / "iris"


@pytest.fixture(scope="module")
def archive(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package_azure(bundle, this_version(), tmp_path_factory.mktemp("azure")).archives[0]


@pytest.fixture(scope="module")
def app(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wwwroot")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def test_what_is_in_it(archive: Path, app: Path) -> None:
    check_archive(archive)
    top = {path.name for path in app.iterdir()}
    frozen = f"frozen.cpython-{this_version().replace('.', '')}.bin"
    ours = {"function_app.py", "host.json", "requirements.txt", "adapters", "onehandler", "bundle"}
    assert top == {*ours, frozen, ".python_packages", "__pycache__"}, (
        "no settings, no secrets, nothing of AWS"
    )
    assert {path.name for path in (app / "adapters").iterdir()} >= {"azure_functions", "azure_storage"}
    assert not (app / "adapters" / "s3").exists()
    [library] = (app / SITE).glob("**/libonnxruntime.so*")
    assert library.parent == app / SITE / "onnxruntime" / "capi"
    kept = sorted(path.name for path in (app / SITE / "onnxruntime").rglob("*") if path.is_file())
    assert kept == ["LICENSE", "ThirdPartyNotices.txt", library.name]
    for package in ("numpy", "google", "flatbuffers", "packaging"):
        assert not (app / SITE / package).exists()
    assert (app / SITE / "azure" / "functions").is_dir()


def test_a_prediction_imports_no_web_framework_and_no_storage_sdk(app: Path, isolated: Isolated) -> None:
    """As the worker does: packages, the app, its HTTP function called with a request."""
    code = f"""
import json, os, sys
os.chdir({str(app)!r})
import function_app, azure.functions as func
[http] = [each for each in function_app.app.get_functions() if each.get_function_name() == "http"]
from adapters.azure_functions.streaming.connection import Asked
body = json.dumps({{"rows": [{bundles.ROW}]}}).encode()
answer = http.get_user_function()(Asked("POST", "/predict", {{"content-type": "application/json"}}, body))
assert answer.status == 200, answer.body
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    settings = {
        "ONEHANDLER_BATCH_RESULTS": "r",
        "ONEHANDLER_BATCH_QUEUE": "q",
        "ONEHANDLER_BATCH_LEDGER": "l",
    }
    assert isolated(code, app / SITE, app, **settings) == "[]\n"


def test_batch_finds_its_storage_in_it(app: Path, isolated: Isolated) -> None:
    code = f"""
import os
os.chdir({str(app)!r})
import adapters.azure_storage
connection = "AccountName=a;AccountKey=aa==;EndpointSuffix=example"
batch = {{"ONEHANDLER_BATCH_" + name: "x" for name in ("RESULTS", "QUEUE", "LEDGER")}}
print(len(adapters.azure_storage.connect({{"ONEHANDLER_STORAGE": connection, **batch}})))
identity = adapters.azure_storage.connect({{"ONEHANDLER_STORAGE__accountName": "a", **batch}})
"""
    assert isolated(code, app / SITE, app) == "3\n"


def test_pages_find_their_framework_in_it(app: Path, isolated: Isolated) -> None:
    code = f"""
import os
os.chdir({str(app)!r})
import function_app
[http] = [each for each in function_app.app.get_functions() if each.get_function_name() == "http"]
from adapters.azure_functions.streaming.connection import Asked
print(http.get_user_function()(Asked("GET", "/docs", {{}}, b"")).status)
"""
    assert isolated(code, app / SITE, app) == "200\n"


def shared_packages(folder: Path) -> Path:
    """A build cache with nothing in it but the packages, which take ten seconds to compile."""
    for stored in CACHE.glob("site-azure-*.zip"):
        shutil.copy(stored, folder)
    return folder


def test_the_same_again_is_the_same_bytes(bundle: Path, archive: Path, tmp_path: Path) -> None:
    again = package_azure(bundle, this_version(), tmp_path / "out", cache=shared_packages(tmp_path)).archives[
        0
    ]
    assert digest_of(again) == digest_of(archive)


def test_a_remote_build_gets_requirements_with_hashes_instead_of_packages(
    bundle: Path, tmp_path: Path
) -> None:
    report = package_azure(bundle, this_version(), tmp_path, remote_build=True)
    with zipfile.ZipFile(report.archives[0]) as opened:
        names = opened.namelist()
        requirements = opened.read("requirements.txt").decode()
    assert not any(name.startswith(".python_packages") for name in names)
    pinned = re.findall(r"^([a-z0-9-]+)==", requirements, re.MULTILINE)
    assert {"azure-functions", "onnxruntime", "orjson"} <= set(pinned)
    assert requirements.count("--hash=sha256:") > len(pinned)
    assert "://" not in requirements, "it names no registry"


def test_another_python_gets_its_own_wheels(bundle: Path, tmp_path: Path) -> None:
    version = "3.12" if this_version() != "3.12" else "3.13"
    try:
        find_python(version)
    except SettingsError:
        pytest.skip(f"no Python {version} here to compile with")
    tag = f"cpython-{version.replace('.', '')}"
    with zipfile.ZipFile(package_azure(bundle, version, tmp_path, remote_build=True).archives[0]) as opened:
        assert f"frozen.{tag}.bin" in opened.namelist()
    fill_site(tmp_path / "site", version, [PREPARING["image"]], tmp_path)
    extensions = [path.name for path in (tmp_path / "site" / "PIL").glob("*.so")]
    assert extensions
    assert all(tag in name for name in extensions)
    assert list((tmp_path / "site" / "PIL").glob(f"__pycache__/Image.{tag}.pyc"))


def test_what_flex_consumption_does_not_run_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"3\.11, 3\.12, 3\.13, not '3\.10'"):
        package_azure(bundle, "3.10", tmp_path)
    with pytest.raises(BundleError):
        package_azure(tmp_path, this_version(), tmp_path)


def test_code_of_a_bundle_must_find_what_it_imports(tmp_path: Path) -> None:
    bundle = Path(bundles.build("iris", tmp_path, files={"handler.py": b"def f():\n    import torch.nn\n"}))
    with pytest.raises(SettingsError, match=r"imports torch, .*add it to requirements"):
        package_azure(bundle, this_version(), tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "kind", "module"), [("photo", "image", "PIL"), ("review", "text", "tokenizers")]
)
def test_bundles_that_prepare_inputs_get_what_reads_them(
    name: str, kind: str, module: str, tmp_path: Path
) -> None:
    bundle = Path(prepared.build(name, tmp_path))
    report = package_azure(bundle, this_version(), tmp_path / "out", remote_build=True)
    with zipfile.ZipFile(report.archives[0]) as opened:
        requirements = opened.read("requirements.txt").decode()
    assert f"\n{PREPARING[kind].package}==" in requirements
    fill_site(tmp_path / "site", this_version(), [PREPARING[kind]], tmp_path)
    assert module in names_in(tmp_path / "site")
    assert "huggingface_hub" not in names_in(tmp_path / "site"), "tokenizers' own way to fetch files"


def test_the_commands_print_one_object(bundle: Path, archive: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path), "--json"]
    for done in (
        CliRunner().invoke(azure.main, ["--bundle", str(bundle), *out]),
        CliRunner().invoke(cli.command, [str(bundle), *out]),
    ):
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert set(told["archives"]) == {"app.zip"}
        assert told["archives"]["app.zip"]["sha256"] == digest_of(archive)
        assert told["limits"] == {"unzipped": AZURE_FLEX.unzipped, "zipped": AZURE_FLEX.zipped}
    table = CliRunner().invoke(azure.main, ["--bundle", str(bundle), "--out", str(tmp_path)])
    assert "Flex Consumption" in table.output


def test_packages_left_out_must_be_pinned(tmp_path: Path) -> None:
    locked = tmp_path / "a.txt"
    locked.write_text("one==1 \\\n    --hash=sha256:00\n    # via x\ntwo==2 \\\n    --hash=sha256:11\n")
    assert "".join(_left(locked, ["one"])) == "two==2 \\\n    --hash=sha256:11\n"
    with pytest.raises(SettingsError, match="does not pin three"):
        list(_left(locked, ["one", "three"]))
