"""Servers that this machine cannot run have a row that says why, and count in no ratio."""

from __future__ import annotations

import dataclasses

from benchmarks.serve import CONNECTIONS, Seen, report
from benchmarks.serving.peers import Program, Server, servers
from benchmarks.serving.processes import free_ports

BY_NAME = {each.name: each for each in servers()}
OURS, PEER = "onehandler", "FastAPI + uvicorn, onnxruntime"


def test_a_server_says_which_program_it_lacks_and_how_to_get_it() -> None:
    sagemaker = BY_NAME["sagemaker-inference, onnxruntime"]
    assert sagemaker.needs == Program("java", "default-jre-headless")
    lacking = dataclasses.replace(sagemaker, needs=Program("no-such-program", "a-package"))
    assert lacking.missing() == "needs no-such-program (apt-get install a-package)"
    assert dataclasses.replace(sagemaker, needs=Program("sh", "dash")).missing() is None


def test_every_peer_serves_onnx_and_joblib() -> None:
    peers = {name.partition(",")[0] for name in BY_NAME if not name.startswith(OURS)}
    assert all(f"{peer}, {kind}" in BY_NAME for peer in peers for kind in ("onnxruntime", "scikit-learn"))


def test_who_was_not_measured_has_a_row_and_no_part_in_the_ratios() -> None:
    seen = {("forest", OURS): _seen(0.001), ("forest", PEER): _seen(0.002)}
    measured: dict[str, Server] = {name: BY_NAME[name] for name in (OURS, PEER)}
    sizes = {each.requirements: 1.0 for each in measured.values()}
    unable = {"sagemaker-inference, onnxruntime": "needs java (apt-get install default-jre-headless)"}
    found = report(seen, measured, sizes, 1.0, unable)
    assert found.rows[-1]["server"] == (
        "sagemaker-inference, onnxruntime: not measured: needs java (apt-get install default-jre-headless)"
    )
    assert list(found.rows[-1]) == list(found.rows[0])
    assert found.ratios == report(seen, measured, sizes, 1.0, {}).ratios
    assert found.ratios["ours_over_best_peer_p99"] == 0.5


def test_ports_in_a_row_are_below_what_servers_take() -> None:
    assert 1024 < free_ports(3) <= 49_151 - 3


def _seen(seconds: float) -> Seen:
    return Seen([seconds * 1000], [1.0], [1.0], {count: [[seconds] * 10] for count in CONNECTIONS})
