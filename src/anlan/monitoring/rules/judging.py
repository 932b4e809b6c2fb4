"""研判: from hours of readings to what the signal criteria ask for. Pure; hours that were not heard are unknown, never zero.

Sums and maxima over a window with holes are lower bounds: they may prove "at least", never "at most". A fall of the daily minimum
needs both days nearly whole, or a hole in the warm hours would look like a cold wave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

from anlan.hazards.flood import flash, ice
from anlan.hazards.weather import fire_danger as danger_grades
from anlan.monitoring.rules import signals

#: Hours of a day that must be heard before its minimum is believed.
WHOLE_DAY = 20
#: What hides the view where nobody observes it: humid air is fog, dry air with wind is dust. 待核对.
FOG_RH, DUST_RH, DUST_WIND_M_S = 90.0, 60.0, 5.5
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
    """One hour of a datastream: how many hours ago it began (0 = the running one), mean, lowest, highest, last."""

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


def fall(temps: Hours, days: int) -> float | None:
    """How far the daily minimum fell: of the day `days` before against that of the last 24 h; None unless both are whole."""
    before, now = within(temps, 24 * days, 24 * days + 24), within(temps, 0, 24)
    if len(before) < WHOLE_DAY or len(now) < WHOLE_DAY:
        return None
    return min(hour.low for hour in before) - min(hour.low for hour in now)


def three_hot_days(temps: Hours) -> float | None:
    """The least of three daily maxima; None if a day was not heard at all."""
    days = [highest(temps, 24 * day, 24 * day + 24) for day in range(3)]
    known = [day for day in days if day is not None]
    return min(known) if len(known) == 3 else None


def seen(streams: Mapping[str, Hours]) -> dict[str, float | None]:
    """What the criteria of the ten signals with figures read, from quantities 气温 风速 阵风 小时雨量 小时雪量 相对湿度 能见度 地面温度."""
    temps, rain, snow = (streams.get(name, ()) for name in ("气温", "小时雨量", "小时雪量"))
    winds, gusts = streams.get("风速", ()), streams.get("阵风", ())
    mean_wind = max((hour.mean for hour in within(winds, 0, 2)), default=None)
    gust = highest(gusts, 0, 2)
    ground = streams.get("地面温度", ())
    found: dict[str, float | None] = {f"p{n}": total(rain, n) for n in (3, 6, 12)}
    found |= {f"snow{n}": total(snow, n) for n in (6, 12)}
    found |= {"drop24": fall(temps, 1), "drop48": fall(temps, 2), "tmin": lowest(temps, 0, 24)}
    found |= {"tmax24": highest(temps, 0, 24), "tmax_least_of_3_days": three_hot_days(temps)}
    found |= {"ground_tmin24": lowest(ground, 0, 24), "ground_tmin48": lowest(ground, 0, 48)}
    found["mean_wind_class"] = None if mean_wind is None else signals.wind_force(mean_wind)
    found["gust_class"] = None if gust is None else signals.wind_force(gust)
    return found | hidden(streams, mean_wind)


def hidden(streams: Mapping[str, Hours], mean_wind: float | None) -> dict[str, float | None]:
    """Visibility as fog or dust by humidity and wind; nothing where those are not known."""
    view = lowest(streams.get("能见度", ()), 0, 1)
    damp = next((hour.last for hour in within(streams.get("相对湿度", ()), 0, 1)), None)
    if view is None or damp is None:
        return {}
    if damp >= FOG_RH:
        return {"fog_visibility_m": view}
    if damp < DUST_RH and mean_wind is not None and mean_wind >= DUST_WIND_M_S:
        return {"dust_visibility_m": view}
    return {}


def weather(streams: Mapping[str, Hours]) -> list[Verdict]:
    """Every signal whose criteria the readings prove."""
    known = seen(streams)
    figures = {name: round(value, 2) for name, value in known.items() if value is not None}
    return [
        Verdict("weather", one.name, one.colour, f"实况已达：{one.reason}", one.clause, figures)
        for one in signals.weather_signals(known)
    ]


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
