"""Vulnerability and the grading of major hazard installations."""

from __future__ import annotations

from collections.abc import Sequence
from math import erf, log, sqrt
from typing import Any

from anlan.hazards.chemical.substances import find
from anlan.hazards.contract import InputError

#: GB 18218-2018 table 5: people living within 500 m of the boundary -> alpha.
ALPHA = ((100, 2.0), (50, 1.5), (30, 1.2), (1, 1.0), (0, 0.5))
#: GB 18218-2018 table 6: R -> grade.
GRADES = ((100.0, "一级"), (50.0, "二级"), (10.0, "三级"), (0.0, "四级"))


def probit_fatality(a: float, b: float, n: float, mg_m3: float, minutes: float) -> tuple[float, float]:
    """(probit, share dying) for `minutes` (at most 30) in `mg_m3` of a toxic gas: Pr = a + b ln(C^n t)."""
    if mg_m3 <= 0 or minutes <= 0:
        return 0.0, 0.0
    value = a + b * log(mg_m3**n * min(minutes, 30.0))
    return value, 0.5 * (1 + erf((value - 5) / sqrt(2)))


def major_hazard(items: Sequence[dict[str, Any]], people_500m: int) -> dict[str, Any]:
    """GB 18218-2018 identification and grade of one unit. Items: name, key or CAS, and design maximum `q_t` in t."""
    rows, total, weighted = [], 0.0, 0.0
    for index, item in enumerate(items):
        substance = find(str(item.get("name") or item.get("cas") or ""))
        quantity = item.get("q_t")
        if not isinstance(quantity, int | float) or quantity < 0:
            raise InputError(f"items[{index}].q_t", quantity, ">= 0 t")
        ratio = quantity / substance.threshold_t
        total += ratio
        weighted += substance.beta * ratio
        rows.append(
            {
                "name": substance.name,
                "q_t": quantity,
                "Q_t": substance.threshold_t,
                "beta": substance.beta,
                "ratio": ratio,
            }
        )
    alpha = next(value for people, value in ALPHA if people_500m >= people)
    score = alpha * weighted
    grade = next(name for low, name in GRADES if score >= low) if total >= 1 else None
    return {"S": total, "is_major": total >= 1, "alpha": alpha, "R": score, "grade": grade, "items": rows}
