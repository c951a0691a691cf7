"""A deployment that says a public key serves what its owner has signed, and nothing else, from anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler import signing_keys, signing_openssl
from onehandler.bundle import Bundle
from onehandler.bundle_archive import load_archive, pack, unpack
from onehandler.bundle_sources.s3 import load_remote
from onehandler.errors import BundleError, SettingsError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.settings import Settings
from onehandler.signing import key_bytes, of_cryptography
from tests import bundles
from tests.malicious.archives import member, members_of, tar, write
from tests.onehandler.bundle_sources.objects import Objects, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# https://www.rfc-editor.org/rfc/rfc8032#section-7.1, TEST 3: public key, message, signature
RFC = (
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
)
# The order of the curve's group: a signature with this added to its second half is the same to a careless reader.
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "signing.pem"
    signing_keys.generate(path)
    return path


@pytest.fixture(scope="module")
def public_key(key: Path) -> str:
    return signing_keys.public_key(signing_keys.read_key(key))


@pytest.fixture
def folder(key: Path, tmp_path: Path) -> Path:
    """A signed bundle."""
    path = Path(bundles.build("iris", tmp_path / "source"))
    signing_keys.sign(path, signing_keys.read_key(key))
    return path


def openssl() -> Callable[[bytes, bytes, bytes], bool]:
    found = signing_openssl.verifier()
    assert found is not None, "this machine has no libcrypto.so"
    return found


CHECKERS = {"openssl": openssl, "cryptography": of_cryptography}


def test_a_signed_bundle_is_served_where_its_key_is_asked_for(folder: Path, public_key: str) -> None:
    handler = Handler.load(str(folder), Settings({"ONEHANDLER_PUBLIC_KEY": public_key}))
    assert handler.bundle.signer == public_key
    handler.close()
    Handler.load(str(folder), Settings({})).close()
    assert Bundle.load(str(folder)).signer == ""


def test_a_bundle_that_was_loaded_without_the_key_is_not_served(folder: Path, public_key: str) -> None:
    with pytest.raises(UntrustedBundle, match="without a look at its signature"):
        Handler.load(Bundle.load(str(folder)), Settings({"ONEHANDLER_PUBLIC_KEY": public_key}))


def flipped(folder: Path) -> None:
    path = folder / "bundle.sig"
    signature = bytearray(b64decode(path.read_bytes()))
    signature[5] ^= 1
    path.write_bytes(b64encode(signature))


def another_key(folder: Path) -> None:
    path = folder.parent / "other.pem"
    signing_keys.generate(path)
    signing_keys.sign(folder, signing_keys.read_key(path))


def linked(folder: Path) -> None:
    (folder / "bundle.sig").rename(folder.parent / "bundle.sig")
    (folder / "bundle.sig").symlink_to("../bundle.sig")


def fifo(folder: Path) -> None:
    (folder / "bundle.sig").unlink()
    os.mkfifo(folder / "bundle.sig")


def added_order(folder: Path) -> None:
    signature = b64decode((folder / "bundle.sig").read_bytes())
    second = int.from_bytes(signature[32:], "little") + ORDER
    (folder / "bundle.sig").write_bytes(b64encode(signature[:32] + second.to_bytes(32, "little")))


UNTRUSTED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no signature": (lambda folder: (folder / "bundle.sig").unlink(), "is not signed"),
    "empty": (lambda folder: (folder / "bundle.sig").write_bytes(b""), "is not signed"),
    "no base64": (lambda folder: (folder / "bundle.sig").write_bytes(b"?" * 88), "is no signature"),
    "too short": (lambda folder: (folder / "bundle.sig").write_bytes(b64encode(bytes(63))), "is no signature"),
    "too long": (lambda folder: (folder / "bundle.sig").write_bytes(b"A" * 100_000), "is no signature"),
    "zeros": (lambda folder: (folder / "bundle.sig").write_bytes(b64encode(bytes(64))), "is not the signature"),
    "a bit changed": (flipped, "is not the signature"),
    "another key": (another_key, "is not the signature"),
    "malleable": (added_order, "is not the signature"),
    "manifest changed": (
        lambda folder: (folder / "bundle.json").write_bytes((folder / "bundle.json").read_bytes() + b"\n"),
        "is not the signature",
    ),
    "signature of another bundle": (
        lambda folder: shutil.copy(Path(other(folder), "bundle.sig"), folder / "bundle.sig"),
        "is not the signature",
    ),
    "a link": (linked, "bundle.sig is a link"),
    "a FIFO": (fifo, "bundle.sig is a link"),
    "a folder": (
        lambda folder: ((folder / "bundle.sig").unlink(), (folder / "bundle.sig").mkdir()),
        "bundle.sig is a link, folder",
    ),
}  # fmt: skip


def other(folder: Path) -> str:
    path = Path(bundles.build("regression", folder.parent / "other"))
    signing_keys.sign(path, signing_keys.read_key(Path(os.environ["ONEHANDLER_TEST_KEY"])))
    return str(path)


@pytest.mark.parametrize("case", UNTRUSTED)
def test_anything_else_is_untrusted_before_its_files_are_read(
    case: str, folder: Path, key: Path, public_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEHANDLER_TEST_KEY", str(key))
    tamper, message = UNTRUSTED[case]
    tamper(folder)
    (folder / "model.onnx").unlink()  # whose absence would be told, had it been looked for
    with pytest.raises(UntrustedBundle) as refused:
        Bundle.load(str(folder), public_key=public_key)
    assert message in str(refused.value)


@pytest.mark.parametrize("case", ["no signature", "empty", "no base64", "a bit changed", "another key"])
def test_an_archive_is_refused_before_anything_is_written(
    case: str, folder: Path, public_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    UNTRUSTED[case][0](folder)
    path = write(tmp_path / "bad.tar.gz", tar(members_of(str(folder))))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "source"))
    before = sorted((tmp_path / "source").rglob("*"))
    with pytest.raises(UntrustedBundle, match=UNTRUSTED[case][1]):
        load_archive(str(path), public_key=public_key)
    assert sorted((tmp_path / "source").rglob("*")) == before


def test_a_signature_goes_along_in_an_archive(folder: Path, public_key: str, tmp_path: Path) -> None:
    pack(folder, tmp_path / "iris.tar.gz")
    assert Bundle.load(str(tmp_path / "iris.tar.gz"), public_key=public_key).signer == public_key
    assert Path(unpack(tmp_path / "iris.tar.gz", tmp_path / "out").folder, "bundle.sig").exists()
    last = [*members_of(str(folder))]
    last.append(last.pop(next(i for i, (entry, _) in enumerate(last) if entry.name == "bundle.sig")))
    path = write(tmp_path / "last.tar.gz", tar(last))
    assert Bundle.load(str(path), public_key=public_key).name == "iris"


def test_a_huge_signature_in_an_archive_is_refused(folder: Path, tmp_path: Path) -> None:
    members = [each for each in members_of(str(folder)) if each[0].name != "bundle.sig"]
    path = write(tmp_path / "bad.tar.gz", tar([*members, member("bundle.sig", bytes(300))]))
    with pytest.raises(BundleError, match="is larger than 256 bytes"):
        load_archive(str(path))


def test_a_signature_cannot_be_listed(folder: Path) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["files"]["bundle.sig"] = {"bytes": 89, "sha256": "0" * 64}
    (folder / "bundle.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="nor its signature"):
        Bundle.load(str(folder))


@pytest.fixture
def objects() -> Iterator[Objects]:
    with serving() as found:
        yield found


def pushed(folder: Path, objects: Objects, tmp_path: Path) -> tuple[str, dict[str, str]]:
    digest = sha256((folder / "bundle.json").read_bytes()).hexdigest()
    for path in folder.iterdir():
        objects.held[f"/models/{digest}/{path.name}"] = path.read_bytes()
    (tmp_path / "tmp").mkdir(exist_ok=True)
    access = {"AWS_ENDPOINT_URL": objects.url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    return f"s3://models/{digest}", {**access, "TMPDIR": str(tmp_path / "tmp")}


def test_a_signature_is_asked_for_in_s3(
    folder: Path, public_key: str, objects: Objects, tmp_path: Path
) -> None:
    place, environ = pushed(folder, objects, tmp_path)
    found = load_remote(place, "", environ, public_key=public_key)
    assert (found.signer, found.pinned) == (public_key, False)
    assert load_remote(place, found.digest, environ, public_key=public_key).pinned
    before = len(objects.asked)
    assert load_remote(place, "", environ, public_key=public_key).signer == public_key
    assert len(objects.asked) == before


@pytest.mark.parametrize("case", ["no signature", "a bit changed"])
def test_in_s3_nothing_is_fetched_without_it(
    case: str, folder: Path, public_key: str, objects: Objects, tmp_path: Path
) -> None:
    UNTRUSTED[case][0](folder)
    place, environ = pushed(folder, objects, tmp_path)
    load_remote(place, "", environ)  # kept on disk from a time when nobody asked
    objects.asked.clear()
    with pytest.raises(UntrustedBundle, match=r"has no signature|is not the signature"):
        load_remote(place, "", environ, public_key=public_key)
    assert not any(path.endswith("model.onnx") for path, _ in objects.asked)


@pytest.mark.parametrize("name", CHECKERS)
def test_checkers_know_the_standards_own_example(name: str) -> None:
    public, message, signature = map(bytes.fromhex, RFC)
    check = CHECKERS[name]()
    assert check(public, signature, message)
    assert not check(public, signature, message + b"\0")
    assert not check(public, signature[:-1], message)
    assert not check(public[:-1], signature, message)
    assert not check(bytes(32), signature, message)
    assert not check(public, bytes(64), b"")


@given(message=st.binary(max_size=200), place=st.integers(0, 63), bit=st.integers(0, 7))
def test_both_checkers_say_the_same(message: bytes, place: int, bit: int, key: Path, public_key: str) -> None:
    signature = bytearray(signing_keys.read_key(key).sign(message))
    public = key_bytes(public_key)
    assert all(find()(public, bytes(signature), message) for find in CHECKERS.values())
    signature[place] ^= 1 << bit
    assert not any(find()(public, bytes(signature), message) for find in CHECKERS.values())


@pytest.mark.parametrize("text", ["x", "AAAA", "é" * 44, "A" * 44, "A" * 100_000])
def test_a_public_key_that_is_none_is_told(text: str, folder: Path) -> None:
    with pytest.raises(SettingsError, match="ONEHANDLER_PUBLIC_KEY: must be 32 bytes in base64"):
        Bundle.load(str(folder), public_key=text)


def test_neither_checker_is_a_refusal_by_name(folder: Path, public_key: str) -> None:
    """In a process where neither libcrypto nor cryptography can be had."""
    program = """
