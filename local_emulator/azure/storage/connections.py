"""From a binding to the storage that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.azure.deployment.app_settings import STORAGE

if TYPE_CHECKING:
    from local_emulator.azure.deployment.app_settings import AppSettings
    from local_emulator.azure.deployment.functions import Binding, Function
    from local_emulator.azure.storage.accounts import Accounts
    from local_emulator.azure.storage.blobs import Blobs
    from local_emulator.azure.storage.queues import Queues


class Connections:
    """Finds storage through the app settings. Every method raises SettingsRefused."""

    def __init__(self, settings: AppSettings, accounts: Accounts) -> None:
        self._settings = settings
        self._accounts = accounts

    def queues(self, function: Function, binding: Binding) -> Queues:
        """Give the queues of a binding's connection."""
        return self._accounts.queues(self._settings.connection(binding.connection, function.where(binding)))

    def blobs(self, function: Function, binding: Binding) -> Blobs:
        """Give the blobs of a binding's connection."""
        return self._accounts.blobs(self._settings.connection(binding.connection, function.where(binding)))

    def host_queues(self) -> Queues:
        """Give the queues of the host's own storage."""
        return self._accounts.queues(self._settings.connection(STORAGE, "the host"))

    def host_blobs(self) -> Blobs:
        """Give the blobs of the host's own storage."""
        return self._accounts.blobs(self._settings.connection(STORAGE, "the host"))

    def expand(self, text: str, where: str) -> str:
        """Replace the %settings% in a binding's text."""
        return self._settings.expand(text, where)

    def check(self, function: Function) -> None:
        """Find at the start what would fail later: connections and settings that are not there."""
        for binding in (function.trigger, *function.inputs, *function.outputs):
            where = function.where(binding)
            for key in ("queueName", "path", "schedule"):
                self.expand(binding.text(key), where)
            if binding.kind in {"queue", "blob", "queueTrigger", "blobTrigger"}:
                self._settings.connection(binding.connection, where)
