"""The image, built once. `make test-container` runs these; plain pytest skips them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layers.container import package_container
from layers.wheels import this_arch
from tests import bundles
from tests.container import images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.container.images import Image, Images

WANTED = "ONEHANDLER_TEST_CONTAINER"  # make test-container sets it: a base is downloaded


@pytest.fixture(scope="session")
def store() -> Iterator[Images]:
    lacks = images.missing()
    if lacks:
        pytest.skip(lacks)
    if not os.environ.get(WANTED):
        pytest.skip("a minute, and a base is downloaded: make test-container")
    with images.Images.opened() as found:
        yield found


@pytest.fixture(scope="session")
def base(store: Images) -> str:
    return store.import_base(images.base())


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(bundles.build("iris", tmp_path_factory.mktemp("bundles")))


@pytest.fixture(scope="session")
def context(store: Images, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("context")
    return package_container(bundle, this_arch(), images.PYTHON, out).context


@pytest.fixture(scope="session")
def image(store: Images, base: str, context: Path) -> Image:
    return store.build(context, base, "localhost/onehandler")
