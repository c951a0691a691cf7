"""boto3 clients that speak to the emulator itself."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class EndpointClients:
    """Keeps one client per service, region and account, all for one endpoint."""

    def __init__(self, endpoint_url: Callable[[], str]) -> None:
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = Lock()
        self._session: Any = None

    def client(self, service: str, region: str, account_id: str) -> Any:
        """Give the boto3 client of a service; the same one every time."""
        key = (service, region, account_id)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(*key)
            return self._clients[key]

    def close(self) -> None:
        """Close the connections of every client."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _make(self, service: str, region: str, account_id: str) -> Any:
        # Here: boto3 takes 0.2 s to import, and only a deployment needs it.
        import boto3
        from botocore.config import Config

        # One session: it reads a service's model once, which takes longer than anything else here. No
        # signature is verified: the key only has to be there for a request to be signed.
        self._session = self._session or boto3.session.Session("cloudformation", "cloudformation")
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=120)
        make: Any = self._session.client  # boto3's stubs know services by literal names only
        client = make(service, region, endpoint_url=self._endpoint_url(), config=config)

        def act_in_account(request: Any, **_: Any) -> None:
            request.headers["x-moto-account-id"] = account_id

        client.meta.events.register("before-sign", act_in_account)
        return client
