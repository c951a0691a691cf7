"""Lambda's errors in moto's terms."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from local_emulator.aws.control_plane.limits import CodeTooLarge, InvalidFunction

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def worded_by_lambda() -> Iterator[None]:
    """Turn what the limits raise into errors that moto answers with."""
    # Here, not above: moto takes half a second to import.
    from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError

    try:
        yield
    except InvalidFunction as refused:
        raise InvalidParameterValueException(str(refused)) from refused
    except CodeTooLarge as refused:
        error = LambdaClientError("RequestEntityTooLargeException", str(refused))
        error.code = 413
        raise error from refused
