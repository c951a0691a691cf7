"""Reads joblib and pickle files. That runs what is in them: build only from files that you made or trust."""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import joblib

from onehandler.convert.packages import PINNED, advice
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from pathlib import Path


def loaded(path: Path) -> tuple[Any, list[str]]:
    """What the file holds, and what was warned of while it was read. Raises ConversionError."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = joblib.load(path)
        except ModuleNotFoundError as error:
            name = (error.name or "").partition(".")[0]
            how = advice(name) if name in PINNED else "install it beside onehandler"
            raise ConversionError(
                f"needs the package '{error.name}' to load; {how}, or, if it is a module of your own, run where it can "
                "be imported",
                where=str(path),
            ) from None
        except Exception as error:  # noqa: BLE001 - a pickle may raise anything
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            raise ConversionError(
                f"cannot be loaded ({type(error).__name__}: {reason}); is it a joblib or pickle file, "
                f"written by a scikit-learn like the {version('scikit-learn')} that is installed here?",
                where=str(path),
            ) from None
    return model, sorted({" ".join(str(each.message).split())[:400] for each in caught})
