"""What whoever drops a file may ask for, as JSON in the object's metadata under "onehandler".

{"output": "jsonl", "carry": ["id"], "single": true, "quoted_newlines": true}
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from onehandler.batch.outputs import OUTPUTS
from onehandler.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

METADATA = "onehandler"
_CARRIED = 32  # columns


@dataclass(frozen=True, slots=True)
class Options:
    """A job's options; each may be left out.

    `output` names the format of the results (as the input's), `carry` columns to be copied into them, `single` asks
    for one file of all results besides the parts, `quoted_newlines` says whether CSV cells have line breaks.
    """

    output: str | None = None
    carry: tuple[str, ...] = ()
    single: bool = False
    quoted_newlines: bool | None = None

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Options:
        """Out of an object's metadata. InvalidInput says what is wrong with it."""
        text = metadata.get(METADATA)
        if text is None:
            return cls()
        try:
            found = json.loads(text)
        except ValueError:
            raise InvalidInput("is not JSON", where=f"metadata {METADATA}") from None
        known = sorted(cls.__dataclass_fields__)
        if not isinstance(found, dict) or not found.keys() <= set(known):
            raise InvalidInput(f"must be an object of {', '.join(known)}", where=f"metadata {METADATA}")
        _check(found)
        return cls(**{**found, "carry": tuple(found.get("carry", ()))})

    def told(self) -> str:
        """As metadata has it; "" where nothing is asked for."""
        asked = {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}
        return json.dumps(asked, sort_keys=True) if asked else ""


_DEFAULTS = asdict(Options())


def _check(found: Mapping[str, Any]) -> None:
    carry = found.get("carry", [])
    if (
        not isinstance(carry, list)
        or not all(isinstance(name, str) for name in carry)
        or len(carry) > _CARRIED
    ):
        raise _wrong("carry", f"an array of at most {_CARRIED} column names")
    if len(set(carry)) < len(carry):
        raise _wrong("carry", "an array of names that are all different")
    if found.get("output") not in (None, *OUTPUTS):
        raise _wrong("output", f"one of {', '.join(OUTPUTS)}")
    if not isinstance(found.get("single", False), bool):
        raise _wrong("single", "true or false")
    if not isinstance(found.get("quoted_newlines"), (bool, type(None))):
        raise _wrong("quoted_newlines", "true, false or null")


def _wrong(name: str, accepted: str) -> InvalidInput:
    return InvalidInput(f"must be {accepted}", where=f"metadata {METADATA}.{name}")
