"""Names of files, tensors and columns that need a closer look before a bundle with them is written anywhere.

Imported only for bundles with several files, or with other names than the plain ones that most have.
"""

from __future__ import annotations

from onehandler.bundle import MANIFEST, SIGNATURE
from onehandler.errors import BundleError, UntrustedBundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_MOST = 10_000  # files
_DEEPEST = 32  # folders within folders
_LONGEST = 512  # characters of a path
# Control characters, line and paragraph separators: they end lines of logs and steer terminals.
_STEERING = ("Cc", "Zl", "Zp")
# What shows the rest of a line in another order than it has.
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


class Names:
    """Files and folders of a bundle. Each may come once, in one spelling, and as one of the two.

    Two that only differ in case, or in how an accent is written, would be one file on some machines.
    """

    def __init__(self) -> None:
        self._spelled: dict[str, str] = {}
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add_file(self, name: str) -> None:
        """Raise UntrustedBundle when it collides with what came before."""
        if name in self._files:
            raise UntrustedBundle(f"{name!r:.100} is there twice")
        self._spell(name)
        folder, _, _ = name.rpartition("/")
        if folder:
            self.add_folder(folder)
        if name in self._folders:
            raise UntrustedBundle(f"{name!r:.100} is both a file and a folder")
        self._files.add(name)

    def add_folder(self, name: str) -> None:
        """The same for a folder, which may come more than once."""
        self._spell(name)
        parts = name.split("/")
        folders = {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}
        if folders & self._files:
            raise UntrustedBundle(f"{name!r:.100} is both a file and a folder")
        self._folders |= folders

    def _spell(self, name: str) -> None:
        path = ""
        for part in name.split("/"):
            path += "/" + part
            spelled = self._spelled.setdefault(_folded(path), path)
            if spelled != path:
                raise UntrustedBundle(
                    f"{name!r:.100} and {spelled[1:]!r:.100} differ in case or accents only"
                )


def check_names(names: Collection[str]) -> None:
    """Refuse names that no manifest may list, or that could be one file, or a file and a folder."""
    if len(names) > _MOST:
        raise BundleError(f"lists {len(names)} files; {_MOST} are accepted", where=MANIFEST)
    found = Names()
    for name in names:
        check_name(name)
        found.add_file(name)


def check_name(name: str) -> None:
    """Refuse a file name that could leave the bundle's folder or confuse whoever reads it."""
    parts = name.split("/")
    # Windows takes ":" for a drive or a stream, and drops dots and spaces at the end.
    strange = "\\" in name or ":" in name or not name.isprintable()
    if strange or any(part[-1:] in ("", ".", " ") for part in parts):
        raise BundleError(f"{name!r:.100} is not a plain relative path", where=MANIFEST)
    if len(parts) > _DEEPEST or len(name) > _LONGEST:
        raise BundleError(f"{name!r:.100} is too long or too deep a path", where=MANIFEST)
    if name.lower() in (MANIFEST, SIGNATURE):
        raise BundleError("cannot list itself among its files, nor its signature", where=MANIFEST)


def check_steerless(name: str, where: str) -> None:
    """Refuse a name of a tensor or column that would end a line, steer a terminal or turn text around."""
    from unicodedata import bidirectional, category  # a library of its own

    if any(category(char) in _STEERING or bidirectional(char) in _TURNING for char in name):
        raise BundleError(
            f"{name!a:.100} holds a control character or a change of direction; rename it",
            where=where,
        )


def _folded(path: str) -> str:
    """The path as a file system that ignores case and composition compares it."""
    if path.isascii():
        return path.lower()
    from unicodedata import normalize  # see check_steerless

    return normalize("NFC", normalize("NFC", path).casefold())
