"""The demo's bundle, and a checkout of its own to deploy from."""

from tests.deployment.conftest import bundles, service

__all__ = ["bundles", "service"]
