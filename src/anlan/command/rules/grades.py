"""事件定级: pure functions, each citing its clause. "以上" includes the number, "以下" does not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

GRADES = ("一般", "较大", "重大", "特别重大")


@dataclass(frozen=True)
class Graded:
    """A grade with its clause; `if_missing_dead` is the grade if all missing are counted as dead."""

    grade: str
    clause: str
    if_missing_dead: str = ""


def worst(*indicators: tuple[float | None, Sequence[float]]) -> int:
    """The highest class any known indicator reaches: 0 for 一般 up to 3 for 特别重大."""
    return max((bisect_right(bounds, value) for value, bounds in indicators if value is not None), default=0)


def accident_grade(
    deaths: int | None, serious: int | None, loss_cny: float | None, missing: int | None = None
) -> Graded:
    """生产安全事故 (国务院令第493号 art 3): worst of deaths, serious injuries, direct loss in yuan."""

    def grade(dead: int | None) -> str:
        return GRADES[worst((dead, (3, 10, 30)), (serious, (10, 50, 100)), (loss_cny, (1e7, 5e7, 1e8)))]

    dead_or_missing = None if deaths is None and missing is None else (deaths or 0) + (missing or 0)
    return Graded(grade(deaths), "国务院令第493号第三条", grade(dead_or_missing))


def forest_fire_grade(deaths: int | None, serious: int | None, burned_ha: float | None) -> Graded:
    """森林火灾 (森林防火条例 art 40): worst of area in hectares, deaths, serious injuries."""
    index = worst((burned_ha, (1, 100, 1000)), (deaths, (3, 10, 30)), (serious, (10, 50, 100)))
    return Graded(GRADES[index], "森林防火条例第四十条")


def grassland_fire_grade(
    deaths: int | None, serious: int | None, burned_ha: float | None, loss_cny: float | None
) -> Graded:
    """草原火灾 (农牧发〔2010〕7号): worst of area in hectares, deaths, casualties together, loss in yuan."""
    casualties = (deaths or 0) + (serious or 0)
    index = worst((burned_ha, (1000, 5000, 8000)), (deaths, (1, 3, 10)), (serious, (3,)), (loss_cny, (5e5, 3e6, 5e6)))
    if casualties >= 10:
        index = max(index, 3 if casualties >= 20 else 2)
    return Graded(GRADES[index], "农牧发〔2010〕7号")


def earthquake_grade(magnitude: float, dense: bool = True) -> Graded | None:
    """地震初判 (国家地震应急预案 2012). `dense` = 人口密集地区 (over 200 per km² in the epicentral district)."""
    if magnitude < 4.0:
        return None
    index = bisect_right((4.0, 5.0, 6.0) if dense else (5.0, 6.0, 7.0), magnitude)
    return Graded(GRADES[index], f"国家地震应急预案 初判（人口{'密集' if dense else '较密集'}地区）")
