"""A real browser. These tests need an environment of their own: `make test-browser`; plain pytest leaves them out."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests import bundles
from tests.clients.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]
# Chromium would look for its maker's hosts at every start.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of two models, the first with a form of numbers, the second of numbers and texts."""
    root = tmp_path_factory.mktemp("models")
    for name in ("iris", "mixed"):
        made = bundles.build(name, root / "building")
        (root / "models" / name).mkdir(parents=True)
        shutil.move(made, root / "models" / name / "1")
    (root / "models" / "models.json").write_text('{"default": "iris"}')
    with serving(str(root / "models"), root) as address:
        yield f"http://{address}/"


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a browser that reaches nothing but this machine; errors in it fail the test."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium (apt-get install chromium, or CHROMIUM=path)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        found = browser.new_page()
        problems: list[str] = []
        found.on("pageerror", lambda error: problems.append(str(error)))
        found.on("requestfailed", lambda request: problems.append(f"{request.url} failed"))
        found.route(
            "**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort()
        )
        yield found
        browser.close()
    assert problems == []
