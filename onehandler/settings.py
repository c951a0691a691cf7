"""The only reader of the environment. `ONEHANDLER_*` are ours; the others are set by the platforms."""

from __future__ import annotations

from onehandler.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

_MEGABYTE = 1024 * 1024
_MB_PER_VCPU = 1769  # Lambda gives one vCPU at 1,769 MB and more in proportion
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Settings:
    """What the deployment decides, read once in the init phase.

    | variable | default | meaning |
    | --- | --- | --- |
    | ONEHANDLER_BUNDLE | bundle beside the code | folder of a bundle or of models, or s3://bucket/prefix/digest |
    | ONEHANDLER_BUNDLE_DIGEST | none | sha256 of bundle.json or models.json; anything else is refused |
    | ONEHANDLER_PUBLIC_KEY | none | base64 of an Ed25519 public key: every bundle must be signed with it |
    | ONEHANDLER_MODELS_MB | 60 % of the memory setting | what several models may hold together; 0: no ceiling |
    | ONEHANDLER_THREADS | from the memory setting | cores one model run may use |
    | ONEHANDLER_MAX_BODY_MB | 10 | largest request body after decompression |
    | ONEHANDLER_MAX_BATCH | 1 | rows of different requests that a server may join into one run; 1: never |
    | ONEHANDLER_MAX_WAIT_MS | 10 | longest that a request waits for others to join while there are any |
    | ONEHANDLER_SERVICE | onehandler | service name in logs and metrics |
    | ONEHANDLER_METRICS_NAMESPACE | OneHandler | CloudWatch namespace |
    | ONEHANDLER_BASE_PATH | none | what a custom domain's mapping puts before every path |
    | ONEHANDLER_PREPACK | 0 | 1: copy large weights into a layout for batches of rows; see docs/large-models.md |
    | ONEHANDLER_LOG_LEVEL | INFO | DEBUG, INFO, WARNING or ERROR |
    """

    __slots__ = (
        "base_path",
        "bundle",
        "digest",
        "function",
        "log_level",
        "max_batch",
        "max_body",
        "max_wait",
        "models_bytes",
        "namespace",
        "public_key",
        "service",
        "threads",
    )

    def __init__(self, environ: Mapping[str, str]) -> None:
        task_root = environ.get("LAMBDA_TASK_ROOT", "")
        self.bundle: Final = environ.get("ONEHANDLER_BUNDLE") or (
            f"{task_root}/bundle" if task_root else "bundle"
        )
        self.digest: Final = environ.get("ONEHANDLER_BUNDLE_DIGEST", "").lower()
        self.public_key: Final = environ.get("ONEHANDLER_PUBLIC_KEY", "")
        self.threads: Final = _threads(environ)
        self.max_body: Final = _positive(environ, "ONEHANDLER_MAX_BODY_MB", 10) * _MEGABYTE
        self.max_batch: Final = _positive(environ, "ONEHANDLER_MAX_BATCH", 1)
        self.max_wait: Final = _positive(environ, "ONEHANDLER_MAX_WAIT_MS", 10) / 1000  # seconds
        self.models_bytes: Final = _models_bytes(environ)  # 0: no ceiling
        self.service: Final = environ.get("ONEHANDLER_SERVICE", "onehandler")
        self.namespace: Final = environ.get("ONEHANDLER_METRICS_NAMESPACE", "OneHandler")
        self.function: Final = environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
        self.base_path: Final = environ.get("ONEHANDLER_BASE_PATH", "").strip("/")
        self.log_level: Final = environ.get("ONEHANDLER_LOG_LEVEL", "INFO").upper()
        if self.log_level not in _LOG_LEVELS:
            raise SettingsError(f"must be one of {', '.join(_LOG_LEVELS)}", where="ONEHANDLER_LOG_LEVEL")


def trace_id(environ: Mapping[str, str]) -> str:
    """The X-Ray trace of the invocation in progress, as Lambda puts it there anew for each; "" when none."""
    return environ.get("_X_AMZN_TRACE_ID", "").partition(";")[0].removeprefix("Root=")


def snap_starts(environ: Mapping[str, str]) -> bool:
    """Whether this process is initialised to be snapshotted and restored: Lambda's SnapStart."""
    return environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"


def prepacks(environ: Mapping[str, str]) -> bool:
    """Whether ONNX Runtime copies large weights into the layout that its kernels like best."""
    text = environ.get("ONEHANDLER_PREPACK", "") or "0"
    if text not in ("0", "1"):
        raise SettingsError(f"must be 0 or 1, not {text!r:.40}", where="ONEHANDLER_PREPACK")
    return text == "1"


def _threads(environ: Mapping[str, str]) -> int:
    """Cores per run: as said, else the vCPUs that Lambda's memory setting buys, else all there are."""
    if "ONEHANDLER_THREADS" in environ:
        return _positive(environ, "ONEHANDLER_THREADS", 1)
    if "AWS_LAMBDA_FUNCTION_MEMORY_SIZE" in environ:
        return -(-_positive(environ, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 128) // _MB_PER_VCPU)
    from os import cpu_count

    return cpu_count() or 1


def _models_bytes(environ: Mapping[str, str]) -> int:
    """What models may hold together: as said, else what Lambda's memory setting leaves them, else no ceiling."""
    if environ.get("ONEHANDLER_MODELS_MB") == "0":
        return 0
    memory = _positive(environ, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0)
    return _positive(environ, "ONEHANDLER_MODELS_MB", memory * 6 // 10) * _MEGABYTE


def _positive(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"must be a whole number of at least 1, not {text!r:.40}", where=name)
    return int(text)
