"""host.json: the settings that have an effect here, with Azure's defaults.

https://learn.microsoft.com/azure/azure-functions/functions-host-json
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_emulator.azure.errors import SettingsRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
_UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """extensions.http; -1 is no limit."""

    route_prefix: str = "api"
    max_outstanding: int = _UNLIMITED
    max_concurrent: int = _UNLIMITED


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """extensions.queues; times in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout_s: float = 0.0
    max_polling_interval_s: float = 60.0
    base64: bool = True


@dataclass(frozen=True, slots=True)
class BlobSettings:
    """extensions.blobs."""

    max_degree_of_parallelism: int = 8
    poison_threshold: int = 5


@dataclass(frozen=True, slots=True)
class HostSettings:
    """A whole host.json."""

    function_timeout_s: float = 1800.0  # Flex Consumption's default
    http: HttpSettings = field(default_factory=HttpSettings)
    queues: QueueSettings = field(default_factory=QueueSettings)
    blobs: BlobSettings = field(default_factory=BlobSettings)


def read_host_settings(file: Path) -> HostSettings:
    """Read host.json. Raises SettingsRefused, which names the setting."""
    try:
        document = json.loads(file.read_text())
    except ValueError as error:
        raise SettingsRefused(f"{file} is not JSON: {error}") from error
    root = _Section(document, "")
    if root.text("version", "") != "2.0":
        raise SettingsRefused(
            f'{file} has version {document.get("version")!r}; the only one that Azure runs is "2.0"'
        )
    if root.section("concurrency").flag("dynamicConcurrencyEnabled", default=False):
        raise SettingsRefused(
            "host.json: concurrency.dynamicConcurrencyEnabled is not emulated; set it to false here"
        )
    extensions = root.section("extensions")
    timeout = root.text("functionTimeout", "00:30:00")
    return HostSettings(
        # "-1" is Azure's word for none on plans that allow it; a year is none.
        31_536_000.0 if timeout == "-1" else span(timeout, "functionTimeout"),
        _http(extensions.section("http")),
        _queues(extensions.section("queues")),
        _blobs(extensions.section("blobs")),
    )


def span(text: str, where: str) -> float:
    """Give the seconds of a .NET time span, "hh:mm:ss" or "d.hh:mm:ss". Raises SettingsRefused."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise SettingsRefused(f'host.json: {where} is {text!r}; a time is written "hh:mm:ss"')
    days, hours, minutes, seconds = match.groups(default="0")
    return int(days) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds)


def _http(section: _Section) -> HttpSettings:
    return HttpSettings(
        section.text("routePrefix", "api").strip("/"),
        section.number("maxOutstandingRequests", _UNLIMITED, _UNLIMITED),
        section.number("maxConcurrentRequests", _UNLIMITED, _UNLIMITED),
    )


def _queues(section: _Section) -> QueueSettings:
    batch_size = section.number("batchSize", 16, 1, 32)  # 32 is what a queue gives at once
    encoding = section.text("messageEncoding", "base64").lower()
    if encoding not in {"base64", "none"}:
        raise SettingsRefused(
            f"host.json: {section.name}.messageEncoding is {encoding!r}; 'base64' or 'none'"
        )
    return QueueSettings(
        batch_size,
        section.number("newBatchThreshold", batch_size // 2, 0),
        section.number("maxDequeueCount", 5, 1),
        span(section.text("visibilityTimeout", "00:00:00"), f"{section.name}.visibilityTimeout"),
        span(section.text("maxPollingInterval", "00:01:00"), f"{section.name}.maxPollingInterval"),
        encoding == "base64",
    )


def _blobs(section: _Section) -> BlobSettings:
    return BlobSettings(
        section.number("maxDegreeOfParallelism", 8, 1), section.number("poisonBlobThreshold", 5, 1)
    )


class _Section:
    """An object of host.json, read by the type that each setting has."""

    def __init__(self, values: Any, name: str) -> None:
        if not isinstance(values, dict):
            raise SettingsRefused(f"host.json: {name or 'the document'} is no object")
        self._values: Mapping[str, Any] = values
        self.name = name

    def section(self, key: str) -> _Section:
        return _Section(self._values.get(key, {}), self._path(key))

    def text(self, key: str, default: str) -> str:
        value = self._values.get(key, default)
        if not isinstance(value, str):
            raise SettingsRefused(f"host.json: {self._path(key)} is {value!r}; a string is accepted")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise SettingsRefused(f"host.json: {self._path(key)} is {value!r}; true or false is accepted")
        return value

    def number(self, key: str, default: int, least: int, most: int | None = None) -> int:
        value = self._values.get(key, default)
        # bool is an int to Python, and not to JSON.
        if type(value) is not int or value < least or (most is not None and value > most):
            accepted = f"at least {least}" if most is None else f"{least} to {most}"
            raise SettingsRefused(
                f"host.json: {self._path(key)} is {value!r}; a whole number, {accepted}, is accepted"
            )
        return value

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key
