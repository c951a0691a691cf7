"""An emulator for the adapters that talk to AWS."""

from tests.deployment.conftest import aws, endpoint

__all__ = ["aws", "endpoint"]
