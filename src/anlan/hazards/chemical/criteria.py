"""风险基准 GB 36894-2018: individual and societal risk of hazardous installations, per year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: Class of protection target -> greatest individual risk, new and existing installations.
NEW = {"高敏感": 3e-7, "重要": 3e-7, "一类": 3e-7, "二类": 3e-6, "三类": 1e-5}
EXISTING = {"高敏感": 3e-6, "重要": 3e-6, "一类": 3e-6, "二类": 1e-5, "三类": 3e-5}
#: F at N = 1 of the two lines of slope -1; from this N on everything is unacceptable (待核对: read off a figure from recall).
UPPER, LOWER, N_CUT = 1e-3, 1e-5, 1000
ZONES = ("可接受区", "尽可能降低区", "不可接受区")


def limits(existing: bool = False) -> dict[str, float]:
    return EXISTING if existing else NEW


def acceptable(risk: float, target: str, existing: bool = False) -> bool:
    """Is the individual risk (1/y) at a protection target of this class within the criterion."""
    return risk <= limits(existing)[target]


def societal_zone(deaths: float, frequency: float) -> str:
    """Zone of one point (N, F) of the F-N curve."""
    if deaths >= N_CUT or frequency > UPPER / deaths:
        return ZONES[2]
    return ZONES[1] if frequency > LOWER / deaths else ZONES[0]


def curve_zone(points: Iterable[tuple[float, float]]) -> str:
    """A curve is as bad as its worst point."""
    return max((societal_zone(n, f) for n, f in points), key=ZONES.index, default=ZONES[0])


def individual_risk(scenarios: Sequence[tuple[float, float, float]], weather: Sequence[tuple[float, float]]) -> float:
    """1/y at a place: sum of frequency x branch x death over scenarios, times weather x wind towards it (AQ/T 3046)."""
    towards = sum(probability * direction for probability, direction in weather)
    return sum(frequency * branch * death for frequency, branch, death in scenarios) * towards
