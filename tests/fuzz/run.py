"""Fuzzes one target after another with coverage: `python -m tests.fuzz.run [TARGET …] --seconds 60`.

Each runs in a process of its own. What it has learnt stays in build/fuzz/corpus, what it finds goes to
build/fuzz/found; a fault becomes a file in tests/fuzz/found/TARGET, which the test suite replays for ever.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import NAMES

PLACE = Path("build/fuzz")
_LENGTH = 8192  # bytes of an input
_DONE = re.compile(rb"(?:Done|stat::number_of_executed_units:)\s+(\d+)")
_SO_FAR = re.compile(rb"#(\d+)\s.*cov: (\d+)")


def main() -> int:
    asked = _asked()
    found = [_run(name, asked.seconds) for name in asked.targets or NAMES]
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "counts.jsonl").open("a") as counts:
        counts.writelines(json.dumps(each) + "\n" for each in found)
    print(f"{'target':22}{'executions':>12}{'per second':>12}{'edges':>8}{'faults':>8}")
    for each in found:
        rate = each["executions"] / max(each["seconds"], 1)
        print(f"{each['target']:22}{each['executions']:12,}{rate:12,.0f}{each['edges']:8,}{each['faults']:8}")
    return 1 if any(each["faults"] for each in found) else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    asked = parser.parse_args()
    unknown = set(asked.targets) - set(NAMES)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return asked


def _run(name: str, seconds: int) -> dict[str, int | str]:
    print(f"{name}: {seconds} s", flush=True)
    corpus, crashes = PLACE / "corpus" / name, PLACE / "found" / name
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    log = PLACE / f"{name}.log"
    command = [sys.executable, "-m", "tests.fuzz.one", name, str(corpus)]
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_LENGTH}",
        "-rss_limit_mb=2048",
        "-timeout=10",
        "-print_final_stats=1",
        f"-artifact_prefix={crashes}/",
    ]
    before, begun = set(crashes.iterdir()), time.monotonic()
    with log.open("wb") as output:
        subprocess.run([*command, *options], check=False, stdout=output, stderr=subprocess.STDOUT)
    told = log.read_bytes()
    done, so_far = _DONE.findall(told), _SO_FAR.findall(told)
    faults = sorted(set(crashes.iterdir()) - before)
    for fault in faults:
        print(f"  {fault}: see {log}", flush=True)
    executions = int(done[-1]) if done else int(so_far[-1][0]) if so_far else 0
    return {
        "target": name,
        "seconds": round(time.monotonic() - begun),
        "executions": executions,
        "edges": int(so_far[-1][1]) if so_far else 0,
        "faults": len(faults),
    }


if __name__ == "__main__":
    sys.exit(main())
