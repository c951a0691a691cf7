"""Bundles as .tar.gz: packed reproducibly, unpacked with suspicion."""

from __future__ import annotations

import gc
import gzip
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onehandler.bundle import Bundle
from onehandler.bundle_archive import pack, unpack
from onehandler.errors import BundleError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests import bundles
from tests.onehandler.bundles.archives import lying, member, members_of, tar, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.onehandler.bundles.archives import Member

_LIMIT = 1_000_000  # bytes unpacked, in these tests
_PAX = tarfile.XHDTYPE


def plus(*extra: Member) -> Callable[[list[Member]], bytes]:
    return lambda members: tar([*members, *extra])


def before(*extra: Member) -> Callable[[list[Member]], bytes]:
    return lambda members: tar([*extra, *members])


def sparse(members: list[Member]) -> bytes:
    """Five bytes that call themselves 99,999,999."""
    entry, content = member("model.onnx", b"1\n0\n5\n".ljust(512, b"\0") + b"12345")
    entry.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "model.onnx",
        "GNU.sparse.realsize": "99999999",
    }
    return tar([members[0], (entry, content)])


def cut_in_model(members: list[Member]) -> bytes:
    content = tar(members)
    return content[: content.index(members[1][1]) + 100]


def with_size(size: str) -> Callable[[list[Member]], bytes]:
    """The model with a size of its own in an extended header."""

    def make(members: list[Member]) -> bytes:
        entry, content = members[1]
        entry.pax_headers = {"size": size}
        return tar([members[0], (entry, content)])

    return make


BAD: dict[str, tuple[Callable[[list[Member]], bytes], str]] = {
    "symbolic link": (plus(member("a", kind=tarfile.SYMTYPE, target="/etc/passwd")), "'a' is a link"),
    "symbolic link inside": (plus(member("a", kind=tarfile.SYMTYPE, target="model.onnx")), "'a' is a link"),
    "link, then through it": (
        before(member("d", kind=tarfile.SYMTYPE, target="/tmp"), member("d/x", b"x")),
        "'d' is a link",
    ),
    "link for manifest": (
        before(member("bundle.json", kind=tarfile.SYMTYPE, target="/etc/passwd")),
        "'bundle.json' is a link",
    ),
    "hard link": (plus(member("a", kind=tarfile.LNKTYPE, target="model.onnx")), "'a' is a link"),
    "hard link outside": (plus(member("a", kind=tarfile.LNKTYPE, target="/etc/passwd")), "'a' is a link"),
    "character device": (plus(member("a", kind=tarfile.CHRTYPE)), "'a' is a link, device"),
    "block device": (plus(member("a", kind=tarfile.BLKTYPE)), "'a' is a link, device"),
    "FIFO": (plus(member("a", kind=tarfile.FIFOTYPE)), "'a' is a link, device"),
    "contiguous file": (plus(member("a", kind=tarfile.CONTTYPE)), "'a' is a link, device"),
    "unknown type": (plus(member("a", kind=b"Z")), "'a' is a link, device"),
    "sparse file": (sparse, "sparse file"),
    "absolute": (plus(member("/etc/x", b"x")), "'/etc/x' is not a plain relative path"),
    "climbing": (plus(member("../x", b"x")), "'../x' is not a plain relative path"),
    "climbing later": (plus(member("a/../../x", b"x")), "is not a plain relative path"),
    "climbing after a dot": (plus(member("./../x", b"x")), "'../x' is not a plain relative path"),
    "climbing folder": (plus(member("../d", kind=tarfile.DIRTYPE)), "'../d' is not a plain relative path"),
    "absolute folder": (plus(member("/d", kind=tarfile.DIRTYPE)), "'/d' is not a plain relative path"),
    "backslash": (plus(member("..\\x", b"x")), "is not a plain relative path"),
    "newline": (plus(member("a\nb", b"x")), "is not a plain relative path"),
    "not UTF-8": (plus(member(os.fsdecode(b"a\xff"), b"x")), "is not a plain relative path"),
    "long name": (plus(member("a" * 5000, b"x")), "too long or too deep"),
    "deep name": (plus(member("a/" * 300 + "a", b"x")), "too long or too deep"),
    "file twice": (lambda members: tar([*members, members[1]]), "'model.onnx' is there twice"),
    "manifest twice": (lambda members: tar([*members, members[0]]), "'bundle.json' is there twice"),
    "twice by a dot": (plus(member("./model.onnx", b"x")), "'model.onnx' is there twice"),
    "case collision": (plus(member("Model.onnx", b"x")), "differ in case only"),
    "accents collide": (plus(member("\u00e9", b"x"), member("e\u0301", b"x")), ""),
    "folders collide": (
        before(member("Data", kind=tarfile.DIRTYPE), member("data/x", b"x")),
        "'data/x' and 'Data' differ in case only",
    ),
    "not in the manifest": (plus(member("evil.py", b"x")), "'evil.py' is not in the manifest"),
    "below the model": (plus(member("model.onnx/x", b"x")), "'model.onnx/x' is not in the manifest"),
    "another size": (
        lambda members: tar([members[0], member("model.onnx", b"short")]),
        "'model.onnx' has 5 bytes, the manifest says",
    ),
    "another content": (
        lambda members: tar([members[0], member("model.onnx", bytes(len(members[1][1])))]),
        "its sha256 differs",
    ),
    "model missing": (lambda members: tar(members[:1]), "lists 'model.onnx', which is not there"),
    "manifest missing": (lambda members: tar(members[1:]), "holds no bundle.json"),
    "empty": (lambda _: tar([]), "holds no bundle.json"),
    "no tar": (lambda _: b"hello" * 1000, "is no whole .tar.gz"),
    "zeros": (lambda _: bytes(100_000), "holds no bundle.json"),
    "cut in the model": (cut_in_model, "is no whole .tar.gz"),
    "bomb before the manifest": (before(member("zeros", bytes(20_000_000))), "unpacks to more than"),
    "bomb after the manifest": (plus(member("zeros", bytes(20_000_000))), "'zeros' is not in the manifest"),
    "bomb of many files": (
        before(*(member(f"{number}") for number in range(10_001))),
        "has more than 10000 members",
    ),
    "manifest a bomb": (lambda _: tar([member("bundle.json", bytes(17_000_000))]), "is larger than 16777216 bytes"),
    "announces a terabyte": (
        lambda members: lying("x", 2**40) + tar(members),
        "unpacks to more than",
    ),
    "extended header of a gigabyte": (
        lambda members: lying("x", 2**30, _PAX) + bytes(1024) + tar(members),
        "has a header of 1073741824 bytes",
    ),
    "long name of a gigabyte": (
        lambda members: lying("x", 2**30, tarfile.GNUTYPE_LONGNAME) + bytes(1024) + tar(members),
        "has a header of 1073741824 bytes",
    ),
    "negative size": (lambda members: lying("x", -512) + tar(members), ""),
    "negative extended header": (lambda members: lying("x", -512, _PAX) + tar(members), ""),
    "very negative size": (lambda members: tar(members[:1])[:-10240] + lying("x", -(2**60)) + bytes(1024), ""),
    "size no number": (with_size("many"), ""),
    "size in thousands of digits": (with_size("9" * 5000), ""),
    "size too large by header": (with_size(str(2**50)), ""),
    "size negative by header": (with_size("-1"), ""),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return bundles.build("iris", tmp_path / "source")


@pytest.fixture
def archive(folder: str, tmp_path: Path) -> Path:
    pack(Path(folder), tmp_path / "iris.tar.gz")
    return tmp_path / "iris.tar.gz"


@pytest.mark.timeout(30)
@pytest.mark.parametrize("case", BAD)
def test_a_malicious_archive_is_refused_and_leaves_nothing(case: str, folder: str, tmp_path: Path) -> None:
    make, message = BAD[case]
    place = tmp_path / "place"
    place.mkdir()
    path = write(tmp_path / "bad.tar.gz", make(members_of(folder)))
    with pytest.raises(BundleError) as refused:
        unpack(path, place / "bundle", _LIMIT)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 800
    assert list(place.iterdir()) == []
    assert not (tmp_path / "x").exists()


def temporary_folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("onehandler-bundle-*"))


