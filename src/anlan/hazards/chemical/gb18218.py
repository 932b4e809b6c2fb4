"""GB 18218-2018 危险化学品重大危险源辨识: thresholds, beta and the grade of one unit.

Table 1 with thresholds Q in t. Beta of table 3 (toxic gases by name) or of the hazard class in table 4; where the class of a
named substance is our reading of its safety data sheet the row says 待核对.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from anlan.hazards.contract import InputError


@dataclass(frozen=True)
class Row:
    """One substance or class: threshold t, correction factor, and whether beta follows from the printed tables."""

    name: str
    cas: str
    threshold_t: float
    beta: float
    beta_is_printed: bool = True


#: Table 1: name | CAS | Q t | beta; "?" after beta = our reading of the class.
TABLE_1 = """
氨|7664-41-7|10|2
二氟化氧|7783-41-7|1|4?
二氧化氮|10102-44-0|1|10
二氧化硫|7446-09-5|20|2
氟|7782-41-4|1|4?
碳酰氯、光气|75-44-5|0.3|20
环氧乙烷、EO|75-21-8|10|2
甲醛（含量>90%）|50-00-0|5|2?
磷化氢|7803-51-2|1|20
硫化氢|7783-06-4|5|5
氯化氢（无水）|7647-01-0|20|3
氯|7782-50-5|5|4
煤气、一氧化碳|630-08-0|20|2
砷化氢|7784-42-1|1|4?
锑化氢|7803-52-3|1|4?
硒化氢|7783-07-5|1|4?
溴甲烷|74-83-9|10|3
丙酮氰醇|75-86-5|20|1?
丙烯醛|107-02-8|20|1?
氟化氢|7664-39-3|1|5
环氧氯丙烷|106-89-8|20|1?
环氧溴丙烷|3132-64-7|20|1?
甲苯二异氰酸酯、TDI|26471-62-5|100|1?
一氯化硫|10025-67-9|1|1?
氰化氢|74-90-8|1|10
三氧化硫|7446-11-9|75|1?
3-氨基丙烯、烯丙胺|107-11-9|20|1?
溴|7726-95-6|20|1?
乙撑亚胺|151-56-4|20|1?
异氰酸甲酯、MIC|624-83-9|0.75|20
叠氮化钡|18810-58-7|0.5|2?
叠氮化铅|13424-46-9|0.5|2?
雷汞|628-86-4|0.5|2?
三硝基苯甲醚|28653-16-9|5|2?
2,4,6-三硝基甲苯、TNT|118-96-7|5|2?
硝化甘油|55-63-0|1|2?
硝化纤维素|9004-70-0|1|2?
硝化纤维素（未改型）||1|2?
硝化纤维素（含乙醇≥25%）||10|1?
硝化纤维素（含氮≤12.6%）||50|1?
硝化纤维素（含水≥25%）||50|1?
硝化纤维素溶液||50|1?
硝酸铵（可燃物>0.2%）||5|2?
硝酸铵（可燃物≤0.2%）、硝酸铵|6484-52-2|50|1?
硝酸铵肥料||200|1?
硝酸钾|7757-79-1|1000|1?
1,3-丁二烯、丁二烯|106-99-0|5|1.5
二甲醚|115-10-6|50|1.5
甲烷、天然气、液化天然气|74-82-8、8006-14-2|50|1.5
氯乙烯、VCM|75-01-4|50|1.5
氢、氢气|1333-74-0|5|1.5
液化石油气、丙烷、丁烷|68476-85-7、74-98-6、106-97-8|50|1.5
一甲胺|74-89-5|5|1.5?
乙炔|74-86-2|1|1.5
乙烯|74-85-1|50|1.5
氧（压缩的或液化的）|7782-44-7|200|1
苯|71-43-2|50|1
苯乙烯|100-42-5|500|1?
丙酮|67-64-1|500|1
丙烯腈|107-13-1|50|1
二硫化碳|75-15-0|50|1?
环己烷|110-82-7|500|1?
1,2-环氧丙烷、环氧丙烷|75-56-9|10|1.5?
甲苯|108-88-3|500|1
甲醇|67-56-1|500|1
汽油|86290-81-5|200|1?
乙醇|64-17-5|500|1
乙醚|60-29-7|10|1.5?
乙酸乙酯|141-78-6|500|1?
正己烷|110-54-3|500|1?
过乙酸|79-21-0|10|1?
过氧化甲基乙基酮|1338-23-4|10|1?
白磷、黄磷|12185-10-3|50|1?
烷基铝、三烷基铝||1|1?
戊硼烷|19624-22-7|1|1?
过氧化钾|17014-71-0|20|1?
过氧化钠|1313-60-6|20|1?
氯酸钾|3811-04-9|100|1?
氯酸钠|7775-09-9|100|1
发烟硝酸|52583-42-3|20|1?
硝酸|7697-37-2|100|1
硝酸胍|506-93-4|50|1?
碳化钙、电石|75-20-7|100|1
钾|7440-09-7|1|1
钠|7440-23-5|10|1
"""
#: Table 2 thresholds t and table 4 beta by class; beta of J2 待核对 (public readings give 1 and 2).
CLASSES = {
    "J1": (5, 4), "J2": (50, 1), "J3": (50, 2), "J4": (50, 2), "J5": (500, 1),
    "W1.1": (1, 2), "W1.2": (10, 2), "W1.3": (50, 2), "W2": (10, 1.5), "W3": (150, 1), "W4": (50, 1),
    "W5.1": (10, 1.5), "W5.2": (50, 1), "W5.3": (1000, 1), "W5.4": (5000, 1), "W6.1": (10, 1.5), "W6.2": (50, 1),
    "W7.1": (10, 1.5), "W7.2": (50, 1), "W8": (50, 1), "W9.1": (50, 1), "W9.2": (200, 1), "W10": (200, 1),
    "W11": (200, 1),
}  # fmt: skip
#: Table 5: people living within 500 m of the boundary -> alpha. Table 6: R -> grade.
ALPHA = ((100, 2.0), (50, 1.5), (30, 1.2), (1, 1.0), (0, 0.5))
GRADES = ((100.0, "一级"), (50.0, "二级"), (10.0, "三级"), (0.0, "四级"))


@cache
def rows() -> tuple[Row, ...]:
    """The 85 rows of table 1."""
    found = []
    for line in TABLE_1.strip().splitlines():
        name, cas, threshold, beta = line.split("|")
        found.append(Row(name, cas, float(threshold), float(beta.rstrip("?")), not beta.endswith("?")))
    return tuple(found)


def plain(name: str) -> str:
    """A name without brackets, spaces and case."""
    return re.sub(r"[（(].*?[)）]|\s", "", name).lower()


@cache
def by_word() -> dict[str, Row]:
    """Full names, names without their brackets, and CAS numbers; the first row wins."""
    found: dict[str, Row] = {}
    for row in rows():
        for name in row.name.split("、"):
            for word in (name.replace("（", "(").replace("）", ")").lower(), plain(name)):
                found.setdefault(word, row)
        for cas in filter(None, row.cas.split("、")):
            found.setdefault(cas, row)
    return found


def identify(item: dict[str, Any], path: str) -> Row:
    """The row of an item: its class when given (of several the one with the least threshold), else its CAS number or name."""
    if category := item.get("category"):
        return by_class(item, re.split(r"[,，、;；\s]+", str(category).strip()), f"{path}.category")
    for word in (item.get("cas"), item.get("name")):
        text = str(word or "").strip().replace("（", "(").replace("）", ")").lower()
        row = by_word().get(text) or by_word().get(plain(text))
        if text and row:
            return row
    word = item.get("name") or item.get("cas")
    near = get_close_matches(plain(str(word or "")), by_word(), 5, 0.3) or ["氯", "氨", "甲醇"]
    raise InputError(f"{path}.name", word, f"GB 18218 表1 物质（相近：{'、'.join(near)}），或用 category 给出表2 类别")


def by_class(item: dict[str, Any], categories: list[str], path: str) -> Row:
    """4.1.2: a substance of several classes counts with the least threshold. A mixture of the class of its pure substance counts
    whole as that substance: give its name; of another class: give the class (4.2.3)."""
    for category in categories:
        if category not in CLASSES:
            raise InputError(path, category, "、".join(CLASSES))
    least = min(categories, key=lambda one: CLASSES[one])
    threshold, beta = CLASSES[least]
    return Row(str(item.get("name") or least), str(item.get("cas") or ""), threshold, beta, least != "J2")


def enterprise(units: Sequence[dict[str, Any]], people_500m: int) -> dict[str, Any]:
    """Every unit 单元 of an enterprise by itself: quantities of different units are never added up (4.1.1, 4.2.1).

    units: {"name", "kind" 生产单元 or 储存单元, "items"}; `people_500m` counts from the plant boundary (4.3.4), one for all units.
    """
    graded = []
    for index, unit in enumerate(units):
        try:
            found = major_hazard(unit["items"], people_500m)
        except InputError as error:
            raise InputError(f"units[{index}].{error.field}", error.value, error.allowed) from error
        graded.append({"name": unit["name"], "kind": unit.get("kind"), **found})
    return {"units": graded, "people_500m": people_500m, **tally(graded)}


def park(enterprises: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A park: its enterprises' units, counted by grade. The standard grades units, never a park."""
    found = []
    for index, one in enumerate(enterprises):
        try:
            found.append({"name": one["name"], **enterprise(one["units"], one["people_500m"])})
        except InputError as error:
            raise InputError(f"enterprises[{index}].{error.field}", error.value, error.allowed) from error
    units = [unit for one in found for unit in one["units"]]
    return {"enterprises": found, **tally(units)}


