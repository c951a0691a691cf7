"""These tests need PyTorch, in an environment of its own: `make test-converters` runs them."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") and find_spec("transformers") else ["*.py"]
