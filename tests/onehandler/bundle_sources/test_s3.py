"""Bundles fetched from S3: whole and verified, or refused in a line and nothing left behind."""

from __future__ import annotations

import json
import os
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onehandler.bundle import Bundle
from onehandler.bundle_sources import s3
from onehandler.bundle_sources.access import Access
from onehandler.bundle_sources.s3_objects import Bucket
from onehandler.errors import BundleError, SettingsError, Unavailable, UntrustedBundle
from tests import bundles
from tests.onehandler.bundle_sources.objects import CUT, DROPPED, Objects, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = bytes(range(256)) * 80_000  # 20 MB: two ranges


@pytest.fixture
def objects() -> Iterator[Objects]:
    with serving() as found:
        yield found


@pytest.fixture
def environ(objects: Objects, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "tmp").mkdir()
    return {
        "AWS_ENDPOINT_URL": objects.url,
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-central-1",
        "TMPDIR": str(tmp_path / "tmp"),
    }


@pytest.fixture
def pushed(objects: Objects, tmp_path: Path) -> str:
    """The location of a small bundle with assets, one of them large, one empty, one in a folder."""
    folder = bundles.build(
        "iris", tmp_path, files={"large.bin": LARGE, "empty.txt": b"", "a b.txt": b"hello"}
    )
    digest = sha256(Path(folder, "bundle.json").read_bytes()).hexdigest()
    for path in Path(folder).iterdir():
        objects.held[f"/models/churn/{digest}/{path.name}"] = path.read_bytes()
    return f"s3://models/churn/{digest}"


def load(location: str, environ: dict[str, str], pinned: str = "") -> tuple[Bundle, list[float]]:
    """Load without waiting; give the bundle and the waits."""
    waits: list[float] = []
    opened = partial(Bucket, Access(environ), "models", sleep=waits.append)
    return s3.load_remote(location, pinned, environ, opened), waits


def left(environ: dict[str, str]) -> list[str]:
    """What lies in our folder below the temporary one."""
    return sorted(path.name for path in Path(environ["TMPDIR"]).glob("*/*"))


def altered(objects: Objects, name: str, content: bytes | None) -> None:
    (key,) = (key for key in objects.held if key.endswith(f"/{name}"))
    if content is None:
        del objects.held[key]
    else:
        objects.held[key] = content


def test_it_is_fetched_in_ranges_and_verified(pushed: str, objects: Objects, environ: dict[str, str]) -> None:
    bundle, waits = load(pushed, environ)
    assert Path(bundle.path("large.bin")).read_bytes() == LARGE
    assert Path(bundle.path("empty.txt")).read_bytes() == b""
    assert (bundle.digest, left(environ)) == (pushed[-64:], [pushed[-64:]])
    ranges = [headers["range"] for path, headers in objects.asked if path.endswith("large.bin")]
    assert len(ranges) == 2
    assert waits == []


def test_every_request_is_signed_with_the_session_token(
    pushed: str, objects: Objects, environ: dict[str, str]
) -> None:
    load(pushed, environ)
    assert all(headers["x-amz-security-token"] == "token" for _, headers in objects.asked)
    assert all("/eu-central-1/s3/aws4_request" in headers["authorization"] for _, headers in objects.asked)


def test_a_later_start_finds_it(pushed: str, objects: Objects, environ: dict[str, str]) -> None:
    load(pushed, environ)
    before = len(objects.asked)
    assert load(pushed, environ)[0].name == "iris"
    assert len(objects.asked) == before


def test_what_was_altered_on_disk_is_fetched_anew(
    pushed: str, objects: Objects, environ: dict[str, str]
) -> None:
    Path(load(pushed, environ)[0].path("large.bin")).write_bytes(b"x")
    before = len(objects.asked)
    assert Path(load(pushed, environ)[0].path("large.bin")).read_bytes() == LARGE
    assert len(objects.asked) > before


@pytest.mark.parametrize("faults", [[503, 500, DROPPED], [DROPPED] * 4, [0, CUT, CUT, 503], [429]])
def test_faults_that_pass_are_tried_again(
    faults: list[int], pushed: str, objects: Objects, environ: dict[str, str]
) -> None:
    objects.faults = list(faults)
    bundle, waits = load(pushed, environ)
    assert Path(bundle.path("large.bin")).read_bytes() == LARGE
    assert len(waits) == sum(1 for fault in faults if fault)


