"""救灾应急响应: which level of national relief response a disaster's figures reach, with the row that decides. Pure.

国家自然灾害救助应急预案 (国办函〔2024〕11号), per province, any one of the figures; rows 2 and 3 were read in the text of 2016,
which has the same numbers, of row 4 a part (待核对). A city's own table differs and is not known here: it is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BASIS = "国家自然灾害救助应急预案（国办函〔2024〕11号）"
LEVELS: Final = ("四级", "三级", "二级", "一级")


@dataclass(frozen=True)
class Figure:
    """One figure of the table: its name and unit, and the least value of each level from 四级 to 一级."""

    name: str
    unit: str
    least: tuple[float, float, float, float]


Table = Mapping[str, Figure]

NATIONAL: Final[Table] = {
    "dead_missing": Figure("死亡失踪人口", "人", (20, 50, 100, 200)),
    "relocated_need": Figure("紧急转移安置和需紧急生活救助人口", "人", (100_000, 500_000, 1_000_000, 2_000_000)),
    "rooms": Figure("倒塌和严重损坏房屋", "间", (10_000, 100_000, 200_000, 300_000)),
    "households": Figure("倒塌和严重损坏房屋", "户", (3_000, 30_000, 70_000, 100_000)),
    "drought_need": Figure("因旱需生活救助人口", "人", (1_000_000, 2_000_000, 3_000_000, 4_000_000)),
    "drought_share": Figure("因旱需生活救助人口占农牧业人口", "%", (15, 20, 25, 30)),
}


@dataclass(frozen=True)
class Response:
    """A level, and why: one sentence for every figure that reaches it."""

    level: str
    reasons: tuple[str, ...]
    basis: str


def relief_response(
    figures: Mapping[str, float | None], table: Table = NATIONAL, basis: str = BASIS
) -> Response | None:
    """The highest level that any one figure reaches, None below 四级. A figure that is missing or None is unknown, not zero.

    Raises ValueError for a figure the table does not know, or one below zero.
    """
    reached: list[tuple[int, str]] = []
    for key, value in figures.items():
        if key not in table:
            raise ValueError(f"没有指标 {key}，应为 {'、'.join(table)}")
        if value is None:
            continue
        row = table[key]
        if value < 0:
            raise ValueError(f"{row.name} {value} {row.unit}，应不小于 0 {row.unit}")
        rank = sum(value >= least for least in row.least)
        if rank:
            reached.append((rank, f"{row.name} {value:g} {row.unit} ≥ {row.least[rank - 1]:g} {row.unit}"))
    if not reached:
        return None
    best = max(rank for rank, _ in reached)
    return Response(LEVELS[best - 1], tuple(why for rank, why in reached if rank == best), basis)
