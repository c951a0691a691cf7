"""These tests need an environment of their own: `make test-converters` runs them, plain pytest leaves them out."""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = ("tensorflow", "tf2onnx")
collect_ignore_glob = [] if all(map(find_spec, NEEDED)) else ["test_*.py"]