def test_faults_that_stay_are_told_after_growing_waits(
    pushed: str, objects: Objects, environ: dict[str, str]
) -> None:
    objects.faults = [503] * 5
    waits: list[float] = []
    opened = partial(Bucket, Access(environ), "models", sleep=waits.append)
    with pytest.raises(Unavailable, match=r"bundle\.json: S3 did not answer 5 times.*503"):
        s3.load_remote(pushed, "", environ, opened)
    assert waits == [0.1, 0.2, 0.4, 0.8]
    assert left(environ) == []


def test_an_altered_manifest_is_refused_before_anything_else_is_read(
    pushed: str, objects: Objects, environ: dict[str, str]
) -> None:
    altered(objects, "bundle.json", json.dumps({"format": 1}).encode())
    with pytest.raises(UntrustedBundle, match="not the location's"):
        load(pushed, environ)
    assert len(objects.asked) == 1
    assert left(environ) == []


REFUSED = {
    "altered": (b"y" + LARGE[1:], UntrustedBundle, "large.bin: is not the file that was bundled"),
    "shorter": (LARGE[:-1], UntrustedBundle, "large.bin: ends at byte"),
    "missing": (None, BundleError, "large.bin: S3 answers 404 NoSuchKey; upload the bundle"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_the_bundle_is_refused(
    name: str, pushed: str, objects: Objects, environ: dict[str, str]
) -> None:
    content, error, message = REFUSED[name]
    altered(objects, "large.bin", content)
    with pytest.raises(error, match=message):
        load(pushed, environ)
    assert left(environ) == []


def test_denied_is_said_with_what_to_allow(pushed: str, objects: Objects, environ: dict[str, str]) -> None:
    objects.faults, objects.code = [403], "AccessDenied"
    with pytest.raises(BundleError, match="S3 answers 403 AccessDenied; allow the role s3:GetObject"):
        load(pushed, environ)


def test_too_little_room_is_said(pushed: str, objects: Objects, environ: dict[str, str]) -> None:
    manifest = json.loads(next(held for key, held in objects.held.items() if key.endswith("bundle.json")))
    manifest["files"]["large.bin"]["bytes"] = 10**18
    content = json.dumps(manifest).encode()
    digest = sha256(content).hexdigest()
    objects.held[f"/models/churn/{digest}/bundle.json"] = content
    with pytest.raises(BundleError, match="are free; raise the function's ephemeral storage"):
        load(f"s3://models/churn/{digest}", environ)
    assert left(environ) == []


def test_another_pin_is_refused_without_a_request(
    pushed: str, objects: Objects, environ: dict[str, str]
) -> None:
    with pytest.raises(UntrustedBundle, match="pins another digest"):
        load(pushed, environ, "0" * 64)
    assert objects.asked == []


def test_a_folder_that_others_may_write_to_is_refused(pushed: str, environ: dict[str, str]) -> None:
    home = Path(environ["TMPDIR"], f"onehandler-bundles-{os.getuid()}")
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(UntrustedBundle, match="not a folder of ours alone"):
        load(pushed, environ)


def test_a_link_instead_of_our_folder_is_refused(
    pushed: str, environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir(0o700)
    Path(environ["TMPDIR"], f"onehandler-bundles-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UntrustedBundle, match="not a folder of ours alone"):
        load(pushed, environ)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("s3://models/churn", "not with the bundle's digest"),
        (f"s3:///churn/{'a' * 64}", "is not s3://bucket/prefix"),
        (f"s3://models/../{'a' * 64}", "is not s3://bucket/prefix"),
        (f"s3://models/a//b/{'a' * 64}", "is not s3://bucket/prefix"),
        (f"s3://MODELS/{'a' * 64}", "is not s3://bucket/prefix"),
        (f"s3://models/ä/{'a' * 64}", "is not s3://bucket/prefix"),
    ],
)
def test_locations_that_make_no_sense_are_refused(
    location: str, message: str, environ: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match=message):
        load(location, environ)


def test_credentials_are_asked_for_by_name(pushed: str, environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID: is not set"):
        s3.load_remote(pushed, "", environ | {"AWS_ACCESS_KEY_ID": ""})
