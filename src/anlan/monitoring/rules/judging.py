"""研判: from hours of readings to what the signal criteria ask for. Pure; hours that were not heard are unknown, never zero.

Sums and maxima over a window with holes are lower bounds: they may prove "at least", never "at most". A fall of the daily minimum
needs both days nearly whole, or a hole in the warm hours would look like a cold wave.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

from anlan.hazards.contract import InputError
from anlan.hazards.flood import flash, ice
from anlan.hazards.weather import drought as dry
from anlan.hazards.weather import fire_danger as danger_grades
from anlan.hazards.weather import fwi, geology, mci, phenomena
from anlan.monitoring.rules import signals

#: Hours of a day that must be heard before its minimum is believed.
WHOLE_DAY = 20
#: What hides the view where nobody observes it: humid air is fog, dry air with wind is dust. 待核对.
FOG_RH, DUST_RH, DUST_WIND_M_S = 90.0, 60.0, 5.5
#: Haze: drier than this with so much PM2.5 (ug/m3), after QX/T 113-2010. 待核对.
HAZE_RH, HAZE_PM25 = 80.0, 75.0
#: Months of drought that the map's slider runs through.
DROUGHT_MONTHS = 24
#: Rain of 5 days (mm) below which the ground counts as dry and above which as wet, SCS AMC I and III, growing season (NEH 4).
DRY_5D, WET_5D = 35.6, 53.3
#: Least rain that counts for LY/T 1172 (mm).
LEAST_RAIN = 0.3
#: Green cover by month for LY/T 1172 where no survey is known: steppe of 39-40 N. 待核对.
GREEN = {
    1: "0%",
    2: "0%",
    3: "0%",
    4: "0%",
    5: "20%",
    6: "50%",
    7: "75%",
    8: "75%",
    9: "50%",
    10: "20%",
    11: "0%",
    12: "0%",
}


@dataclass(frozen=True)
class Hour:
    """One hour of a datastream: how many hours ago it began (0 = the running one, -1 the next), mean, lowest, highest, last."""

    ago: int
    mean: float
    low: float
    high: float
    last: float


Hours = Sequence[Hour]


@dataclass(frozen=True)
class Verdict:
    """What a rule says: colour ("" = none), sentence, clause, and the figures behind them."""

    kind: str
    name: str
    colour: str
    reason: str
    clause: str
    figures: Mapping[str, float | str]


def within(hours: Hours, first: int, last: int) -> list[Hour]:
    """Hours that began at least `first` and less than `last` hours ago."""
    return [hour for hour in hours if first <= hour.ago < last]


def total(hours: Hours, last: int) -> float | None:
    """Rain of the last hours; None if none was heard. Of an hour the highest report counts: stations repeat the hour's sum."""
    found = within(hours, 0, last)
    return sum(hour.high for hour in found) if found else None


def highest(hours: Hours, first: int, last: int) -> float | None:
    return max((hour.high for hour in within(hours, first, last)), default=None)


def lowest(hours: Hours, first: int, last: int) -> float | None:
    return min((hour.low for hour in within(hours, first, last)), default=None)


def fall(temps: Hours, days: int, ahead: int = 0) -> float | None:
    """How far the daily minimum falls: of the day `days` before against the 24 h that end in `ahead` hours; None unless both are whole."""
    before, now = within(temps, 24 * days - ahead, 24 * days + 24 - ahead), within(temps, -ahead, 24 - ahead)
    if len(before) < WHOLE_DAY or len(now) < WHOLE_DAY:
        return None
    return min(hour.low for hour in before) - min(hour.low for hour in now)


def three_hot_days(temps: Hours) -> float | None:
    """The least of three daily maxima; None if a day was not heard at all."""
    days = [highest(temps, 24 * day, 24 * day + 24) for day in range(3)]
    known = [day for day in days if day is not None]
    return min(known) if len(known) == 3 else None