@pytest.fixture
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = tmp_path / "tmp"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    return own


@pytest.mark.parametrize("case", ["symbolic link", "another content", "model missing", "no tar"])
def test_loading_a_malicious_archive_leaves_nothing(
    case: str, folder: str, tmp_path: Path, own_temporary_folder: Path
) -> None:
    path = write(tmp_path / "bad.tar.gz", BAD[case][0](members_of(folder)))
    with pytest.raises(BundleError):
        Bundle.load(str(path))
    assert list(own_temporary_folder.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 1, 5, 20, 300, -1, -8, -9, -400])
def test_a_truncated_archive_is_refused_unless_whole(cut: int, archive: Path, tmp_path: Path) -> None:
    """Only gzip's trailing checksum may be missing: by then every file has been compared with its digest."""
    archive.write_bytes(archive.read_bytes()[:cut])
    try:
        bundle = unpack(archive, tmp_path / "bundle")
    except BundleError:
        assert not (tmp_path / "bundle").exists()
    else:
        assert cut >= -9
        assert cut < 0
        assert bundle.name == "iris"


def test_two_packings_are_the_same_bytes(folder: str, archive: Path, tmp_path: Path) -> None:
    again = Path(bundles.build("iris", tmp_path / "again"))
    for path in again.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)
    pack(again, tmp_path / "other name.tar.gz")
    assert (tmp_path / "other name.tar.gz").read_bytes() == archive.read_bytes()
    assert sorted(path.name for path in tmp_path.glob("*tar.gz*")) == ["iris.tar.gz", "other name.tar.gz"]


