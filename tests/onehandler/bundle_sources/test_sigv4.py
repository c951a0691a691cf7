"""Our signatures against botocore's own for the same request."""

from __future__ import annotations

from datetime import UTC, datetime

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from onehandler.bundle_sources.access import Access
from onehandler.bundle_sources.sigv4 import signed_headers

NOW = 1_767_225_600.0


@pytest.mark.parametrize("token", ["", "a/session+token=="])
@pytest.mark.parametrize("path", ["/models/churn/bundle.json", "/models/a%20b%2Bc.txt"])
def test_it_is_botocores(token: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: datetime.fromtimestamp(NOW, UTC))
    environ = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalr/XUtnFEMI",
        "AWS_SESSION_TOKEN": token,
        "AWS_REGION": "eu-west-1",
    }
    ours = signed_headers(Access(environ), "s3.example.com", path, {"range": "bytes=0-9"}, NOW)
    request = AWSRequest("GET", f"https://s3.example.com{path}", headers={"range": "bytes=0-9"})
    credentials = Credentials("AKIDEXAMPLE", "wJalr/XUtnFEMI", token or None)
    S3SigV4Auth(credentials, "s3", "eu-west-1").add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]
    assert ours["x-amz-date"] == "20260101T000000Z"