def summed(hours: Hours, window: int, horizon: int) -> float | None:
    """The most that falls in any `window` hours that end within the next `horizon`; None if none was heard or forecast."""
    sums = [within(hours, -ahead, window - ahead) for ahead in range(min(horizon, window) + 1)]
    return max((sum(hour.high for hour in one) for one in sums if one), default=None)


def seen(streams: Mapping[str, Hours], horizon: int = 0) -> dict[str, float | None]:
    """What the criteria of the ten signals with figures read, of readings and of what is forecast for the next `horizon` hours.

    Quantities 气温 风速 阵风 小时雨量 小时雪量 相对湿度 能见度 地面温度 PM2.5.
    """
    temps, rain, snow = (streams.get(name, ()) for name in ("气温", "小时雨量", "小时雪量"))
    winds, gusts = streams.get("风速", ()), streams.get("阵风", ())
    mean_wind = max((hour.mean for hour in within(winds, -horizon, 2)), default=None)
    gust = highest(gusts, -horizon, 2)
    ground = streams.get("地面温度", ())
    found: dict[str, float | None] = {f"p{n}": summed(rain, n, horizon) for n in (3, 6, 12)}
    found |= {f"snow{n}": summed(snow, n, horizon) for n in (6, 12)}
    falls = {n: [fall(temps, n // 24), *([fall(temps, n // 24, 24)] if horizon >= 24 else [])] for n in (24, 48)}
    found |= {f"drop{n}": max((one for one in known if one is not None), default=None) for n, known in falls.items()}
    found |= {"tmin": lowest(temps, -horizon, 24), "tmax24": highest(temps, -horizon, 24)}
    found |= {"tmax_least_of_3_days": three_hot_days(temps)}
    found |= {f"ground_tmin{n}": lowest(ground, -min(n, horizon), n) for n in (24, 48)}
    found["mean_wind_class"] = None if mean_wind is None else signals.wind_force(mean_wind)
    found["gust_class"] = None if gust is None else signals.wind_force(gust)
    return found | hidden(streams, horizon)


def hidden(streams: Mapping[str, Hours], horizon: int = 0) -> dict[str, float | None]:
    """Visibility as fog, dust or haze by humidity, wind and fine dust of the same hour; nothing where those are not known."""
    worst: dict[str, float | None] = {}
    for ago in range(-horizon, 1):
        here = {name: within(streams.get(name, ()), ago, ago + 1) for name in ("能见度", "相对湿度", "风速", "PM2.5")}
        if not here["能见度"] or not here["相对湿度"]:
            continue
        view, damp = min(hour.low for hour in here["能见度"]), here["相对湿度"][0].last
        wind = max(
            (hour.mean for hour in [*here["风速"], *within(streams.get("风速", ()), ago + 1, ago + 2)]), default=0.0
        )
        fine = max((hour.mean for hour in here["PM2.5"]), default=0.0)
        dusty, hazy = damp < DUST_RH and wind >= DUST_WIND_M_S, damp < HAZE_RH and fine >= HAZE_PM25
        name = "fog" if damp >= FOG_RH else "dust" if dusty else "haze" if hazy else ""
        if name:
            held = worst.get(f"{name}_visibility_m")
            worst[f"{name}_visibility_m"] = view if held is None else min(view, held)
    return worst


#: "T 小时内将达": how far ahead the criterion of each colour looks (h), 中国气象局令第16号. 高温 looks at the day.
AHEAD: dict[str, dict[str, int]] = {
    "暴雨": {"红": 3, "橙": 3, "黄": 6, "蓝": 12}, "暴雪": {"红": 6, "橙": 6, "黄": 12, "蓝": 12},
    "寒潮": {"红": 24, "橙": 24, "黄": 24, "蓝": 48}, "大风": {"红": 6, "橙": 6, "黄": 12, "蓝": 24},
    "沙尘暴": {"红": 6, "橙": 6, "黄": 12}, "高温": {"红": 24, "橙": 24}, "霜冻": {"橙": 24, "黄": 24, "蓝": 48},
    "大雾": {"红": 2, "橙": 6, "黄": 12}, "霾": {"橙": 6, "黄": 12},
}  # fmt: skip


def weather(streams: Mapping[str, Hours], ahead: Mapping[str, Hours] | None = None) -> list[Verdict]:
    """Every signal whose criteria the readings prove or the forecast reaches within the hours that its colour looks ahead."""
    forecast = ahead or {}
    both = {name: [*streams.get(name, ()), *forecast.get(name, ())] for name in {*streams, *forecast}}
    known = {0: seen(streams)}
    found = []
    for rule in signals.SIGNALS.values():
        for criterion in rule.criteria:
            horizon = AHEAD.get(rule.name, {}).get(criterion.colour, 0) if forecast else 0
            if horizon not in known:
                known[horizon] = seen(both, horizon)
            told = (
                "实况已达"
                if criterion.met(known[0])
                else f"预报 {horizon} 小时内将达"
                if criterion.met(known[horizon])
                else ""
            )
            if told:
                figures = {name: round(value, 2) for name, value in known[horizon].items() if value is not None}
                clause = f"{rule.instrument} {rule.name}{criterion.colour}色预警信号"
                found.append(
                    Verdict("weather", rule.name, criterion.colour, f"{told}：{criterion.words()}", clause, figures)
                )
                break
    return sorted(found, key=lambda one: signals.COLOURS.index(one.colour))


@dataclass(frozen=True)
class Around:
    """What is seen around a station and not by it: strokes within 10 km in the last hour; hours to a tropical cyclone's reach."""

    strokes_10km_1h: int = 0
    typhoon_hours: float | None = None


def by_words(streams: Mapping[str, Hours], ahead: Mapping[str, Hours], around: Around) -> list[Verdict]:
    """雷电, 冰雹, 道路结冰, 台风: the signals that the order puts in words, out of readings, strokes and forecast chances."""
    facts: dict[str, float | bool | None] = {"strokes_10km_1h": float(around.strokes_10km_1h)}
    for name, quantity in (("lightning", "雷电概率"), ("hail", "冰雹概率")):
        facts |= {f"{name}_prob_{n}h": highest(ahead.get(quantity, ()), -n, 0) for n in (2, 6)}
    hail = highest(streams.get("冰雹直径", ()), 0, 1)
    if hail:
        facts |= {"hail_mm": hail, "hail_prob_2h": 1.0, "hail_prob_6h": 1.0}
    road = min(within(streams.get("路面温度", ()), 0, 2), key=lambda hour: hour.ago, default=None)
    facts["road_temp_c"] = road.last if road else None
    wet = [hour for one in ("小时雨量", "小时雪量") for hour in [*streams.get(one, ()), *ahead.get(one, ())]]
    facts |= {f"precip_mm_{n}h": sum(hour.high for hour in within(wet, -n, 2)) if wet else None for n in (2, 6, 12)}
    if around.typhoon_hours is not None:
        both = {name: [*streams.get(name, ()), *ahead.get(name, ())] for name in ("风速", "阵风")}
        known = seen(both, 24)
        facts |= {"typhoon": 1.0, "typhoon_hours": around.typhoon_hours}
        facts |= {name: known[name] for name in ("mean_wind_class", "gust_class")}
    figures = {name: round(float(value), 2) for name, value in facts.items() if value is not None}
    return [
        Verdict("weather", one.name, one.colour, one.reason, one.clause, figures) for one in phenomena.judge_all(facts)
    ]


def slope(rain: Hours, susceptibility: str, ahead: Hours = ()) -> Verdict:
    """地质灾害气象风险 of one place by ten days of rain, the hour's heaviest and 24 h of forecast."""
    days = [sum(hour.high for hour in within(rain, 24 * day, 24 * day + 24)) for day in reversed(range(geology.DAYS))]
    coming = sum(hour.high for hour in within(ahead, -24, 0))
    found = geology.risk(days, susceptibility, highest(rain, 0, 1), coming)
    figures: dict[str, float | str] = {"effective_mm": round(found.effective_mm, 1), "forecast_mm": round(coming, 1)}
    return Verdict(
        "slope",
        "地质灾害",
        found.colour,
        f"{found.words}：{found.reason}",
        "地质灾害气象风险（自然资源与气象部门发布；本平台阈值待核对）",
        figures,
    )


#: Drought grades by index (GB/T 20481-2017), driest first: index at most, name, colour of the signal, colour on the map.
DROUGHT = (
    (-2.0, "特旱", "红", "#7a1f1f"),
    (-1.5, "重旱", "橙", "#c8552e"),
    (-1.0, "中旱", "", "#e3a24a"),
    (-0.5, "轻旱", "", "#ecd98a"),
)
NOT_DRY = ("无旱", "", "#7fb08a")


def drought_grade(index: float) -> tuple[str, str, str]:
    """(name, colour of the signal, colour on the map) of an SPI, SPEI or MCI."""
    return next(((name, signal, colour) for top, name, signal, colour in DROUGHT if index <= top), NOT_DRY)


def drought(
    months: Sequence[date], rain_mm: Sequence[float], temp_c: Sequence[float], latitude: float
) -> Verdict | None:
    """SPI, SPEI and a Palmer-like index of the newest month out of a record of years; None where it is too short.

    The order's criterion is the composite index MCI; SPEI of three months stands for it here (待核对).
    """
    try:
        pet = dry.thornthwaite(temp_c, latitude, months[0].month)
        series = {f"SPI{n}": dry.spi(rain_mm, n) for n in (1, 3, 12)} | {"SPEI3": dry.spei(rain_mm, pet, 3)}
        series["PDSI"] = dry.palmer(rain_mm, pet).x
    except (InputError, IndexError):
        return None
    figures: dict[str, float | str] = {name: round(float(values[-1]), 2) for name, values in series.items()}
    past = [[f"{month:%Y-%m}", round(float(value), 2)] for month, value in zip(months, series["SPEI3"], strict=True)][
        -DROUGHT_MONTHS:
    ]
    figures |= {"past": json.dumps(past), "index": "SPEI-3"}
    name, colour, _ = drought_grade(float(figures["SPEI3"]))
    reason = f"{months[-1]:%Y年%m月} {name}：SPEI-3 {figures['SPEI3']}，SPI-3 {figures['SPI3']}，类帕尔默 {figures['PDSI']}（{len(months)} 个月资料）"
    return Verdict(
        "drought",
        "干旱",
        colour,
        reason,
        "GB/T 20481-2017 等级；中国气象局令第16号 干旱（以 SPEI-3 代综合指数，待核对）",
        figures,
    )


def composite_drought(first: date, rain_mm: Sequence[float], temp_c: Sequence[float]) -> Verdict | None:
    """The order's own criterion, MCI, of the newest day out of a record of days; None where that is too short or has holes.

    Its past is of the last day of each month. In winter the season's coefficient is 0 and so is the index.
    """
    count = len(rain_mm)
    last = [i for i in range(count) if (first + timedelta(days=i + 1)).day == 1][-DROUGHT_MONTHS:]
    try:
        found = mci.composite(first, rain_mm, temp_c, [*last, count - 1])
    except InputError:
        return None
    past = [[f"{day:%Y-%m-%d}", round(float(value), 2)] for day, value in zip(found.days, found.mci, strict=True)]
    parts = {"SPIW60": found.spiw60, "MI30": found.mi30, "SPI90": found.spi90, "SPI150": found.spi150}
    newest = {name: round(float(values[-1]), 2) for name, values in parts.items()}
    value = round(float(found.mci[-1]), 2)
    name, colour, _ = drought_grade(value)
    told = "，".join(f"{key} {one}" for key, one in newest.items())
    sleeps = "；非生长季，季节系数 0" if mci.SEASON[found.days[-1].month - 1] == 0 else ""
    return Verdict(
        "drought", "干旱", colour, f"截至 {found.days[-1]:%Y年%m月%d日} {name}：MCI {value}（{told}{sleeps}；{count // 365} 年逐日资料）",
        "GB/T 20481-2017 第8章（季节系数与权重待核对）；中国气象局令第16号 干旱", {"MCI": value, **newest, "past": json.dumps(past), "index": "MCI"},
    )  # fmt: skip


def fire_danger(streams: Mapping[str, Hours], month: int, green: str | None = None) -> Verdict | None:
    """LY/T 1172-1995 from the last ten days; None without temperature, humidity and wind of the last day."""
    tmax, wind = highest(streams.get("气温", ()), 0, 24), highest(streams.get("风速", ()), 0, 24)
    damp, rain = lowest(streams.get("相对湿度", ()), 0, 24), streams.get("小时雨量", ())
    if tmax is None or wind is None or damp is None:
        return None
    days = [sum(hour.high for hour in within(rain, 24 * day, 24 * day + 24)) for day in range(10)]
    wet = next((day for day, mm in enumerate(days) if mm >= LEAST_RAIN), None)
    cover = green or GREEN[month]
    found = signals.fire_danger(
        tmax, damp, days[wet] if wet is not None else 0.0, wet if wet is not None else 9, wind, cover
    )
    figures: dict[str, float | str] = {
        "HTZ": float(found.HTZ), "level": float(found.level), "tmax_c": round(tmax, 1), "rh_min_pct": round(damp, 1),
        "wind_m_s": round(wind, 1), "green": cover,
    }  # fmt: skip
    since = f"{wet} 天前降雨 {days[wet]:.1f} mm" if wet is not None else "10 天内无有效降雨记录"
    reason = f"HTZ {found.HTZ}（{found.name}）：最高 {tmax:.1f} ℃，最小湿度 {damp:.0f} %，最大风 {wind:.1f} m/s，{since}，绿覆盖 {cover}"
    colour = danger_grades.SIGNALS[found.level - 1]
    return Verdict("fire", "森林草原火险", colour, reason, "LY/T 1172-1995（C 表与绿覆盖待核对）", figures)


#: Days of fire danger that the map's slider runs through.
DANGER_DAYS = 7


def danger_past(streams: Mapping[str, Hours], today: date) -> list[list[str | float]]:
    """[day, HTZ, level] of the last days, oldest first, of the days whose readings are there."""
    found: list[list[str | float]] = []
    for back in reversed(range(DANGER_DAYS)):
        shifted = {
            name: [Hour(h.ago - 24 * back, h.mean, h.low, h.high, h.last) for h in hours if h.ago >= 24 * back]
            for name, hours in streams.items()
        }
        day = today - timedelta(days=back)
        verdict = fire_danger(shifted, day.month)
        if verdict:
            found.append([f"{day:%m-%d}", float(verdict.figures["HTZ"]), float(verdict.figures["level"])])
    return found


def canadian(streams: Mapping[str, Hours], hour_now: int) -> dict[str, float]:
    """FWI and its grade by noon readings of the last days, started anew from the standard codes; nothing without them.

    `hour_now` is the local hour. Ten days do not fill the drought code: with the other method, openly (待核对).
    """
    days = []
    for back in reversed(range(DANGER_DAYS + 3)):
        noon = hour_now - 12 + 24 * back
        here = {name: within(streams.get(name, ()), noon, noon + 1) for name in ("气温", "相对湿度", "风速")}
        if noon >= 0 and all(here.values()):
            rain = sum(hour.high for hour in within(streams.get("小时雨量", ()), noon, noon + 24))
            temp, damp, wind = (here[name][0].mean for name in ("气温", "相对湿度", "风速"))
            days.append(fwi.Day(temp, min(100.0, max(0.0, damp)), wind * 3.6, rain))
    if not days:
        return {}
    last = fwi.season(days)[-1].FWI
    return {"FWI": round(last, 1), "FWI_level": float(danger_grades.grade_of(min(1000.0, last)).level)}


@dataclass(frozen=True)
class Basin:
    """A catchment as the rules need it: its figures, or the surveyed table."""

    shape: flash.Catchment
    critical_mm: Mapping[float, float]
    ready_mm: Mapping[float, float]


def soil(rain: Hours) -> str:
    """干, 中 or 湿 by the rain of the five days before the last one; 中 where nothing was heard."""
    before = within(rain, 24, 24 * 6)
    if not before:
        return "中"
    fallen = sum(hour.high for hour in before)
    return "干" if fallen < DRY_5D else "湿" if fallen > WET_5D else "中"


def flash_flood(rain: Hours, basin: Basin) -> Verdict:
    """Rain against the critical rain of a catchment; with it the peak flow that such rain would give (m3/s)."""
    ground = soil(rain)
    critical = basin.critical_mm or flash.guidance(basin.shape, ground)
    fallen = {float(n): total(rain, n) for n in (1, 3, 6, 12, 24)}
    found = flash.judge(fallen, critical, basin.ready_mm or None)
    colour = {"立即转移": "红", "准备转移": "橙"}.get(found.action, "")
    figures: dict[str, float | str] = {"ratio": round(found.ratio, 3), "window_h": found.window_h, "soil": ground}
    if colour:
        number = flash.wetted(basin.shape.curve_number, ground)
        runoff = flash.runoff_mm(fallen[found.window_h] or 0.0, number)
        rise = found.window_h / 2 + 0.6 * basin.shape.concentration_h
        figures |= {"peak_m3_s": round(runoff * basin.shape.peak_per_mm(found.window_h), 1), "peak_h": round(rise, 2)}
    source = "山洪灾害调查评价临界雨量" if basin.critical_mm else "SCS 单位线反推临界雨量（Carpenter 等 1999；待核对）"
    words = f"{found.action + '：' if found.action else ''}{found.reason}（土壤{ground}）"
    return Verdict("flash", "山洪", colour, words, source, figures)


def ice_flood(
    stages: Hours,
    days: Sequence[tuple[date, float, float | None]],
    levels: ice.Levels,
    jam: Mapping[str, float | str] | None = None,
) -> Verdict | None:
    """凌汛 by stage and, where days of temperature are known, the phase of the ice; None without a stage.

    `jam`: what a jam could do in the reach (an upper estimate); it is told, it decides nothing.
    """
    rows = [(-float(hour.ago), hour.last) for hour in sorted(stages, key=lambda hour: -hour.ago) if isfinite(hour.last)]
    if not rows:
        return None
    track = ice.track([ice.Day(on, stage, temp) for on, stage, temp in days]) if days else []
    state = track[-1] if track else ice.State()
    found = ice.alarm(rows, levels, state.phase)
    climbed = ice.latest_rise(rows, ice.rise_window(rows))
    figures: dict[str, float | str] = {
        "stage_m": round(rows[-1][1], 2), "rise_m": round(climbed, 2), "phase": ice.PHASE_TITLES[state.phase],
        "fdd": round(state.fdd, 1), "pdd": round(state.pdd, 1), "why": state.why,
        **({"since": state.since.isoformat()} if state.since else {}),
        **({"over_bank_m": round(rows[-1][1] - levels.bank_m, 2)} if levels.bank_m is not None else {}), **(jam or {}),
    }  # fmt: skip
    return Verdict("ice", "凌汛", found.colour, found.reason, ice.OWN_RULE, figures)


def flood_stage(stages: Hours, levels: ice.Levels) -> Verdict | None:
    """洪水 by stage (SL 758-2018); None without a stage or without any level."""
    now = min(stages, key=lambda hour: hour.ago, default=None)
    if now is None or (levels.alert_m, levels.guarantee_m, levels.record_m) == (None, None, None):
        return None
    found = signals.flood_warning(now.last, levels.alert_m, levels.guarantee_m, levels.record_m)
    return Verdict("flood", "洪水", found.colour, found.reason, found.clause, {"stage_m": round(now.last, 2)})
