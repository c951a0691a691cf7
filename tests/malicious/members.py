"""Archives that no `onehandler pack` wrote: what each does, and what must be said of it."""

from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING

from tests.malicious.archives import lying, member, tar

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from tests.malicious.archives import Member

    Make: TypeAlias = Callable[[list[Member]], bytes]

LIMIT = 1_000_000  # bytes unpacked, in these tests
_PAX = tarfile.XHDTYPE


def plus(*extra: Member) -> Make:
    return lambda members: tar([*members, *extra])


def before(*extra: Member) -> Make:
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


def with_size(size: str) -> Make:
    """The model with a size of its own in an extended header."""

    def make(members: list[Member]) -> bytes:
        entry, content = members[1]
        entry.pax_headers = {"size": size}
        return tar([members[0], (entry, content)])

    return make


MEMBERS: dict[str, tuple[Make, str]] = {
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
    "case collision": (plus(member("Model.onnx", b"x")), "differ in case or accents only"),
    "accents collide": (plus(member("\u00e9", b"x"), member("e\u0301", b"x")), ""),
    "folders collide": (
        before(member("Data", kind=tarfile.DIRTYPE), member("data/x", b"x")),
        "'data/x' and 'Data' differ in case or accents only",
    ),
    "not in the manifest": (plus(member("evil.py", b"x")), "'evil.py' is not in the manifest"),
    "below the model": (plus(member("model.onnx/x", b"x")), "'model.onnx' is both a file and a folder"),
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
        "is no whole .tar.gz",
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
