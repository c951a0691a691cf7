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

import pytest

from onehandler.bundle import Bundle
from onehandler.bundle_archive import pack, unpack
from onehandler.errors import BundleError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests import bundles
from tests.malicious.archives import member, members_of, tar, write
from tests.malicious.members import LIMIT, MEMBERS


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return bundles.build("iris", tmp_path / "source")


@pytest.fixture
def archive(folder: str, tmp_path: Path) -> Path:
    pack(Path(folder), tmp_path / "iris.tar.gz")
    return tmp_path / "iris.tar.gz"


@pytest.mark.timeout(30)
@pytest.mark.parametrize("case", MEMBERS)
def test_a_malicious_archive_is_refused_and_leaves_nothing(case: str, folder: str, tmp_path: Path) -> None:
    make, message = MEMBERS[case]
    place = tmp_path / "place"
    place.mkdir()
    path = write(tmp_path / "bad.tar.gz", make(members_of(folder)))
    with pytest.raises(BundleError) as refused:
        unpack(path, place / "bundle", LIMIT)
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
    path = write(tmp_path / "bad.tar.gz", MEMBERS[case][0](members_of(folder)))
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
    path = write(tmp_path / "bad.tar.gz", MEMBERS["another content"][0](members_of(folder)))
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
