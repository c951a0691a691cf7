"""The image itself: built by its Dockerfile, run as an engine runs it, without a file system to write to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.container import LIMITS, package_container
from layers.wheels import this_arch
from local_emulator.aws.composition import EmulatorSettings
from local_emulator.aws.emulator import AwsEmulator
from local_emulator.sagemaker.images import RootFileSystem
from onehandler.bundle_archive import pack
from tests import bundles
from tests.bundles import ROW
from tests.container.images import BASE, PYTHON
from tests.local_emulator.sagemaker.conftest import World, instance
from tests.onehandler.serving.servers import children

if TYPE_CHECKING:
    from subprocess import Popen

    from tests.container.images import Image, Images


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def serving(process: Popen[str]) -> str:
    """What it says first; it says it when it takes requests."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert re.search(r"serving .* on port \d+", line), line + process.stdout.read()
    return line


def asked(port: str, path: str, body: Any = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", int(port), timeout=30)
    headers = {"content-type": "application/json"}
    try:
        connection.request(
            "GET" if body is None else "POST", path, json.dumps(body) if body else None, headers
        )
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_it_serves_a_mounted_model_without_a_file_system_to_write_to(image: Image, bundle: Path) -> None:
    port = free_port()
    with image.running({"SAGEMAKER_BIND_TO_PORT": port}, bundle) as process:
        assert "/opt/ml/model" in serving(process)
        assert asked(port, "/ping")[0] == 200
        status, body = asked(port, "/predict", {"rows": [ROW]})
        assert (status, json.loads(body)["predictions"][0]["label"]) == (200, 2)
        assert asked(port, "/docs")[0] == 200, "pages, too"
        assert b"onehandler_requests_total" in asked(port, "/metrics")[1]
        started = time.monotonic()
        [first] = children(process.pid)  # the process that an engine would send it to
        os.kill(first, signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - started < 10


def test_its_health_check_asks_the_port_that_it_serves_on(image: Image, bundle: Path) -> None:
    port = free_port()
    check = image.config["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    with image.running({"PORT": port}, bundle) as process:
        serving(process)
        assert image.run({"PORT": port}, *check[1:]).returncode == 0
    assert image.run({"PORT": port}, *check[1:]).returncode == 1


def test_an_archive_needs_a_folder_for_what_is_in_it(image: Image, bundle: Path, tmp_path: Path) -> None:
    pack(bundle, tmp_path / "model" / "model.tar.gz")
    port = free_port()
    with image.running({"AIP_HTTP_PORT": port}, tmp_path / "model", tmp=True) as process:
        assert "model.tar.gz" in serving(process)
        assert asked(port, "/predict", {"rows": [ROW]})[0] == 200


def test_the_model_may_be_inside(store: Images, base: str, tmp_path: Path) -> None:
    bundle = Path(bundles.build("wide", tmp_path))
    context = package_container(bundle, this_arch(), PYTHON, tmp_path / "out", inside=True).context
    image = store.build(context, base, "localhost/inside")
    port = free_port()
    with image.running({"PORT": port}) as process:
        assert "/opt/onehandler/bundle" in serving(process)
        assert asked(port, "/v1/models/wide")[0] == 200


def test_it_says_in_one_line_that_there_is_no_model(image: Image) -> None:
    done = image.run({}, *image.config["Entrypoint"], *image.config["Cmd"])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("error: no bundle in /opt/ml/model, /opt/onehandler/bundle;")


def test_it_adds_less_than_sixty_megabytes_to_its_base(store: Images, base: str, image: Image) -> None:
    added = sum(size for path, size in image.files().items() if path.startswith("opt/"))
    assert 30_000_000 < added <= LIMITS.unzipped == 60_000_000
    assert store.size("localhost/onehandler") - store.size(base) <= LIMITS.unzipped


def test_it_adds_nothing_elsewhere_and_no_compiler(image: Image) -> None:
    known = {path.relative_to(BASE).as_posix() for path in BASE.rglob("*")}
    added = {path for path in image.files() if path not in known}
    assert {path.split("/")[0] for path in added} == {"opt"}
    assert not [path for path in image.files() if path.endswith(("/gcc", "/cc", "/pip", "/pip3"))]


def test_its_configuration(image: Image) -> None:
    config = image.config
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert list(config["ExposedPorts"]) == ["8080/tcp"]
    assert config["Labels"]["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert config["Labels"]["org.opencontainers.image.base.name"] == "localhost/base"


def test_it_runs_as_nobody_and_writes_nowhere(image: Image) -> None:
    code = (
        "import os\nprint(os.getuid(), os.getgid())\n"
        "for path in ('/', '/tmp', '/opt/onehandler'):\n"
        "    try: open(f'{path}/x', 'w')\n"
        "    except OSError as error: print(error.strerror)"
    )
    done = image.run({}, "python3", "-c", code)
    assert done.stdout.split("\n")[:4] == ["10001 10001", *["Read-only file system"] * 3]


def test_a_sagemaker_endpoint_of_the_emulator_runs_the_image_itself(
    image: Image, bundle: Path, tmp_path: Path
) -> None:
    """Image mode: the root file system under bubblewrap, with the model from S3 at /opt/ml/model."""
    words = [*image.config["Entrypoint"], *image.config["Cmd"]]
    process = {"args": words, "env": image.config["Env"], "cwd": image.config["WorkingDir"] or "/"}
    (tmp_path / "oci").mkdir()
    config = {"process": process, "root": {"path": str(image.root)}}
    (tmp_path / "oci" / "config.json").write_text(json.dumps(config))
    name = "123456789012.dkr.ecr.us-east-1.amazonaws.com/somebody/models:1"
    settings = EmulatorSettings(
        tmp_path / "emulator", port=0, images={name: RootFileSystem.of_bundle(tmp_path / "oci")}
    )
    pack(bundle, tmp_path / "model.tar.gz")
    with AwsEmulator(settings) as emulator:
        world = World(emulator.endpoint_url, tmp_path)
        world.client("s3").create_bucket(Bucket="models")
        world.client("s3").upload_file(str(tmp_path / "model.tar.gz"), "models", "model.tar.gz")
        world.model("image", "s3://models/model.tar.gz", name)
        world.configure("image", instance("all", "image"))
        found = world.endpoint("image", "image")
        assert found["EndpointStatus"] == "InService", found
        answer = world.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="image", Body=json.dumps([ROW]), ContentType="application/json"
        )
        assert len(json.loads(answer["Body"].read())) == 1
