"""Plain objects that behave as the host's protobuf messages do, as far as the runtime touches them.

The runtime takes its message classes from whoever starts it. These refuse what protobuf would refuse (unknown
fields, wrong scalar types, maps of anything but strings), so that an app that fails on Azure fails here too.
"""

from __future__ import annotations

from typing import Any, ClassVar

# What a field of this type holds until it is set, as in proto3. None: a message, or absent.
_EMPTY: dict[type, Any] = {str: "", bytes: b"", int: 0, float: 0.0, bool: False, dict: {}, list: []}


class Message:
    """A message of the fields that its class declares; `object` stands for another message."""

    fields: ClassVar[dict[str, type]] = {}

    def __init__(self, **given: Any) -> None:
        unknown = set(given) - set(self.fields)
        if unknown:
            raise ValueError(f"Protocol message {type(self).__name__} has no {sorted(unknown)[0]!r} field.")
        for name, kind in self.fields.items():
            value = given.get(name)
            if value is None:
                empty = _EMPTY.get(kind)
                value = empty.copy() if isinstance(empty, (dict, list)) else empty
            else:
                self._check(name, value, kind)
            setattr(self, name, value)
        self.chosen = next((name for name in self.fields if given.get(name) is not None), None)

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802 - protobuf's name
        """Name the field that was given, of messages that hold one of several."""
        return self.chosen

    def _check(self, name: str, value: Any, kind: type) -> None:
        if kind is dict:
            self._check_map(name, value)
        elif kind is float:
            if not isinstance(value, (int, float)):
                self._refuse(name, value)
        elif kind is not object and not isinstance(value, kind):
            self._refuse(name, value)

    def _check_map(self, name: str, value: dict[object, object]) -> None:
        for key, item in value.items():
            if not isinstance(key, str) or not isinstance(item, str):
                raise TypeError(
                    f"{type(self).__name__}.{name} maps strings to strings; got {key!r}: {item!r}"
                )

    def _refuse(self, name: str, value: object) -> None:
        raise TypeError(
            f"bad argument type for built-in operation: {type(self).__name__}.{name} got {type(value).__name__}"
        )
