"""现状口径: what holds in a park now, and when it has changed enough that its risk is worth working out again.

A map that follows every breath tells nobody more and never rests. So a calculation keeps what it was made from, and only a value
that leaves its dead band about *that* starts the next: slow drift adds up until it counts, a value that swings about a rounding
step does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from anlan.hazards.chemical.qra.tree import parameters
from anlan.supervision.models import ParkCondition

#: Dead bands: m/s and share of the wind, degrees, share of the design maximum, share of the people and people (待核对: choices
#: of the platform, about what a 10-minute mean wanders by).
WIND_M_S, WIND_SHARE, TURN_DEG, STOCK_SHARE, PEOPLE_SHARE, PEOPLE = 0.75, 0.2, 12.0, 0.03, 0.1, 5.0
#: s that a calculation stands before the next stability class alone starts another: classes flip at a threshold.
CLASS_HOLDS_S = 600.0
CLASSES = "ABCDEF"


@dataclass(frozen=True)
class Live:
    """Weather, day or night, t by unit and people by site ("E12" an enterprise, "T3" a protection target)."""

    stability: str
    wind_m_s: float
    wind_from_deg: float
    day: bool
    stock: Mapping[str, float] = field(default_factory=dict)
    people: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def is_day(at: datetime) -> bool:
    """By the hours that the day's people are counted for (CPR 18E: 08:00 to 18:30)."""
    local = localtime(at)
    first, last = parameters()["people"]["day_hours"]
    return bool(first <= local.hour + local.minute / 60 < last)


def of(condition: ParkCondition, at: datetime, stock: Mapping[str, float], people: Mapping[str, float]) -> Live:
    wind, towards = round(condition.wind_m_s, 1), float(round(condition.wind_from_deg)) % 360
    return Live(condition.stability, wind, towards, is_day(at), dict(stock), dict(people))


def from_json(given: Mapping[str, Any] | None) -> Live | None:
    """What an earlier calculation was made from; None when it did not say."""
    return Live(**given) if given else None


def turned(one: float, other: float) -> float:
    """Degrees between two bearings, 0 to 180."""
    return abs((one - other + 180) % 360 - 180)


def blew_otherwise(now: Live, used: Live, age_s: float) -> bool:
    if abs(now.wind_m_s - used.wind_m_s) > max(WIND_M_S, WIND_SHARE * used.wind_m_s):
        return True
    if turned(now.wind_from_deg, used.wind_from_deg) > TURN_DEG:
        return True
    apart = abs(CLASSES.index(now.stability) - CLASSES.index(used.stability))
    return apart > 1 or (apart == 1 and age_s >= CLASS_HOLDS_S)


def moved(now: Mapping[str, float], used: Mapping[str, float], bands: Mapping[str, float]) -> bool:
    """Has any value left its band, or is one new or gone?"""
    return now.keys() != used.keys() or any(abs(value - used[key]) > bands[key] for key, value in now.items())


def settled(now: Live, used: Live | None, age_s: float, design: Mapping[str, float]) -> Live:
    """What to calculate with: what was used `age_s` ago while nothing left its dead band, else what holds now.

    design: t at most by unit, the measure of its level's band.
    """
    if used is None or now.day != used.day or blew_otherwise(now, used, age_s):
        return now
    levels = {key: STOCK_SHARE * design.get(key, 0.0) for key in now.stock}
    crowds = {key: max(PEOPLE, PEOPLE_SHARE * used.people.get(key, 0.0)) for key in now.people}
    return now if moved(now.stock, used.stock, levels) or moved(now.people, used.people, crowds) else used
