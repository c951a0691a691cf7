"""CPUs by affinity and by control group, version 1 and 2, of this process and those above."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from onehandler.serving.cpus import cpu_quota, usable_cpus

if TYPE_CHECKING:
    from pathlib import Path


def _machine(folder: Path, groups: str, files: dict[str, str]) -> tuple[Path, Path]:
    proc, mount = folder / "cgroup", folder / "mount"
    proc.write_text(groups)
    mount.mkdir()
    for name, content in files.items():
        (mount / name).parent.mkdir(parents=True, exist_ok=True)
        (mount / name).write_text(content)
    return proc, mount


CASES = {
    "none": ("0::/\n", {}, None),
    "v2": ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
    "v2-unlimited": ("0::/\n", {"cpu.max": "max 100000\n"}, None),
    "v2-own-group": ("0::/a/b\n", {"a/b/cpu.max": "50000 100000\n"}, 0.5),
    "v2-group-above": ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "200000 100000\n"}, 2.0),
    "v2-smallest": ("0::/a\n", {"a/cpu.max": "300000 100000\n", "cpu.max": "200000 100000\n"}, 2.0),
    "v2-path-of-the-host": ("0::/docker/1f\n", {"cpu.max": "100000 100000\n"}, 1.0),
    "v1": (
        "4:cpu,cpuacct:/\n1:memory:/x\n",
        {"cpu,cpuacct/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
        2.5,
    ),
    "v1-own-group": (
        "4:cpu:/x\n",
        {"cpu/x/cpu.cfs_quota_us": "100000\n", "cpu/x/cpu.cfs_period_us": "50000\n"},
        2.0,
    ),
    "v1-unlimited": (
        "4:cpu:/\n",
        {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_quota_is_the_smallest_that_binds(name: str, tmp_path: Path) -> None:
    groups, files, expected = CASES[name]
    assert cpu_quota(*_machine(tmp_path, groups, files)) == expected


def test_no_proc_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path / "missing", tmp_path) is None


@pytest.mark.parametrize(("quota", "cpus"), [(10_000, 1), (100_000, 1)])
def test_part_of_a_cpu_is_one(quota: int, cpus: int, tmp_path: Path) -> None:
    assert usable_cpus(*_machine(tmp_path, "0::/\n", {"cpu.max": f"{quota} 100000"})) == cpus


def test_no_more_than_this_process_is_bound_to(tmp_path: Path) -> None:
    proc, mount = _machine(tmp_path, "0::/\n", {"cpu.max": "100000000 100000"})
    assert usable_cpus(proc, mount) == len(os.sched_getaffinity(0))
