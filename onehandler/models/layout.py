"""Which models and versions there are: from the folders, and from models.json where there is one.

{
  "default": "churn",                              the model of requests that name none
  "models": {
    "churn": {
      "default": "2",                              the version of requests that name none
      "labels": {"stable": "1", "canary": "2"},
      "split": {"1": 90, "2": 10},                 instead of a default: shares of such requests
      "sticky": "x-user-id",                       header whose value always gets the same version
      "versions": {                                only these, and where they aren't in models/churn/VERSION:
        "1": {"digest": "…"},                      sha256 of bundle.json
        "2": {"location": "s3://bucket/churn/…", "digest": "…"}
      }
    }
  }
}

Everything may be left out. Without "models" the folders tell them; without "versions" theirs do; without a default
the latest version answers, and the model, if it is the only one.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onehandler.bundle import strict_json
from onehandler.errors import BundleError, UntrustedBundle
from onehandler.models import CONFIGURATION
from onehandler.models.split import Split

if TYPE_CHECKING:
    from collections.abc import Mapping

# What goes into paths, headers and log lines as it is.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LIMIT = 1024 * 1024  # bytes
_MODEL_MEMBERS = ("default", "labels", "split", "sticky", "versions")
_VERSION_MEMBERS = ("digest", "location")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version's bundle lies (a folder, a .tar.gz or s3://…), and the digest it must have, or "".

    With `any_name`, its manifest may call it something else than it is served as.
    """

    location: str
    digest: str = ""
    any_name: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its versions by name, in order, and which of them answers when none is named."""

    name: str
    versions: Mapping[str, Source]
    default: str
    labels: Mapping[str, str]
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """All models by name; `default` answers requests that name none ("": they are refused)."""

    models: Mapping[str, Model]
    default: str


def read_layout(folder: str, pinned: str = "") -> Layout:
    """Read a folder of models; BundleError says what in it makes no sense.

    With `pinned`, models.json must have that sha256, and it must pin every version in its turn.
    """
    configuration = _configuration(folder, pinned)
    _check_members(configuration, ("default", "models"), CONFIGURATION)
    listed = _object(configuration.get("models"), "models")
    names = list(listed) or _sorted_folders(folder)
    models = {name: _model(folder, name, _object(listed.get(name), f"models.{name}")) for name in names}
    if not models:
        raise BundleError("holds no models: there is no NAME/VERSION/bundle.json in it", where=folder)
    if pinned:
        _check_all_pinned(models)
    default = configuration.get("default", names[0] if len(names) == 1 else "")
    if not isinstance(default, str) or (default and default not in models):
        raise _wrong("default", f"names no model of these: {', '.join(models)}")
    return Layout(models, default)


def order(version: str) -> list[tuple[int, int, str]]:
    """A key by which versions sort as people count: 2 before 10, 1.9 before 1.10, 1.0-rc2 before 1.0."""
    parts = re.findall(r"\d+|[^\d.]+", version)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts] + [(1, -1, "")]


def _configuration(folder: str, pinned: str) -> dict[str, Any]:
    path = os.path.join(folder, CONFIGURATION)
    try:
        with open(path, "rb") as file:
            content = file.read(_LIMIT + 1)
    except FileNotFoundError:
        if pinned:
            raise UntrustedBundle(
                f"a digest is pinned, but there is no {CONFIGURATION}", where=folder
            ) from None
        return {}
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", where=path) from None
    if len(content) > _LIMIT:
        raise BundleError(f"is larger than {_LIMIT:,} bytes", where=path)
    found = hashlib.sha256(content).hexdigest()
    if pinned and pinned != found:
        raise UntrustedBundle(f"its digest is {found}, the deployment pins {pinned}", where=path)
    return _object(strict_json(content, CONFIGURATION), "the document")


def _model(folder: str, name: str, told: Mapping[str, Any]) -> Model:
    where = f"models.{name}"
    _check_name(name, where)
    _check_members(told, _MODEL_MEMBERS, where)
    listed = _object(told.get("versions"), f"{where}.versions")
    found = listed or dict.fromkeys(_sorted_folders(f"{folder}/{name}"))
    for version in found:
        _check_name(version, f"{where}.versions")
    versions = {
        version: _source(f"{folder}/{name}/{version}", entry, f"{where}.versions.{version}")
        for version, entry in sorted(found.items(), key=lambda item: order(item[0]))
    }
    if not versions:
        raise _wrong(where, "has no versions")
    labels = _object(told.get("labels"), f"{where}.labels")
    default = told.get("default", next(reversed(versions)))
    for named in (default, *labels.values()):
        if not isinstance(named, str) or named not in versions:
            raise _wrong(where, f"names a version that is none of these: {', '.join(versions)}")
    return Model(name, versions, default, labels, _split(told, versions, where))


def _source(folder: str, entry: Any, where: str) -> Source:
    told = _object(entry, where)
    _check_members(told, _VERSION_MEMBERS, where)
    digest, location = told.get("digest", ""), told.get("location", folder)
    if not isinstance(digest, str) or (digest and not _DIGEST.fullmatch(digest)):
        raise _wrong(f"{where}.digest", "must be a sha256 in 64 hexadecimal digits")
    if not isinstance(location, str) or not location:
        raise _wrong(f"{where}.location", "must be a folder, a .tar.gz or s3://…")
    return Source(location, digest)


def _split(told: Mapping[str, Any], versions: Mapping[str, Source], where: str) -> Split | None:
    shares, sticky = told.get("split"), told.get("sticky", "")
    if not isinstance(sticky, str) or (sticky and not _HEADER.fullmatch(sticky)):
        raise _wrong(f"{where}.sticky", "must be the name of a header")
    if shares is None:
        if sticky:
            raise _wrong(f"{where}.sticky", "needs a 'split' beside it")
        return None
    if "default" in told:
        raise _wrong(where, "has both a default and a split; one of them decides")
    for version, share in _object(shares, f"{where}.split").items():
        if version not in versions:
            raise _wrong(f"{where}.split", f"names a version that is none of these: {', '.join(versions)}")
        if type(share) is not int or share < 0:
            raise _wrong(f"{where}.split", "must give each version a whole number from 0")
    if not sum(shares.values()):
        raise _wrong(f"{where}.split", "must give some version more than 0")
    return Split(where, shares, sticky.lower())


def _check_all_pinned(models: Mapping[str, Model]) -> None:
    for model in models.values():
        for version, source in model.versions.items():
            if not source.digest:
                raise UntrustedBundle(
                    "the deployment pins a digest, so every version needs one",
                    where=f"{CONFIGURATION}: models.{model.name}.versions.{version}",
                )


def _sorted_folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            )
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", where=folder) from None


def _check_name(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        raise _wrong(
            where[:200], "models and versions have names of 1 to 128 letters, digits, '_', '.' and '-'"
        )


def _check_members(told: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = [member for member in told if member not in known]
    if unknown:
        raise _wrong(where, f"has {len(unknown)} unknown members; there are {', '.join(known)}")


def _object(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(where, "must be an object")
    return value


def _wrong(where: str, message: str) -> BundleError:
    return BundleError(message, where=f"{CONFIGURATION}: {where}"[:300])
