"""Which statements of a bucket policy apply to a request to the emulator.

The emulator is spoken to without TLS, on an interface that never leaves the machine. It passes for secure:
a policy that lets in TLS only is meant against eavesdroppers, and there are none.
"""

from __future__ import annotations

import logging
import operator
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)

_CONTEXT = {"aws:securetransport": "true", "aws:viaawsservice": "false"}
_TLS_VERSION = 1.3  # for s3:TlsVersion, on the same grounds
_NUMERIC: dict[str, Callable[[float], Any]] = {
    "NumericLessThan": partial(operator.lt, _TLS_VERSION),
    "NumericGreaterThanEquals": partial(operator.ge, _TLS_VERSION),
}


def statements_that_apply(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the statements for everybody whose conditions hold here, without their conditions.

    A condition that cannot be worked out here does not hold; the log says which.
    """
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    return [
        {**{name: item for name, item in statement.items() if name != "Condition"}, "Principal": "*"}
        for statement in statements
        if _is_for_all(statement.get("Principal")) and _hold(statement.get("Condition") or {})
    ]


def _is_for_all(principal: Any) -> bool:
    if isinstance(principal, dict):
        named = principal.get("AWS")
        return bool(named == "*" or (isinstance(named, list) and "*" in named))
    return bool(principal == "*")


def _hold(conditions: Mapping[str, Any]) -> bool:
    return all(
        _holds(operator, key, wanted if isinstance(wanted, list) else [wanted])
        for operator, pairs in conditions.items()
        for key, wanted in pairs.items()
    )


def _holds(test: str, key: str, wanted: list[Any]) -> bool:
    plain = test.removesuffix("IfExists")
    if plain == "Bool" and key.lower() in _CONTEXT:
        return _CONTEXT[key.lower()] in {str(value).lower() for value in wanted}
    if plain in _NUMERIC and key.lower() == "s3:tlsversion":
        return any(bool(_NUMERIC[plain](float(value))) for value in wanted)
    _log.warning(
        "bucket policy: condition %s of %s is not worked out here, its statement is left out", test, key
    )
    return False
