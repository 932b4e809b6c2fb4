"""规划指标: the targets of 乌海市“十四五”应急管理规划 as pure functions (its table of indicators; numbers in brackets). No base
value, no verdict: what is unknown is never taken for zero."""

from __future__ import annotations

from dataclasses import dataclass

#: (7) 综合性消防救援人员占总人口 ≥ 0.5 ‰. Which population is meant (全区 or 全市) the plan leaves open: 待核对.
FIRE_FORCE_PER_MILLE = 0.5
#: (3) 亿元生产总值生产安全事故死亡率: to fall by 26 % against 2020.
GDP_DEATH_RATE_FALL = 0.26


@dataclass(frozen=True)
class Fall:
    """A relative fall against the base year, as a fraction, and whether the target is met."""

    fall: float
    met: bool


def fire_force_met(staff: int, population: int) -> bool:
    """(7): staff of the comprehensive fire and rescue force per thousand residents."""
    if population <= 0:
        raise ValueError(f"常住人口为 {population}，应大于 0")
    return staff * 1000 >= FIRE_FORCE_PER_MILLE * population


def rate_fall(base: tuple[float, float], now: tuple[float, float], target: float = GDP_DEATH_RATE_FALL) -> Fall | None:
    """(3): fall of deaths per 10⁸ yuan of GDP. base, now: (deaths, GDP in 10⁸ yuan of one price basis, 待核对 which).

    None where the base year had no deaths: nothing can fall from zero.
    """
    for name, (_, gdp) in (("基年", base), ("当年", now)):
        if gdp <= 0:
            raise ValueError(f"{name}地区生产总值为 {gdp} 亿元，应大于 0")
    before, after = base[0] / base[1], now[0] / now[1]
    if before == 0:
        return None
    fall = (before - after) / before
    return Fall(fall, fall >= target)
