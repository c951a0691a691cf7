"""What Lambda accepts of a function."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from local_emulator.aws.control_plane import limits
from local_emulator.aws.control_plane.limits import CodeTooLarge, InvalidFunction
from local_emulator.aws.control_plane.machine import Machine

MACHINE = Machine("x86_64", ("python3.11", "python3.13"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"PackageType": "Image"}, "PackageType Image is not supported"),
        ({"Runtime": "nodejs22.x"}, "nodejs22.x at 'runtime'.*it runs python3.11, python3.13"),
        ({"Architectures": ["arm64"]}, r"arm64 cannot run.*is x86_64.*architecture: x86_64"),
        ({"Timeout": 901}, "901 at 'timeout'.*from 1 to 900"),
        ({"Timeout": 0}, "0 at 'timeout'"),
        ({"MemorySize": 64}, "64 at 'memorySize'.*from 128 to 10240"),
        ({"FileSystemConfigs": [{"Arn": "a"}]}, "FileSystemConfigs of a function is not supported"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            "Reserved keys used in this request: AWS_REGION",
        ),
        ({"Environment": {"Variables": {"A": "x" * 4096}}}, "exceeded the 4KB limit. They have 4097 bytes"),
    ],
)
def test_what_is_not_accepted_is_named(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidFunction, match=said):
        limits.check_specification(spec, MACHINE)


def test_what_is_accepted_passes() -> None:
    spec = {
        "Runtime": "python3.13",
        "Architectures": ["x86_64"],
        "Timeout": 900,
        "MemorySize": 10240,
        "Environment": {"Variables": {"A": "x" * 4095}},
        "FileSystemConfigs": [],
    }
    limits.check_specification(spec, MACHINE)


def test_direct_uploads_end_at_50_mb() -> None:
    limits.check_upload(50 * 1024 * 1024, "CreateFunction")
    with pytest.raises(CodeTooLarge, match=r"for the CreateFunction operation.*have to come from S3"):
        limits.check_upload(50 * 1024 * 1024 + 1, "CreateFunction")


def test_archives_end_at_250_mb_unzipped() -> None:
    archive = _declaring(limits.UNZIPPED_LIMIT)
    assert len(archive) < 300_000
    with pytest.raises(InvalidFunction, match="Unzipped size must be smaller than 262144000 bytes"):
        limits.check_archive(archive, 0)


def test_layers_count_with_the_code() -> None:
    with pytest.raises(InvalidFunction, match=r"combined with layers.*The actual size is 262145000 bytes"):
        limits.check_archive(_declaring(1000), limits.UNZIPPED_LIMIT)


def test_what_is_no_archive_is_refused() -> None:
    with pytest.raises(InvalidFunction, match="Could not unzip uploaded file"):
        limits.check_archive(b"no zip", 0)


@pytest.mark.parametrize(
    ("arns", "said"),
    [
        ([f"arn:layer:{number}:1" for number in range(6)], "more than 5 layers"),
        (["arn:layer:a:1", "arn:layer:a:2"], "Two different versions of the same layer"),
    ],
)
def test_layers_are_few_and_different(arns: list[str], said: str) -> None:
    with pytest.raises(InvalidFunction, match=said):
        limits.check_layers(arns)


def _declaring(size: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as entry:
        block = bytes(1_000_000)
        while size > 0:
            size -= entry.write(block[:size])
    return packed.getvalue()


@pytest.mark.parametrize(
    ("apply_on", "runtime", "storage_mb", "said"),
    [
        (
            "Sometimes",
            "python3.13",
            512,
            r"Value 'Sometimes' at 'snapStart.applyOn'.*\[PublishedVersions, None\]",
        ),
        (
            "PublishedVersions",
            "python3.11",
            512,
            "python3.11 is not supported for SnapStart enabled functions",
        ),
        ("PublishedVersions", "python3.13", 513, "storage of 513 MB is not supported for SnapStart"),
    ],
)
def test_what_snapstart_excludes(apply_on: str, runtime: str, storage_mb: int, said: str) -> None:
    with pytest.raises(InvalidFunction, match=said):
        limits.check_snap_start(apply_on, runtime, storage_mb)


def test_what_goes_with_snapstart() -> None:
    limits.check_snap_start("PublishedVersions", "python3.12", 512)
    limits.check_snap_start("None", "python3.11", 10240)
