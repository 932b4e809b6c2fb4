"""What every way in comes down to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Reading:
    """One value of one quantity at one address.

    value: None where the device says that it has no data. unit as the device sends it. at: aware event time.
    backfill: the device is catching up; history, never a live alarm. field: which figure of the quantity (HJ 212 "Rtd").
    """

    address: str
    code: str
    value: float | None
    unit: str
    at: datetime
    name: str = ""
    flag: str = "N"
    backfill: bool = False
    field: str = ""
