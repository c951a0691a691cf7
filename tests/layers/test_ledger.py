"""The size ledger, on archives made for it."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from layers.archive import digest_of, write_archive
from layers.ledger import (
    UNZIPPED_LIMIT,
    ZIPPED_LIMIT,
    check_direct_upload,
    check_limits,
    ledger_json,
    ledger_of,
    ledger_table,
)
from onehandler.errors import TooLarge


def _archive(folder: Path, name: str, **sizes: int) -> Path:
    files = {}
    for path, size in sizes.items():
        file = folder / f"{name}-{path.replace('/', '-')}"
        file.write_bytes(os.urandom(size))
        files[path] = file
    write_archive(folder / name, files)
    return folder / name


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    sizes = {
        "python/fastapi/x.py": 700,
        "python/fastapi/__pycache__/x.cpython-313.pyc": 100,
        "python/fastapi-0.1.dist-info/METADATA": 100,
        "python/six.py": 50,
        "python/__pycache__/six.cpython-313.pyc": 20,
        "lib/libonnxruntime.so.1": 20,
        "licences/onnxruntime/LICENSE": 10,
    }
    return _archive(tmp_path, "layer.zip", **sizes)


def test_files_count_for_their_package(layer: Path) -> None:
    lines = {line.package: (line.files, line.unzipped) for line in ledger_of(layer)}
    assert lines == {
        "fastapi": (3, 900),
        "six": (2, 70),
        "libonnxruntime": (1, 20),
        "onnxruntime": (1, 10),
        "(zip directory)": (0, 0),
    }


def test_zipped_bytes_add_up_to_the_archive(layer: Path) -> None:
    assert sum(line.zipped for line in ledger_of(layer)) == layer.stat().st_size
    assert ledger_of(layer)[-1].zipped > 0


def test_json_has_totals_shares_and_limits(layer: Path) -> None:
    found = ledger_json([layer])
    archive = found["archives"]["layer.zip"]
    assert found["limits"] == {"unzipped": 262_144_000, "zipped": 52_428_800}
    assert (archive["files"], archive["unzipped"], archive["zipped"]) == (7, 1000, layer.stat().st_size)
    assert archive["sha256"] == digest_of(layer)
    assert archive["packages"]["fastapi"]["share"] == 0.9


def test_the_table_shows_every_package_and_the_share_of_the_limits(layer: Path) -> None:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(ledger_table([layer]))
    text = console.export_text()
    assert all(word in text for word in ("fastapi", "900", "90.0%", "libonnxruntime", "1,000", "limits"))


def _zeros(path: Path, size: int, method: int) -> Path:
    """An archive of one file of so many zeros."""
    with (
        zipfile.ZipFile(path, "w", method, compresslevel=1) as archive,
        archive.open("bundle/m.onnx", "w") as file,
    ):
        for start in range(0, size, 1 << 20):
            file.write(bytes(min(1 << 20, size - start)))
    return path


def test_too_many_bytes_say_which_and_what_to_do(tmp_path: Path, layer: Path) -> None:
    full = _zeros(tmp_path / "full.zip", UNZIPPED_LIMIT - 1000, zipfile.ZIP_DEFLATED)
    check_limits([full, layer])
    over = _zeros(tmp_path / "over.zip", UNZIPPED_LIMIT - 999, zipfile.ZIP_DEFLATED)
    check_limits([over])
    with pytest.raises(
        TooLarge, match=r"over\.zip \+ layer\.zip: 262,144,001 .*bundle in over\.zip.*Quantize"
    ):
        check_limits([over, layer])


def test_a_function_has_at_most_five_layers(layer: Path) -> None:
    check_limits([layer] * 6)
    with pytest.raises(TooLarge, match="5 layers"):
        check_limits([layer] * 7)


def test_a_direct_upload_has_a_limit_of_its_own(tmp_path: Path, layer: Path) -> None:
    check_direct_upload([layer])
    over = _zeros(tmp_path / "over.zip", ZIPPED_LIMIT, zipfile.ZIP_STORED)
    check_limits([over])
    with pytest.raises(TooLarge, match=r"over\.zip.*bundle.*S3"):
        check_direct_upload([layer, over])
