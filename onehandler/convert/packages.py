"""What to install for a source whose package is missing: names and versions that the tests ran with."""

from __future__ import annotations

PINNED = {
    "catboost": "catboost==1.2.10",
    "lightgbm": "lightgbm==4.7.0",
    "skops": "skops==0.16.0",
    "xgboost": "xgboost-cpu",  # the module xgboost without 300 MB of GPU libraries; the version follows Python's
}


def advice(package: str) -> str:
    """A command that installs a package, beside onehandler."""
    return f"pip install '{PINNED.get(package, 'onehandler[build]')}'"
