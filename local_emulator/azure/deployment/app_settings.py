"""App settings: what the app and its bindings read, and the connections among them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from local_emulator.azure.errors import SettingsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STORAGE = "AzureWebJobsStorage"
_DEVELOPMENT = re.compile(r"\s*UseDevelopmentStorage\s*=\s*true\s*;?\s*", re.IGNORECASE)
_REFERENCE = re.compile(r"%([^%]+)%")
_LOCAL = re.compile(
    r"(?:^|;)\s*BlobEndpoint\s*=\s*http://(?:127\.0\.0\.1|localhost|\[::1\])[:/]", re.IGNORECASE
)
_ENDINGS = ("serviceUri", "accountName", "blobServiceUri", "queueServiceUri", "tableServiceUri")


def read_local_settings(folder: Path) -> dict[str, str]:
    """Give the Values of local.settings.json, or nothing where there is none. Raises SettingsRefused."""
    file = folder / "local.settings.json"
    if not file.is_file():
        return {}
    try:
        document = json.loads(file.read_text())
    except ValueError as error:
        raise SettingsRefused(f"{file} is not JSON: {error}") from error
    if document.get("IsEncrypted"):
        raise SettingsRefused(f"{file} is encrypted; decrypt it with func's settings command")
    values = document.get("Values", {})
    wrong = [name for name, value in values.items() if not isinstance(value, str)]
    if wrong:
        raise SettingsRefused(
            f"{file}: the value of {wrong[0]} is {values[wrong[0]]!r}; settings are strings"
        )
    return dict(values)


class AppSettings:
    """Settings by name, regardless of case; storage connections lead to the local storage or are refused."""

    def __init__(self, values: Mapping[str, str], storage: str) -> None:
        merged = {STORAGE: storage, **values}
        self.values = {
            name: storage if _DEVELOPMENT.fullmatch(value) else value for name, value in merged.items()
        }
        self._by_name = {name.lower(): value for name, value in self.values.items()}

    def get(self, name: str) -> str | None:
        """Give a setting, or None."""
        return self._by_name.get(name.lower())

    def flag(self, name: str) -> bool:
        """Tell whether a setting is there and true."""
        return (self.get(name) or "").lower() in {"true", "1"}

    def expand(self, text: str, where: str) -> str:
        """Replace every %name% by that setting. Raises SettingsRefused for one that there isn't."""

        def value(match: re.Match[str]) -> str:
            found = self.get(match[1])
            if found is None:
                raise SettingsRefused(
                    f"{where}: '%{match[1]}%' names an app setting that does not exist; add it to "
                    f"local.settings.json, or give it with --setting {match[1]}=…"
                )
            return found

        return _REFERENCE.sub(value, text)

    def connection(self, name: str, where: str) -> str:
        """Give a binding's connection string; `name` may be prefixed. Raises SettingsRefused."""
        name = name or STORAGE
        for candidate in (name, f"AzureWebJobs{name}"):
            value = self.get(candidate)
            if value is not None:
                return _local(value, candidate, where)
            identity = next(self._identities(candidate), None)
            if identity:
                raise SettingsRefused(
                    f"{where}: {identity} asks for a managed identity, which there is none of here; set {candidate} "
                    "to UseDevelopmentStorage=true for the emulator"
                )
        raise SettingsRefused(
            f"{where}: its connection is the app setting {name}, which does not exist; "
            "set it to UseDevelopmentStorage=true"
        )

    def disabled(self, function: str) -> bool:
        """Tell whether a function is switched off by AzureWebJobs.<name>.Disabled."""
        names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
        return any(self.flag(name) for name in names)

    def _identities(self, name: str) -> Iterator[str]:
        for ending in _ENDINGS:
            if self.get(f"{name}__{ending}") is not None:
                yield f"{name}__{ending}"


def _local(value: str, name: str, where: str) -> str:
    if not _LOCAL.search(value):
        raise SettingsRefused(
            f"{where}: app setting {name} is no connection string of a storage on this machine; the emulator takes "
            "no part in a real account: set it to UseDevelopmentStorage=true"
        )
    return value
