"""预警信号中按现象判别的四种 (雷电, 冰雹, 道路结冰, 台风): the 2007 order's words as tests on what can be observed.

The ten signals with figures are `monitoring.rules.signals`. These four speak of "possible" and "very likely": a probability from a
forecast stands for the words, and its limits are named parameters (待核对). What comes out is 内部研判提示, never the signal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

from anlan.hazards.contract import InputError

ORDER_16 = "中国气象局令第16号（2007）"
#: "可能", "可能性很大", "可能性极大" as probabilities: 待核对.
POSSIBLE, LIKELY, SURE = 0.3, 0.6, 0.8
#: Hail (mm) that the order's "出现冰雹可能性极大，并可能造成重雹灾害" is read as: 待核对.
HEAVY_HAIL_MM = 20.0
COLOURS = ("红", "橙", "黄", "蓝")
Seen = Mapping[str, float | bool | None]
#: Observations that the tests read: title, unit, low, high.
FIELDS = {
    "lightning_prob_6h": ("6 小时雷电概率", "", 0, 1), "lightning_prob_2h": ("2 小时雷电概率", "", 0, 1),
    "strokes_10km_1h": ("10 km 内 1 小时地闪", "次", 0, 1e6), "hail_prob_6h": ("6 小时冰雹概率", "", 0, 1),
    "hail_prob_2h": ("2 小时冰雹概率", "", 0, 1), "hail_mm": ("冰雹直径", "mm", 0, 300),
    "road_temp_c": ("路面温度", "℃", -60, 80), "precip_mm_12h": ("12 小时降水（预报）", "mm", 0, 2000),
    "precip_mm_6h": ("6 小时降水（预报）", "mm", 0, 2000), "precip_mm_2h": ("2 小时降水（预报或实况）", "mm", 0, 2000),
    "typhoon": ("受热带气旋影响（1 是）", "", 0, 1), "typhoon_hours": ("多少小时内影响", "h", 0, 240),
    "mean_wind_class": ("平均风力", "级", 0, 18), "gust_class": ("阵风", "级", 0, 18),
}  # fmt: skip
#: Strokes within 10 km in an hour that show lightning "已经受影响", and that it is strong: 待核对.
STRUCK, STRUCK_HARD = 1, 50


@dataclass(frozen=True)
class Step:
    """One colour of one signal: what must hold and the words of the order."""

    colour: str
    words: str
    met: Callable[[Mapping[str, float]], bool]


@dataclass(frozen=True)
class Verdict:
    name: str
    colour: str
    reason: str
    clause: str

    @property
    def title(self) -> str:
        return f"{self.name}{self.colour}色" if self.colour else ""


def has(seen: Mapping[str, float], name: str, least: float) -> bool:
    """Known, and at least this much: what is not known proves nothing."""
    return name in seen and seen[name] >= least


def iced(seen: Mapping[str, float], hours: str) -> bool:
    return "road_temp_c" in seen and seen["road_temp_c"] < 0 and has(seen, f"precip_mm_{hours}", 0.1)


def blown(seen: Mapping[str, float], within_h: float, mean: float, gust: float) -> bool:
    near = has(seen, "typhoon", 1) and seen.get("typhoon_hours", float("inf")) <= within_h
    return near and (has(seen, "mean_wind_class", mean) or has(seen, "gust_class", gust))


RULES: dict[str, tuple[Step, ...]] = {
    "雷电": (
        Step("红", "2 小时内发生雷电活动的可能性极大，或已有强烈雷电活动",
             lambda s: has(s, "lightning_prob_2h", SURE) or has(s, "strokes_10km_1h", STRUCK_HARD)),
        Step("橙", "2 小时内发生雷电活动的可能性很大，或已受雷电活动影响",
             lambda s: has(s, "lightning_prob_2h", LIKELY) or has(s, "strokes_10km_1h", STRUCK)),
        Step("黄", "6 小时内可能发生雷电活动", lambda s: has(s, "lightning_prob_6h", POSSIBLE)),
    ),
    "冰雹": (
        Step("红", "2 小时内出现冰雹可能性极大，并可能造成重雹灾害",
             lambda s: has(s, "hail_prob_2h", SURE) and has(s, "hail_mm", HEAVY_HAIL_MM)),
        Step("橙", "6 小时内可能出现冰雹天气，并可能造成雹灾", lambda s: has(s, "hail_prob_6h", POSSIBLE)),
    ),
    "道路结冰": (
        Step("红", "路表温度低于 0 ℃，出现降水，2 小时内可能出现或已出现对交通有很大影响的道路结冰", lambda s: iced(s, "2h")),
        Step("橙", "路表温度低于 0 ℃，出现降水，6 小时内可能出现对交通有较大影响的道路结冰", lambda s: iced(s, "6h")),
        Step("黄", "路表温度低于 0 ℃，出现降水，12 小时内可能出现对交通有影响的道路结冰", lambda s: iced(s, "12h")),
    ),
    "台风": (
        Step("红", "6 小时内平均风力 12 级以上，或阵风 14 级以上", lambda s: blown(s, 6, 12, 14)),
        Step("橙", "12 小时内平均风力 10 级以上，或阵风 12 级以上", lambda s: blown(s, 12, 10, 12)),
        Step("黄", "24 小时内平均风力 8 级以上，或阵风 10 级以上", lambda s: blown(s, 24, 8, 10)),
        Step("蓝", "24 小时内平均风力 6 级以上，或阵风 8 级以上", lambda s: blown(s, 24, 6, 8)),
    ),
}  # fmt: skip


def read(seen: Seen) -> dict[str, float]:
    """Known observations as numbers; InputError names one that is unknown or out of range."""
    found = {}
    for name, value in seen.items():
        if name not in FIELDS:
            raise InputError(name, value, "、".join(FIELDS))
        if value is None:
            continue
        _, unit, low, high = FIELDS[name]
        if not isfinite(value) or not low <= value <= high:
            raise InputError(name, value, f"{low:g} 至 {high:g} {unit}".strip())
        found[name] = float(value)
    return found


def judge(name: str, seen: Seen) -> Verdict:
    """The most severe colour of one signal that the observations prove."""
    if name not in RULES:
        raise InputError("signal", name, "、".join(RULES))
    known = read(seen)
    step = next((one for one in RULES[name] if one.met(known)), None)
    if step is None:
        return Verdict(name, "", "未达标准（或缺观测）", ORDER_16)
    return Verdict(name, step.colour, step.words, f"{ORDER_16} {name}{step.colour}色预警信号")


def judge_all(seen: Seen) -> list[Verdict]:
    """Every signal that is proven, most severe first."""
    found = [verdict for name in RULES if (verdict := judge(name, seen)).colour]
    return sorted(found, key=lambda verdict: COLOURS.index(verdict.colour))
