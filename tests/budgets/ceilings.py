"""The ceilings of tests/budgets.toml, and what is said when one is broken."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

FILE = Path(__file__).parents[1] / "budgets.toml"
CEILINGS: dict[str, Any] = tomllib.loads(FILE.read_text())


def keep_within(budget: str, measured: int, new: Collection[str] = (), moved: int = 0) -> None:
    """Compare with the ceiling `section.name`, `moved` by what this machine takes more than the committed one.

    `new` are the names that no list has.
    """
    section, name = budget.split(".")
    ceiling = CEILINGS[section][name] + moved
    told = f" ({CEILINGS[section][name]:,} moved by {moved:+,} for this interpreter)" if moved else ""
    came = f"; new: {', '.join(sorted(new))}" if new else ""
    assert measured <= ceiling, (
        f"budget {budget}: measured {measured:,}, ceiling {ceiling:,}{told}{came}. "
        f"Make it cheaper, or raise the ceiling in tests/{FILE.name} and say why"
    )


def keep_to_list(budget: str, found: Collection[str], listed: Collection[str]) -> None:
    """Refuse names that are not on the list called `budget`."""
    new = sorted(set(found) - set(listed))
    assert not new, (
        f"budget {budget}: measured {len(found)} names, {len(set(listed))} listed; new: {', '.join(new)}. "
        f"Do without, or list them in tests/{FILE.name} and say why"
    )
