"""气象预警信号、水情预警、雨量等级、森林火险: criteria as executable rules, each with its clause.

What is judged here is 内部研判提示: only the weather service issues the signal itself (气象灾害防御条例 art 30).
A missing window is unknown, never zero. The most severe colour that its own observations prove is the answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

COLOURS = ("红", "橙", "黄", "蓝")
ORDER_16 = "中国气象局令第16号（2007）"


@dataclass(frozen=True)
class Signal:
    """A colour and the words of the criterion that proved it; `colour` is empty when none was met."""

    name: str
    colour: str
    reason: str
    clause: str
    rule_id: str = ""

    @property
    def title(self) -> str:
        """As 暴雨橙色."""
        return f"{self.name}{self.colour}色" if self.colour else ""


@dataclass(frozen=True)
class Test:
    """One observation against one figure."""

    field: str
    sign: str
    figure: float
    words: str

    def met(self, seen: Mapping[str, float | None]) -> bool:
        value = seen.get(self.field)
        if value is None:
            return False
        return {">=": value >= self.figure, "<=": value <= self.figure, "<": value < self.figure}[self.sign]


@dataclass(frozen=True)
class Criterion:
    """All of `every` and, if there are any, one of `either`."""

    colour: str
    every: tuple[Test, ...]
    either: tuple[Test, ...] = ()

    def met(self, seen: Mapping[str, float | None]) -> bool:
        return all(t.met(seen) for t in self.every) and (not self.either or any(t.met(seen) for t in self.either))

    def words(self) -> str:
        parts = [t.words for t in self.every]
        if self.either:
            parts.append(" 或 ".join(t.words for t in self.either))
        return "，".join(parts)


@dataclass(frozen=True)
class SignalRule:
    """A versioned rule: criteria, most severe first."""

    name: str
    rule_id: str
    criteria: tuple[Criterion, ...]
    valid_from: date = date(2007, 6, 12)
    valid_to: date | None = None
    instrument: str = ORDER_16
    confidence: str = "已核"

    def fields(self) -> tuple[str, ...]:
        """Every observation that any criterion reads."""
        return tuple(dict.fromkeys(t.field for c in self.criteria for t in (*c.every, *c.either)))


def at_least(field: str, figure: float, words: str) -> Test:
    return Test(field, ">=", figure, words)


def rain(colour: str, hours: int, mm: float) -> Criterion:
    return Criterion(colour, (at_least(f"p{hours}", mm, f"{hours} 小时降雨 ≥ {mm:g} mm"),))


def snow(colour: str, hours: int, mm: float) -> Criterion:
    return Criterion(colour, (at_least(f"snow{hours}", mm, f"{hours} 小时降雪 ≥ {mm:g} mm"),))


def cold(colour: str, hours: int, drop: float, lowest: float, wind: float) -> Criterion:
    return Criterion(
        colour,
        (
            at_least(f"drop{hours}", drop, f"{hours} 小时最低气温下降 ≥ {drop:g} ℃"),
            Test("tmin", "<=", lowest, f"最低气温 ≤ {lowest:g} ℃"),
            at_least("mean_wind_class", wind, f"平均风力 ≥ {wind:g} 级"),
        ),
    )


def gale(colour: str, mean: float, gust: float) -> Criterion:
    either = (
        at_least("mean_wind_class", mean, f"平均风力 ≥ {mean:g} 级"),
        at_least("gust_class", gust, f"阵风 ≥ {gust:g} 级"),
    )
    return Criterion(colour, (), either)


def dim(colour: str, metres: float, field: str = "visibility_m") -> Criterion:
    return Criterion(colour, (Test(field, "<", metres, f"能见度 < {metres:g} m"),))


def hot(colour: str, field: str, celsius: float, words: str) -> Criterion:
    return Criterion(colour, (at_least(field, celsius, words),))


def frost(colour: str, hours: int, celsius: float) -> Criterion:
    return Criterion(colour, (Test(f"ground_tmin{hours}", "<", celsius, f"{hours} 小时地面最低温度 < {celsius:g} ℃"),))


SIGNALS = {
    rule.name: rule
    for rule in (
        SignalRule("暴雨", "16-rain", (rain("红", 3, 100), rain("橙", 3, 50), rain("黄", 6, 50), rain("蓝", 12, 50))),
        SignalRule("暴雪", "16-snow", (snow("红", 6, 15), snow("橙", 6, 10), snow("黄", 12, 6), snow("蓝", 12, 4))),
        SignalRule(
            "寒潮", "16-cold",
            (cold("红", 24, 16, 0, 6), cold("橙", 24, 12, 0, 6), cold("黄", 24, 10, 4, 6), cold("蓝", 48, 8, 4, 5)),
        ),
        SignalRule("大风", "16-gale", (gale("红", 12, 13), gale("橙", 10, 11), gale("黄", 8, 9), gale("蓝", 6, 7))),
        SignalRule(
            "沙尘暴", "16-dust",
            (dim("红", 50, "dust_visibility_m"), dim("橙", 500, "dust_visibility_m"), dim("黄", 1000, "dust_visibility_m")),
        ),
        SignalRule(
            "高温", "16-heat",
            (hot("红", "tmax24", 40, "24 小时最高气温 ≥ 40 ℃"), hot("橙", "tmax24", 37, "24 小时最高气温 ≥ 37 ℃"),
             hot("黄", "tmax_least_of_3_days", 35, "连续 3 天最高气温 ≥ 35 ℃")),
        ),
        SignalRule(
            "大雾", "16-fog",
            (dim("红", 50, "fog_visibility_m"), dim("橙", 200, "fog_visibility_m"), dim("黄", 500, "fog_visibility_m")),
        ),
        SignalRule("霾", "16-haze", (dim("橙", 2000, "haze_visibility_m"), dim("黄", 3000, "haze_visibility_m"))),
        SignalRule("霜冻", "16-frost", (frost("橙", 24, -5), frost("黄", 24, -3), frost("蓝", 48, 0))),
        SignalRule(
            "干旱", "16-drought",
            (hot("红", "drought_years", 50, "重现期 ≥ 50 年（特旱）"), hot("红", "dry_crops_pct", 60, "受旱作物 ≥ 60 %"),
             hot("橙", "drought_years", 25, "重现期 ≥ 25 年（重旱）"), hot("橙", "dry_crops_pct", 40, "受旱作物 ≥ 40 %")),
        ),
    )
}  # fmt: skip
#: In the order but judged by forecasters' words, not by figures: 台风 does not reach Wuhai.
BY_WORDS = ("雷电", "冰雹", "道路结冰", "台风")
#: Visibility alone does not say what hides the view: the phenomenon must be observed.
NONE = Signal("", "", "未达标准", ORDER_16)


def weather_signal(name: str, seen: Mapping[str, float | None]) -> Signal:
    """The most severe criterion of one signal that the observations prove."""
    rule = SIGNALS[name]
    for criterion in rule.criteria:
        if criterion.met(seen):
            clause = f"{rule.instrument} {name}{criterion.colour}色预警信号"
            return Signal(name, criterion.colour, criterion.words(), clause, rule.rule_id)
    return Signal(name, "", "未达标准（或缺观测）", rule.instrument, rule.rule_id)


def weather_signals(seen: Mapping[str, float | None]) -> list[Signal]:
    """Every signal whose criteria are met, most severe first."""
    found = [signal for name in SIGNALS if (signal := weather_signal(name, seen)).colour]
    return sorted(found, key=lambda signal: COLOURS.index(signal.colour))


def drop_of(window_h: float, drop: float) -> dict[str, float]:
    """A fall of temperature over `window_h` hours as the fields of the cold-wave rule: within 24 h is within 48 h too."""
    return {"drop24": drop, "drop48": drop} if window_h <= 24 else {"drop48": drop}


#: GB/T 28591: lower limits of wind force 1 to 17, m/s.
WIND_FORCE = (0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5, 46.2, 51.0, 56.1)
#: GB/T 28592-2012, mm in 24 h: lower limit, name.
RAIN_24H = ((0.1, "小雨"), (10, "中雨"), (25, "大雨"), (50, "暴雨"), (100, "大暴雨"), (250, "特大暴雨"))
SNOW_24H = ((0.1, "小雪"), (2.5, "中雪"), (5, "大雪"), (10, "暴雪"), (20, "大暴雪"), (30, "特大暴雪"))


def wind_force(m_s: float) -> int:
    """Beaufort force (GB/T 28591) of a wind speed."""
    return bisect_right(WIND_FORCE, m_s)


def rain_level(mm_24h: float) -> str:
    """雨量等级 by 24 h rain (GB/T 28592-2012)."""
    return named(mm_24h, RAIN_24H, "零星小雨或无雨")


def snow_level(mm_24h: float) -> str:
    return named(mm_24h, SNOW_24H, "零星小雪或无雪")


def named(value: float, bands: tuple[tuple[float, str], ...], below: str) -> str:
    # the tables print one decimal: 9.95 mm is 10.0 mm
    index = bisect_right([low for low, _ in bands], round(value, 1))
    return bands[index - 1][1] if index else below


#: "接近" of SL 758-2018 is not a figure: within this of the alert stage (m) or this share of the alert flow. 待核对.
NEAR_STAGE_M, NEAR_FLOW_SHARE = 0.20, 0.95
FLOOD = "水情预警发布管理办法（2013）/ SL 758-2018"


def flood_warning(
    stage: float | None,
    alert: float | None,
    guarantee: float | None,
    record: float | None = None,
    return_period_years: float | None = None,
    near_m: float = NEAR_STAGE_M,
) -> Signal:
    """洪水预警 by stage or return period, whichever is worse. Unknown levels decide nothing."""
    tests = (
        ("红", stage, record, "历史最高水位", return_period_years, 50),
        ("橙", stage, guarantee, "保证水位", return_period_years, 20),
        ("黄", stage, alert, "警戒水位", return_period_years, 5),
    )
    for colour, value, level, words, years, limit in tests:
        if value is not None and level is not None and value >= level:
            return Signal("洪水", colour, f"水位 {value:g} m ≥ {words} {level:g} m", FLOOD, "sl758-flood")
        if years is not None and years >= limit:
            return Signal("洪水", colour, f"重现期 {years:g} 年 ≥ {limit} 年", FLOOD, "sl758-flood")
    if stage is not None and alert is not None and stage >= alert - near_m:
        return Signal(
            "洪水", "蓝", f"距警戒水位 {alert - stage:.2f} m，在 {near_m:g} m 内（待核对）", FLOOD, "sl758-flood"
        )
    return Signal("洪水", "", "未达标准（或缺特征水位）", FLOOD, "sl758-flood")


#: LY/T 1172-1995. Upper or lower limits of the classes and their scores; table C is from recall (待核对).
TMAX_LIMITS, RH_LIMITS = (5.0, 10.0, 15.0, 20.0, 25.0), (71, 61, 51, 41, 31)
WIND_LIMITS = (0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2)
RAIN_ROWS = (
    (2.0, (10, 15, 20, 25, 30, 35, 40, 45, 50, 50)),
    (5.0, (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)),
    (10.0, (0, 5, 10, 15, 20, 25, 30, 35, 40, 45)),
    (float("inf"), (0, 0, 5, 10, 15, 20, 25, 30, 35, 40)),
)
COVER = {"100%": 20, "75%": 15, "50%": 10, "20%": 5, "0%": 0}
DANGER = ("没有危险", "低度危险", "中度危险", "高度危险", "极度危险")


@dataclass(frozen=True)
class FireDanger:
    """HTZ = A + B + C + D - E and its level 1 to 5."""

    A: int
    B: int
    C: int
    D: int
    E: int
    HTZ: int
    level: int
    name: str


def fire_danger(
    tmax: float, rh_min: float, last_rain_mm: float, days_since: int, wind_ms: float, green: str | float
) -> FireDanger:
    """森林火险 (LY/T 1172-1995): degC, %, mm and days of the last rain of 0.3 mm or more, m/s, green (or snow) cover.

    `green` is one of the table's classes ("20%") or a share 0 to 1, read as the nearest class.
    """
    a = 4 * sum(tmax > limit for limit in TMAX_LIMITS)
    b = 4 * sum(rh_min < limit for limit in RH_LIMITS)
    row = next(scores for top, scores in RAIN_ROWS if round(last_rain_mm, 1) <= top)
    c = 50 if last_rain_mm < 0.3 else row[min(9, max(0, days_since))]
    d = 5 * bisect_right(WIND_LIMITS, round(wind_ms, 1))
    e = cover_score(green)
    total = a + b + c + d - e
    level = 1 + bisect_right((26, 51, 73, 91), total)
    return FireDanger(a, b, c, d, e, total, level, DANGER[level - 1])


def cover_score(green: str | float) -> int:
    """E by class or by share of cover. Raises ValueError for what is neither."""
    if isinstance(green, str) and green in COVER:
        return COVER[green]
    share = float(str(green).rstrip("%")) / (100 if "%" in str(green) else 1)
    if not 0 <= share <= 1:
        raise ValueError(f"覆盖 {green}，应为 0 至 1")
    return next(score for low, score in ((0.875, 20), (0.625, 15), (0.35, 10), (0.1, 5), (0, 0)) if share >= low)
