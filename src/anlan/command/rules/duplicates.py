"""疑似重复: is a new report of the same event as a known one? By place, time and words. Pure.

The weights and ranges are this platform's own (no standard sets them) and are shown with every finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, exp, radians, sin, sqrt

#: Share of each kind of evidence.
PLACE, TIME, WORDS = 0.45, 0.25, 0.30
#: Distance and time at which that evidence has fallen to 1/e.
PLACE_M, TIME_MIN = 1500.0, 60.0
#: Another group of event types (fire for leak) is less likely the same, but one event is often called by two names.
OTHER_GROUP = 0.7
#: From here on the desk is asked before saving.
SUSPECT = 0.5
NOISE = re.compile(r"[\W\d_]|发生|事故|报告|情况|一起|附近")


@dataclass(frozen=True)
class Account:
    """What one report says."""

    lon: float
    lat: float
    at: datetime
    text: str
    event_code: str = ""


@dataclass(frozen=True)
class Likeness:
    """How alike two reports are, 0..1, and why."""

    score: float
    metres: float
    minutes: float
    words: float

    @property
    def suspect(self) -> bool:
        return self.score >= SUSPECT

    @property
    def why(self) -> str:
        away = f"{self.metres:.0f} 米" if self.metres < 1000 else f"{self.metres / 1000:.1f} 公里"
        return f"相距 {away}，相差 {self.minutes:.0f} 分钟，文字相似 {self.words:.0%}"


def pairs(text: str) -> set[str]:
    """Pairs of neighbouring characters: words of Chinese without a dictionary."""
    plain = NOISE.sub("", text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)} or ({plain} if plain else set())


def words_alike(one: str, other: str) -> float:
    """Share of the shorter text's pairs that the other has, too: a short call is contained in a long report."""
    a, b = pairs(one), pairs(other)
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def distance_m(one: Account, other: Account) -> float:
    """Great-circle distance, metres (haversine, R = 6371.0088 km)."""
    lat1, lat2 = radians(one.lat), radians(other.lat)
    half_lat, half_lon = (lat2 - lat1) / 2, radians(other.lon - one.lon) / 2
    return 2 * 6_371_008.8 * asin(sqrt(sin(half_lat) ** 2 + cos(lat1) * cos(lat2) * sin(half_lon) ** 2))


def likeness(one: Account, other: Account) -> Likeness:
    metres = distance_m(one, other)
    minutes = abs((one.at - other.at).total_seconds()) / 60
    words = words_alike(one.text, other.text)
    score = PLACE * exp(-metres / PLACE_M) + TIME * exp(-minutes / TIME_MIN) + WORDS * words
    if one.event_code and other.event_code and one.event_code[:3] != other.event_code[:3]:
        score *= OTHER_GROUP
    return Likeness(round(score, 3), metres, minutes, words)
