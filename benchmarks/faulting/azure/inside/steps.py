"""Which step of a job a request to storage is."""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit


def step_of(method: str, url: str, body: bytes) -> str:
    """What a request does for a job; see benchmarks.faulting.azure.stage.PLANNED."""
    found = urlsplit(url)
    path = unquote(found.path).partition("/devstoreaccount1/")[2]
    if path.endswith("/messages"):
        return "send" if method == "POST" else "receive"
    if path.startswith("jobs"):
        return _table_step(method, path, body)
    kind = _kind(path)
    if "comp=block" in found.query:
        return "commit" if "comp=blocklist" in found.query else "put block"
    return f"{method.lower()} {kind}"


def _kind(path: str) -> str:
    name = path.rpartition("/")[2]
    if "/quotes/" in path:
        return "inside" if name == "inside" else "count"
    if name.startswith(("part-", "results.")):
        return name.partition("-")[0].partition(".")[0]
    return {"manifest.json": "manifest", "_SUCCESS": "marker"}.get(name, "source")


def _table_step(method: str, path: str, body: bytes) -> str:
    if method == "GET":
        return "query" if path.endswith("()") else "get status"
    if method == "POST":
        partition = json.loads(body)["PartitionKey"]
        return (
            "enter group"
            if partition.endswith("-groups")
            else "enter chunk"
            if "." in partition
            else "put job"
        )
    if method == "DELETE":
        return "leave open"
    return "name open" if "PartitionKey='open'" in path else "move job"
