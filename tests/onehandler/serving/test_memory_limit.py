"""Memory by control group, version 1 and 2, and by machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onehandler.serving.memory_limit import memory_limit

if TYPE_CHECKING:
    from pathlib import Path

TOTAL = "MemTotal:        1024 kB\nMemFree:  1 kB\n"
CASES = {
    "nothing": ("0::/\n", {}, "", None),
    "machine": ("0::/\n", {"memory.max": "max\n"}, TOTAL, 1024 * 1024),
    "v2": ("0::/\n", {"memory.max": "65536\n"}, TOTAL, 65536),
    "v2-group-above": ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "4096\n"}, TOTAL, 4096),
    "v1": ("3:memory:/x\n4:cpu:/\n", {"memory/x/memory.limit_in_bytes": "8192\n"}, TOTAL, 8192),
    "v1-unlimited": (
        "3:memory:/\n",
        {"memory/memory.limit_in_bytes": "9223372036854771712\n"},
        TOTAL,
        1024 * 1024,
    ),
    "v1-path-of-the-host": ("3:memory:/docker/1f\n", {"memory/memory.limit_in_bytes": "512\n"}, TOTAL, 512),
}


@pytest.mark.parametrize(("groups", "files", "meminfo", "limit"), CASES.values(), ids=CASES)
def test_the_least_limit_counts(
    groups: str, files: dict[str, str], meminfo: str, limit: int | None, tmp_path: Path
) -> None:
    (tmp_path / "cgroup").write_text(groups)
    (tmp_path / "meminfo").write_text(meminfo)
    for name, content in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert memory_limit(tmp_path / "cgroup", tmp_path / "mount", tmp_path / "meminfo") == limit


def test_this_machine_has_some() -> None:
    limit = memory_limit()
    assert limit is not None
    assert limit > 16 * 1024 * 1024
