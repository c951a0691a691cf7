"""`onehandler emulate --azure`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import errors, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from queue import SimpleQueue

    from local_emulator.azure.emulator import AzureEmulator
    from local_emulator.azure.front.routes import Route
    from local_emulator.azure.settings import EmulatorSettings
    from local_emulator.azure.triggers.events import EventSubscription
    from local_emulator.azure.workers.contracts import LogLine


@dataclass(frozen=True, slots=True)
class AzureWish:
    """What was asked for on the command line."""

    path: Path
    port: int | None
    root: Path
    settings: tuple[str, ...]
    events: tuple[str, ...]


def run(wish: AzureWish, told_to_end: SimpleQueue[int], *, as_json: bool) -> None:
    """Run the app until the queue gets something."""
    from local_emulator.azure.emulator import AzureEmulator  # Azure's SDKs, which AWS's emulator needs not

    with errors().status("starting Azurite and the Functions worker") as status:
        emulator = AzureEmulator(_settings(wish, status.update)).start()
    try:
        _tell(emulator, as_json=as_json)
        told_to_end.get()
    finally:
        emulator.close()


def _settings(wish: AzureWish, note: Callable[[str], None]) -> EmulatorSettings:
    from local_emulator.azure.settings import PORT, EmulatorSettings  # see run()

    return EmulatorSettings(
        wish.path,
        wish.root,
        port=PORT if wish.port is None else wish.port,
        search_port=wish.port is None,
        settings=dict(_pair(setting, "--setting NAME=VALUE") for setting in wish.settings),
        subscriptions=tuple(_subscriptions(wish.events)),
        log=_print,
        note=note,
    )


def _subscriptions(events: Iterable[str]) -> Iterable[EventSubscription]:
    from local_emulator.azure.triggers.events import EventSubscription  # see run()

    for text in events:
        target, where = _pair(text, "--events FUNCTION=CONTAINER[/PREFIX] or --events queue:NAME=…")
        container, _, prefix = where.partition("/")
        if target.startswith("queue:"):
            yield EventSubscription.to_queue(target.removeprefix("queue:"), container, prefix)
        else:
            yield EventSubscription(target, container, prefix)


def _pair(text: str, form: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise click.UsageError(f"{text!r} is not {form}")
    return name, value


def _print(line: LogLine) -> None:
    """Show what the app logs and prints; of the runtime's own lines only what is wrong."""
    if not line.system or line.level >= logging.WARNING:
        click.echo(line.text, err=True)


def _tell(emulator: AzureEmulator, *, as_json: bool) -> None:
    keys = emulator.keys
    if as_json:
        functions = {
            route.function.name: f"{emulator.url}/{route.template.text}" for route in emulator.routes
        }
        told: Mapping[str, object] = {
            "url": emulator.url,
            "functions": functions,
            "connection_string": emulator.connection_string,
            "master_key": keys.master,
            "default_key": keys.default,
        }
        print_json(told)
        return
    for route in emulator.routes:
        click.echo(_line(emulator.url, route))
    for function in emulator.functions:
        if function.trigger.kind != "httpTrigger":
            click.echo(f"{function.name:<16} {function.trigger.kind}")
    click.echo(f"Keys             default {keys.default}")
    click.echo(f"                 master  {keys.master}    (header x-functions-key, or ?code=)")
    click.echo(f"Storage          export AZURE_STORAGE_CONNECTION_STRING='{emulator.connection_string}'")
    click.echo(f"Health           {emulator.url}/admin/host/status    (with the master key)")
    click.echo("Ctrl-C ends it, with everything that it started.")


def _line(url: str, route: Route) -> str:
    methods = ",".join(sorted(route.methods)) or "any method"
    return f"{route.function.name:<16} {url}/{route.template.text}    ({methods}, {route.level})"
