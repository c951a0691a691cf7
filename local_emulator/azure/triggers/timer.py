"""The timer trigger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local_emulator.azure.workers.contracts import Value

if TYPE_CHECKING:
    from datetime import datetime


def schedule_value(last: datetime | None, upcoming: datetime | None) -> Value:
    """Give what a timer function is told. Storage is new at every start, so that no run is ever past due."""
    never = "0001-01-01T00:00:00+00:00"
    status = {
        "Last": last.isoformat() if last else never,
        "Next": upcoming.isoformat() if upcoming else never,
        "LastUpdated": last.isoformat() if last else never,
    }
    document = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
    return Value("json", json.dumps(document))