def test_an_archive_holds_the_bundles_files_and_nothing_about_its_maker(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        entries = opened.getmembers()
    assert [entry.name for entry in entries] == ["bundle.json", "model.onnx"]
    assert {(entry.mode, entry.uid, entry.gid, entry.uname, entry.mtime) for entry in entries} == {
        (0o644, 0, 0, "", 0)
    }


def test_an_altered_bundle_is_not_packed(folder: str, tmp_path: Path) -> None:
    Path(folder, "model.onnx").write_bytes(b"other")
    with pytest.raises(UntrustedBundle):
        pack(Path(folder), tmp_path / "packed" / "x.tar.gz")
    assert not (tmp_path / "packed").exists()


def test_unpacking_gives_the_bundle_back(folder: str, archive: Path, tmp_path: Path) -> None:
    found = unpack(archive, tmp_path / "new" / "bundle")
    assert found.digest == Bundle.load(folder).digest
    assert found.folder == str(tmp_path / "new" / "bundle")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["bundle"]


def test_unpacking_replaces_a_bundle_and_nothing_else(archive: Path, tmp_path: Path) -> None:
    former = Path(bundles.build("regression", tmp_path / "place"))
    assert unpack(archive, former).name == "iris"
    other = tmp_path / "letters"
    other.mkdir()
    (other / "dear.txt").write_text("do not lose me")
    with pytest.raises(BundleError, match="is no bundle; choose another name"):
        unpack(archive, other)
    assert (other / "dear.txt").exists()


def test_a_refused_archive_leaves_the_former_bundle(folder: str, tmp_path: Path) -> None:
    former = Path(bundles.build("regression", tmp_path / "place"))
    path = write(tmp_path / "bad.tar.gz", BAD["another content"][0](members_of(folder)))
    with pytest.raises(UntrustedBundle):
        unpack(path, former)
    assert Bundle.load(str(former)).name == "regression"
    assert [each.name for each in (tmp_path / "place").iterdir()] == ["regression"]


def test_tars_own_way_of_packing_a_folder_is_accepted(folder: str, tmp_path: Path) -> None:
    """`tar czf x.tar.gz -C bundle .`: a folder first, names after "./", the manifest anywhere."""
    members = [(member("." + "/" + entry.name, content)) for entry, content in reversed(members_of(folder))]
    path = write(tmp_path / "by-hand.tar.gz", tar([member("./", kind=tarfile.DIRTYPE), *members]))
    assert unpack(path, tmp_path / "bundle").name == "iris"


def test_folders_and_long_names_survive(tmp_path: Path) -> None:
    model, inputs, outputs, sample = bundles._MODELS["iris"]()
    name = "l" * 150 + "é.txt"
    source = tmp_path / "source"
    bundles.write(source, "iris", model, inputs, outputs, sample, files={name: b"1"})
    pack(source, tmp_path / "x.tar.gz")
    assert unpack(tmp_path / "x.tar.gz", tmp_path / "y").path(name) == str(tmp_path / "y" / name)


def test_the_limit_counts_what_the_manifest_announces(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(UntrustedBundle, match="100 are accepted"):
        unpack(archive, tmp_path / "bundle", limit=100)


def test_a_handler_serves_an_archive_from_a_folder_that_goes_with_it(
    archive: Path, own_temporary_folder: Path
) -> None:
    handler = Handler.load(str(archive), Settings({}))
    assert len(list(own_temporary_folder.iterdir())) == 1
    assert [result.error for result in handler.score(b"[5.1,3.5,1.4,0.2]", "application/jsonl")] == [None]
    handler.close()
    del handler
    gc.collect()
    assert list(own_temporary_folder.iterdir()) == []


def test_a_pinned_digest_holds_for_an_archive(archive: Path, folder: str) -> None:
    digest = Bundle.load(folder).digest
    assert Bundle.load(str(archive), digest).digest == digest
    with pytest.raises(UntrustedBundle, match="the deployment pins"):
        Bundle.load(str(archive), hashlib.sha256(b"other").hexdigest())


def test_the_folder_goes_when_the_process_ends(archive: Path, tmp_path: Path) -> None:
    own = tmp_path / "tmp"
    own.mkdir()
    program = "import sys; from onehandler.bundle import Bundle; b = Bundle.load(sys.argv[1]); print(b.folder, end='')"
    done = subprocess.run(
        [sys.executable, "-c", program, str(archive)],
        env={**os.environ, "TMPDIR": str(own)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout).parent == own
    assert list(own.iterdir()) == []


def test_a_folder_may_be_called_like_an_archive(folder: str, tmp_path: Path) -> None:
    named = Path(folder).rename(tmp_path / "iris.tar.gz")
    assert Bundle.load(str(named)).folder == str(named)


def test_trailing_members_after_the_end_are_not_read(archive: Path, folder: str, tmp_path: Path) -> None:
    content = gzip.decompress(archive.read_bytes()) + tar([member("evil", b"x")])
    found = unpack(write(tmp_path / "two.tar.gz", content), tmp_path / "bundle")
    assert sorted(path.name for path in Path(found.folder).iterdir()) == ["bundle.json", "model.onnx"]
