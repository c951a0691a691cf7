"""Lambda's limits on what is deployed, as checks that say what to do.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.ledger import Ledger

ZIPPED = 50 * 1024 * 1024  # of one archive, uploaded in the API call itself
UNZIPPED = 262_144_000  # of a function with all its layers
LAYERS = 5  # of one function


def check_zipped(ledger: Ledger) -> None:
    """Refuse an archive that the Lambda API takes only from S3."""
    if ledger.zipped > ZIPPED:
        raise BuildError(
            f"{ledger.zipped:,} bytes zipped; Lambda takes {ZIPPED:,} in a direct upload. {_largest([ledger])} "
            "Upload it through S3 ('sls deploy' does) or make it smaller",
            where=ledger.artifact,
        )


def check_unzipped(function: Ledger | None, layers: Sequence[Ledger]) -> None:
    """Refuse a function that is too large together with its layers; layers alone when it is None."""
    ledgers = [*([function] if function else []), *layers]
    where = " + ".join(ledger.artifact for ledger in ledgers)
    if len(layers) > LAYERS:
        raise BuildError(f"{len(layers)} layers; a function takes {LAYERS}: merge some", where=where)
    total = sum(ledger.unzipped for ledger in ledgers)
    if total > UNZIPPED:
        raise BuildError(
            f"{total:,} bytes unzipped; Lambda takes {UNZIPPED:,} for a function and its layers together. "
            f"{_largest(ledgers)} Quantise the model, take a package out of a layer, or serve it from a "
            "SageMaker container, which has no such limit",
            where=where,
        )


def _largest(ledgers: Sequence[Ledger]) -> str:
    """The package to begin with, in a sentence."""
    lines = [line for ledger in ledgers for line in ledger.lines]
    line = max(lines, key=lambda each: each.unzipped)
    return f"The largest part is {line.package}: {line.unzipped:,} bytes, {line.zipped:,} zipped."