def tally(units: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many units, how many of them major hazards, by grade, and the worst grade."""
    names = [name for _, name in GRADES]
    counts = {name: sum(unit["grade"] == name for unit in units) for name in names}
    worst = next((name for name in names if counts[name]), None)
    return {"unit_count": len(units), "major_count": sum(counts.values()), "by_grade": counts, "worst_grade": worst,
            "clause": "GB 18218-2018 4.1.1、4.3.5（按单元分级，不跨单元累加）"}  # fmt: skip


def major_hazard(items: Sequence[dict[str, Any]], people_500m: int) -> dict[str, Any]:
    """Identification and grade of one unit 单元. Items: name, CAS or class, and design maximum `q_t` in t; `beta_as` another beta.

    S = sum q/Q; R = alpha sum beta q/Q; graded from the unrounded R and only if S >= 1 (GB 18218-2018 4.2, 4.3).
    """
    parts, shown = [], []
    for index, item in enumerate(items):
        row = identify(item, f"items[{index}]")
        own = item.get("beta_as")
        beta = row.beta if own is None else float(own)
        parts.append((float(item["q_t"]), row.threshold_t, beta))
        shown.append(
            {
                "name": item.get("name") or row.name,
                "q_t": item["q_t"],
                "Q_t": row.threshold_t,
                "beta": beta,
                "ratio": item["q_t"] / row.threshold_t,
                "beta_to_check": not row.beta_is_printed and own is None,
            }
        )
    return {**grade_unit(parts, people_500m), "items": shown}


def grade_unit(parts: Sequence[tuple[float, float, float]], people_500m: int) -> dict[str, Any]:
    """S, alpha, R and grade from (q t, Q t, beta) of each substance."""
    total = sum(q / threshold for q, threshold, _ in parts)
    alpha = next(value for people, value in ALPHA if people_500m >= people)
    score = alpha * sum(beta * q / threshold for q, threshold, beta in parts)
    # ten 0.1 t of a 1 t threshold are a major hazard, whatever the sum of binary fractions says
    is_major = total >= 1 - 1e-9
    grade = next(name for low, name in GRADES if score >= low - 1e-9) if is_major else None
    return {"S": total, "is_major": is_major, "alpha": alpha, "R": score, "grade": grade}