import sys, ctypes
from onehandler import signing_openssl
signing_openssl._NAMES = ("libnone.so",)
sys.modules["cryptography"] = None
from onehandler.bundle import Bundle
from onehandler.errors import UntrustedBundle
try:
    Bundle.load(sys.argv[1], public_key=sys.argv[2])
except UntrustedBundle as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder), public_key], capture_output=True, text=True, check=True
    )
    assert "cannot be checked here: there is neither OpenSSL's libcrypto.so nor the package" in done.stdout


def test_without_the_setting_nothing_of_it_is_imported(folder: Path) -> None:
    program = """
import sys
from onehandler.bundle import Bundle
Bundle.load(sys.argv[1])
print([name for name in sys.modules if "signing" in name or "cryptography" in name])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onehandler.cli.main", *arguments], capture_output=True, text=True, check=False
    )


def test_keygen_sign_and_verify_from_the_command_line(tmp_path: Path) -> None:
    bundle, key = bundles.build("iris", tmp_path), str(tmp_path / "k.pem")
    public: dict[str, Any] = json.loads(run("keygen", key, "--json").stdout)
    assert Path(key).stat().st_mode & 0o777 == 0o600
    again = run("keygen", key)
    assert again.returncode == 2
    assert "File exists; choose another name" in again.stderr
    unsigned = run("verify", bundle, "--public-key", public["public_key"])
    assert unsigned.returncode == 2
    assert "is not signed" in unsigned.stderr
    assert public["public_key"] in run("sign", bundle, "--key", key).stdout
    verified = json.loads(run("verify", bundle, "--public-key", public["public_key"], "--json").stdout)
    assert verified["digest"] == Bundle.load(bundle).digest


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\n", bytes(100)])
def test_a_private_key_that_is_none_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="is no private key in PEM"):
        signing_keys.read_key(path)


def test_openssls_own_keys_and_signatures_are_the_same(folder: Path, tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("the openssl command is not here")
    key = tmp_path / "openssl.pem"
    subprocess.run(
        [program, "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True
    )
    signed = signing_keys.sign(folder, signing_keys.read_key(key))
    raw = tmp_path / "raw.sig"
    raw.write_bytes(b64decode((folder / "bundle.sig").read_bytes()))
    manifest = folder / "bundle.json"
    checked = ["pkeyutl", "-verify", "-inkey", key, "-rawin", "-in", manifest, "-sigfile", raw]
    subprocess.run([program, *checked], check=True, capture_output=True)
    assert signed.signer
