"""风险基准 GB 36894-2018: individual and societal risk of hazardous installations, per year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: Class of protection target -> greatest individual risk, new and existing installations.
NEW = {"高敏感": 3e-7, "重要": 3e-7, "一类": 3e-7, "二类": 3e-6, "三类": 1e-5}
EXISTING = {"高敏感": 3e-6, "重要": 3e-6, "一类": 3e-6, "二类": 1e-5, "三类": 3e-5}
#: F at N = 1 of the two lines of slope -1; from this N on everything is unacceptable (待核对: read off a figure from recall).
UPPER, LOWER, N_CUT = 1e-3, 1e-5, 1000
ZONES = ("可接受区", "尽可能降低区", "不可接受区")
#: Strictest first.
CLASSES = ("高敏感", "重要", "一类", "二类", "三类")


@dataclass(frozen=True)
class Category:
    """A type of protection target: its fixed class, or by size: quantity -> (least of 一类, least of 二类); below is 三类.

    None as a bound = that class does not occur. (GB 36894-2018 clauses 3 and 4; contents known, numbers of clauses 待核对.)
    """

    title: str
    fixed: str = ""
    sizes: tuple[tuple[str, float | None, float | None], ...] = ()


CATEGORIES: Mapping[str, Category] = {
    "culture": Category("文化设施", "高敏感"),
    "education": Category("教育设施", "高敏感"),
    "medical": Category("医疗卫生场所", "高敏感"),
    "welfare": Category("社会福利设施", "高敏感"),
    "vulnerable": Category("其他低自我保护能力群体聚集场所", "高敏感"),
    "exhibition": Category("公共图书展览设施", "重要"),
    "heritage": Category("文物保护单位", "重要"),
    "religion": Category("宗教场所", "重要"),
    "metro": Category("城市轨道交通设施", "重要"),
    "military": Category("军事、安保设施", "重要"),
    "foreign": Category("外事场所", "重要"),
    "hard_to_leave": Category("其他具有保护价值或不便撤离的场所", "重要"),
    "homes": Category("住宅及相应服务设施", "", (("households", 30, 10), ("people", 100, 30))),
    "government": Category("县级以上党政机关办公", "一类"),
    "office": Category("其他行政办公设施", "", (("people", 100, 0),)),
    "stadium": Category("体育场馆", "", (("area_m2", 5000, 0),)),
    "trade": Category("商业、餐饮等综合服务设施", "", (("area_m2", 5000, 1500), ("people", 300, 100))),
    "hotel": Category("旅馆住宿业", "", (("beds", 100, 0),)),
    "business": Category("金融、艺术传媒、技术服务等办公", "", (("area_m2", 5000, 1500),)),
    "leisure": Category("娱乐、康体设施", "", (("area_m2", 3000, 0), ("people", 100, 0))),
    "filling": Category("加油加气站营业网点", "二类"),
    "utility": Category("其他公用设施营业网点", "三类"),
    "works": Category("其他非危险化学品工业企业", "", (("people", None, 100),)),
    "traffic": Category("交通枢纽设施", "", (("people", 100, 0),)),
    "park": Category("城镇公园广场", "", (("area_m2", 5000, 1500),)),
}


def classify(category: str, **size: float | None) -> str:
    """Class of a protection target; of several sizes that are known the one that asks most. Works count their fullest shift.

    A target whose sizes are not known counts as the strictest class its type may have.
    """
    found = CATEGORIES[category]
    if found.fixed:
        return found.fixed
    seen = [
        by_size(value, first, second) for name, first, second in found.sizes if (value := size.get(name)) is not None
    ]
    if not seen:
        return "一类" if any(first is not None for _name, first, _second in found.sizes) else "二类"
    return min(seen, key=CLASSES.index)


def by_size(value: float, first: float | None, second: float | None) -> str:
    if first is not None and value >= first:
        return "一类"
    return "二类" if second is not None and value >= second else "三类"


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
