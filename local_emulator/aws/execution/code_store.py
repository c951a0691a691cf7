"""Unpacked code and layers, one folder for each distinct content, for as long as somebody leases it."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.execution.archive import make_read_only, unpack, unzipped_size
from local_emulator.aws.execution.cleanup import remove_tree
from local_emulator.aws.execution.errors import InvalidArchive

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local_emulator.aws.execution.contracts import FunctionSnapshot


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Where a function finds itself: what AWS calls /var/task and /opt."""

    task: Path
    layers: Path | None


class CodeStore:
    """Read-only folders by digest, shared by all functions and versions with the same content."""

    def __init__(self, root: Path, unzipped_limit: int) -> None:
        self._root = root
        self._limit = unzipped_limit
        self._lock = threading.Lock()
        self._leases: dict[Path, int] = {}

    def lease(self, function: FunctionSnapshot) -> Unpacked:
        """Give the function's folders, unpacking what isn't there yet. Raises InvalidArchive."""
        with self._lock:
            self._check_size(function)
            task = self._hold("task", (function.code,), (function.code_sha256,))
            if not function.layers:
                return Unpacked(task, None)
            try:
                return Unpacked(task, self._hold("opt", function.layers, function.layer_sha256s))
            except InvalidArchive:
                self._let_go(task)
                raise

    def release(self, unpacked: Unpacked) -> None:
        """Give a lease back; content that nobody leases is deleted."""
        with self._lock:
            self._let_go(unpacked.task)
            if unpacked.layers is not None:
                self._let_go(unpacked.layers)

    def _check_size(self, function: FunctionSnapshot) -> None:
        code = unzipped_size(function.code)
        if code >= self._limit:
            raise InvalidArchive(f"Unzipped size must be smaller than {self._limit} bytes")
        whole = code + sum(map(unzipped_size, function.layers))
        if whole > self._limit:
            raise InvalidArchive(
                f"Function code combined with layers exceeds the maximum allowed size of {self._limit} bytes. "
                f"The actual size is {whole} bytes."
            )

    def _hold(self, kind: str, archives: Sequence[bytes], digests: Sequence[str]) -> Path:
        name = hashlib.sha256("\n".join(digests).encode()).hexdigest()[:24]
        folder = self._root / kind / name
        if folder not in self._leases:
            self._unpack(folder, archives)
            self._leases[folder] = 0
        self._leases[folder] += 1
        return folder

    def _unpack(self, folder: Path, archives: Sequence[bytes]) -> None:
        folder.mkdir(parents=True)
        try:
            for archive in archives:
                unpack(archive, folder)
        except InvalidArchive:
            remove_tree(str(folder))
            raise
        make_read_only(folder)

    def _let_go(self, folder: Path) -> None:
        self._leases[folder] -= 1
        if not self._leases[folder]:
            del self._leases[folder]
            remove_tree(str(folder))
