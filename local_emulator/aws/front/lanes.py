"""Who answers which request: a table of claims that cannot overlap, and no order to remember.

A request is claimed by its host name if that is a service's own (`{id}.execute-api.localhost`); else by its
path; else, for calls to `/`, by the operation in X-Amz-Target. Within each kind two claims that could meet
are refused when the table is built. What nobody claims is moto's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.front.credentials import signed_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from local_emulator.http.messages import HttpRequest, HttpResponse, RequestHead

_SERVICE_HOST = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)(?:\.[a-z0-9-]+)*\.localhost")


@dataclass(frozen=True, slots=True)
class HostClaim:
    """Every request to `{id}.{label}.localhost`, and to `{id}.{label}.{region}.localhost`."""

    label: str


@dataclass(frozen=True, slots=True)
class PathClaim:
    """Requests by path, and by method and signing service where these are given."""

    prefix: str
    suffix: str = ""
    method: str = ""
    service: str = ""  # a request signed for another service is not meant, whatever its path

    def holds(self, head: RequestHead) -> bool:
        """Tell whether this request is claimed."""
        if not head.path.startswith(self.prefix) or not head.path.endswith(self.suffix):
            return False
        if self.method and head.method != self.method:
            return False
        return not self.service or signed_service(head) in {None, self.service}

    def meets(self, other: PathClaim) -> bool:
        """Tell whether some request could be claimed by both."""
        prefixes = self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)
        suffixes = self.suffix.endswith(other.suffix) or other.suffix.endswith(self.suffix)
        methods = not self.method or not other.method or self.method == other.method
        return prefixes and suffixes and methods


@dataclass(frozen=True, slots=True)
class TargetClaim:
    """POST / with this X-Amz-Target: "AmazonSQS.SendMessage"."""

    target: str


Claim = HostClaim | PathClaim | TargetClaim


class Lane(Protocol):
    """Answers the requests that it claims."""

    @property
    def claims(self) -> Sequence[Claim]:
        """What this lane answers; read once, at start-up."""
        ...

    @property
    def public(self) -> bool:
        """Whether pages of any origin may call it, as CORS allows; the control plane never is."""
        ...

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request that is claimed."""
        ...


class LaneTable:
    """Finds the lane of a request. Building it raises ValueError where two claims could meet."""

    def __init__(self, lanes: Iterable[Lane]) -> None:
        self._hosts: dict[str, Lane] = {}
        self._paths: list[tuple[PathClaim, Lane]] = []
        self._targets: dict[str, Lane] = {}
        for lane in lanes:
            for claim in lane.claims:
                self._add(claim, lane)
        for (one, first), (two, second) in combinations(self._paths, 2):
            if one.meets(two):
                raise ValueError(
                    f"{_name(first)} claims {one} and {_name(second)} claims {two}: both could hold"
                )

    def find(self, head: RequestHead) -> Lane | None:
        """Give the lane that claims this request, or None."""
        if self._hosts and (service := service_host(head.hostname)) is not None:
            lane = self._hosts.get(service[1])
            if lane is not None:
                return lane
        for claim, lane in self._paths:
            if claim.holds(head):
                return lane
        target = head.headers.get("x-amz-target")
        if target is None or head.path != "/" or head.method != "POST":
            return None
        return self._targets.get(target)

    def _add(self, claim: Claim, lane: Lane) -> None:
        if isinstance(claim, PathClaim):
            if len(claim.prefix) < len("/x"):
                raise ValueError(f"{_name(lane)} claims {claim}: a prefix is at least '/' and one character")
            self._paths.append((claim, lane))
            return
        table, key = (
            (self._hosts, claim.label) if isinstance(claim, HostClaim) else (self._targets, claim.target)
        )
        if key in table:
            raise ValueError(f"{_name(lane)} claims {claim}, which {_name(table[key])} has already")
        table[key] = lane


def service_host(hostname: str) -> tuple[str, str] | None:
    """Split `{id}.{label}.….localhost` into id and label, or give None."""
    match = _SERVICE_HOST.fullmatch(hostname)
    return None if match is None else (match.group(1), match.group(2))


def _name(lane: Lane) -> str:
    return type(lane).__name__
