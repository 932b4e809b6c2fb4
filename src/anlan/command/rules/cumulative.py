"""累计数只增不减: figures of one event that never fall from one report to the next without a stated correction. Pure.

自然灾害情况统计调查制度 and practice of 信息报告: 续报 must be ≥ 初报 unless 核减 with a reason. The missing, the trapped and
the resettled may fall (people are found, freed, go home); the injured may fall only by as many as died.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Field -> Chinese name. `lost` and `hurt` are sums.
NEVER_FALL = {"deaths": "死亡", "evacuated": "累计疏散", "loss": "直接经济损失"}


@dataclass(frozen=True)
class Fall:
    """A figure that fell."""

    name: str
    label: str
    was: int
    now: int | None

    @property
    def text(self) -> str:
        unit = "元" if self.name == "loss" else "人"
        return f"{self.label}由 {self.was} {unit}减为{'不详' if self.now is None else f' {self.now} {unit}'}"


def total(figures: Mapping[str, Any], *names: str) -> int | None:
    known = [figures[name] for name in names if figures.get(name) is not None]
    return sum(known) if known else None


def falls(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Fall]:
    """What fell, or became unknown after it was known."""
    found = [fall(name, label, before.get(name), after.get(name)) for name, label in NEVER_FALL.items()]
    if not any(found[:1]):
        found.append(
            fall("hurt", "死亡与重伤合计", total(before, "deaths", "serious"), total(after, "deaths", "serious"))
        )
    return [one for one in found if one]


def fall(name: str, label: str, was: int | None, now: int | None) -> Fall | None:
    return Fall(name, label, was, now) if was and (now is None or now < was) else None
