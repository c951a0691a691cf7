"""Finding and loading libonnxruntime."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import onnxruntime
import pytest

from onehandler.onnx_start import library_path
from onehandler.runtimes.onnx_library import environment
from tests.onehandler.runtimes.models import identity
from tests.onehandler.runtimes.processes import run_python

CAPI = Path(onnxruntime.__file__).parent / "capi"
RUN = """
from onehandler.runtimes.onnx import open_model
from onehandler.tensor import Tensor
def ours():
    return open_model({path!r}, 1).run({{"x": Tensor.of("float32", (2,), [1, 2])}})["y"].values()
def theirs():
    import onnxruntime, numpy
    session = onnxruntime.InferenceSession({path!r}, providers=["CPUExecutionProvider"])
    return session.run(None, {{"x": numpy.array([1, 2], numpy.float32)}})[0].tolist()
"""


def test_finds_the_wheel() -> None:
    found = Path(library_path("", sys.path))
    assert found.parent == CAPI
    assert environment().api.version == onnxruntime.__version__


def library(folder: Path, name: str = "libonnxruntime.so.1") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"")
    return str(folder / name)


def test_finds_a_layer_beside_the_import_path(tmp_path: Path) -> None:
    expected = library(tmp_path / "lib")
    assert library_path("/nowhere", ["/none", str(tmp_path / "python")]) == expected


def test_finds_the_loaders_path_first_by_its_own_name_and_last_by_another(tmp_path: Path) -> None:
    beside = library(tmp_path / "layer" / "lib")
    other = library(tmp_path / "opt", "libonnxruntime.so")
    loader = f"/none::{tmp_path / 'opt'}"
    assert library_path(loader, [str(tmp_path / "layer" / "python")]) == beside
    assert library_path(loader, []) == other
    own = library(tmp_path / "opt")
    assert library_path(loader, [str(tmp_path / "layer" / "python")]) == own


def test_says_where_it_looked(tmp_path: Path) -> None:
    places = f"{tmp_path}/python/onnxruntime/capi, {tmp_path}/lib, /none"
    with pytest.raises(FileNotFoundError, match=f"no libonnxruntime.so in {places}; add the ONNX layer"):
        library_path("/none", [f"{tmp_path}/python"])


@pytest.mark.parametrize(
    "content", [b"", b"no library at all", b"\x7fELF" + bytes(100)], ids=["empty", "text", "cut"]
)
def test_a_broken_library_is_an_error_every_time(content: bytes, tmp_path: Path) -> None:
    broken = tmp_path / "lib" / "libonnxruntime.so.1"
    broken.parent.mkdir()
    broken.write_bytes(content)
    assert "cannot be loaded" in refusal(tmp_path)


def test_another_library_by_that_name(tmp_path: Path) -> None:
    other = next(CAPI.glob("libonnxruntime_providers_shared.so"))
    (tmp_path / "lib").mkdir()
    shutil.copy(other, tmp_path / "lib" / "libonnxruntime.so.1")
    assert "it is not ONNX Runtime" in refusal(tmp_path)


def refusal(layer: Path) -> str:
    """The one message that two attempts with this layer end in."""
    return run_python(
        f"""
        import sys
        sys.path.insert(0, {str(layer / "python")!r})
        from onehandler.errors import BundleError
        from onehandler.runtimes.onnx import open_model
        from onehandler import onnx_start
        onnx_start.start()
        messages = set()
        for _ in range(2):
            try:
                open_model("m.onnx", 1)
            except BundleError as error:
                messages.add(str(error))
        message, = messages
        print(message)
        """
    )


@pytest.mark.parametrize("order", ["ours() == theirs() == ours()", "theirs() == ours() == theirs()"])
def test_coexists_with_the_onnxruntime_package(order: str, tmp_path: Path) -> None:
    path = identity(tmp_path / "m.onnx", "float32", ["n"])
    assert run_python(RUN.format(path=path) + f"print({order})") == "True"


def test_imports_nothing_heavy(tmp_path: Path) -> None:
    path = identity(tmp_path / "m.onnx", "float32", ["n"])
    script = RUN.format(path=path) + (
        "ours(); import sys\n"
        "heavy = 'numpy dataclasses typing inspect pathlib hashlib asyncio onnxruntime weakref'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert run_python(script, "-S", LD_LIBRARY_PATH=str(CAPI)) == "[]"  # without site's own imports


def test_many_threads_load_it_once() -> None:
    found = run_python(
        """
        from concurrent.futures import ThreadPoolExecutor
        from onehandler import onnx_start
        from onehandler.runtimes.onnx_library import environment
        def load(number):
            if number % 2:
                onnx_start.start()
            return id(environment())
        with ThreadPoolExecutor(8) as pool:
            print(len(set(pool.map(load, range(32)))))
        """
    )
    assert found == "1"
