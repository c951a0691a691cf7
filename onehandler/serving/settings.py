"""What the deployment tells a server, beside what it tells every handler (onehandler.settings)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KILOBYTE = 1024
_DAY = 86_400
_ROOT = "/opt/ml/models"  # SageMaker's


@dataclass(frozen=True, slots=True)
class ServingSettings:
    """How much a worker takes on, for how long, and under which further paths.

    | variable | default | meaning |
    | --- | --- | --- |
    | ONEHANDLER_TIMEOUT_S | 0 | a request that isn't answered by then gets 504; 0: never |
    | ONEHANDLER_MAX_WAITING | 256 | requests that may wait for a thread of a worker; those beyond get 503 |
    | ONEHANDLER_MAX_HELD_MB | 256 | bytes of all requests that a worker has; those that need more get 503 |
    | ONEHANDLER_CHUNKED_ABOVE_KB | 0 | longer answers go out in chunks, as they are taken; 0: never |
    | ONEHANDLER_PREDICT_PATH | none | one more path for predictions, in Vertex AI's format |
    | ONEHANDLER_HEALTH_PATH | none | one more path that says whether the server is ready |
    | ONEHANDLER_MANAGED_MODELS | none | file to write down which models a platform has had loaded (multi_model.py) |
    | ONEHANDLER_MODELS_ROOT | /opt/ml/models | folder below which such models lie |
    """

    timeout: float = 0.0  # seconds
    max_waiting: int = 256
    max_held: int = 256 * 1024 * 1024  # bytes
    chunked_above: int = 0  # bytes
    predict_path: str = ""
    health_path: str = ""
    managed: str = ""
    models_root: str = _ROOT

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> ServingSettings:
        """Read the environment; SettingsError names the variable that makes no sense."""
        return cls(
            _number(environ, "ONEHANDLER_TIMEOUT_S", 0, _DAY),
            _number(environ, "ONEHANDLER_MAX_WAITING", 256, 1_000_000),
            _number(environ, "ONEHANDLER_MAX_HELD_MB", 256, _KILOBYTE * _KILOBYTE) * _KILOBYTE * _KILOBYTE,
            _number(environ, "ONEHANDLER_CHUNKED_ABOVE_KB", 0, _KILOBYTE * _KILOBYTE) * _KILOBYTE,
            _path(environ, "ONEHANDLER_PREDICT_PATH"),
            _path(environ, "ONEHANDLER_HEALTH_PATH"),
            _path(environ, "ONEHANDLER_MANAGED_MODELS"),
            _path(environ, "ONEHANDLER_MODELS_ROOT") or _ROOT,
        )


def _number(environ: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most):
        raise SettingsError(f"must be a whole number from 0 to {most:,}, not {text!r:.40}", where=name)
    return int(text)


def _path(environ: Mapping[str, str], name: str) -> str:
    path = environ.get(name, "")
    if path and not path.startswith("/"):
        raise SettingsError(f"must be a path that begins with '/', not {path!r:.80}", where=name)
    return path
