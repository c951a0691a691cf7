from pathlib import Path

import pytest

from layers import wheels
from layers.wheels import install, platform_of, this_arch
from onehandler.errors import SettingsError
from onehandler.pythons import this_version


def test_architectures_have_aws_names() -> None:
    assert platform_of("arm64") == "aarch64-manylinux_2_28"
    assert this_arch() in wheels.PLATFORMS
    with pytest.raises(SettingsError, match="x86_64, arm64"):
        platform_of("riscv")


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    pins = (wheels.REQUIREMENTS / "layer-batch.txt").read_text().splitlines()
    start = next(number for number, line in enumerate(pins) if line.startswith("jmespath=="))
    name = pins[start].removesuffix("\\").strip()
    (tmp_path / "altered.txt").write_text(f"{name} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SettingsError, match=r"(?s)altered\.txt.*Hash mismatch"):
        install(str(tmp_path / "altered"), tmp_path / "site", this_arch(), this_version())


def test_only_one_package_of_a_lock(tmp_path: Path) -> None:
    install("layer-batch", tmp_path / "site", this_arch(), this_version(), only="jmespath")
    assert {path.name for path in (tmp_path / "site").glob("*.dist-info")} == {"jmespath-1.1.0.dist-info"}


def test_a_package_that_is_not_pinned_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not pin numpy"):
        install("layer-batch", tmp_path / "site", this_arch(), this_version(), only="numpy")
