"""Weather: fire danger, rain, warning signals."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from anlan.cli._engines import pictures
from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, positive, read_rows
from anlan.hazards.contract import InputError
from anlan.hazards.weather import phenomena
from anlan.hazards.weather.fwi import CLASSIC, EXACT, Codes, Day, season
from anlan.monitoring.rules import signals

#: Month of a day that names none: spring fire season.
USUAL_MONTH = 4
DAY = (
    Field("temp_c", "气温", unit="℃", low=-60, high=60),
    at_least_zero("rh_pct", "相对湿度", "%", high=100),
    at_least_zero("wind_km_h", "风速", "km/h", high=300),
    at_least_zero("rain_mm", "24 小时降水", "mm", high=2000),
    Field("month", "月份", "integer", low=1, high=12, default=None),
    Field("date", "日期", "string", default=None),
)
START = (
    Field("FFMC", "起始 FFMC", low=0, high=101, default=85.0),
    at_least_zero("DMC", "起始 DMC", "", 6.0),
    at_least_zero("DC", "起始 DC", "", 15.0),
)
SEASON = (
    Field("days", "逐日天气", "array"),
    Field("start", "起始码", "object", default=None),
    choice("constant", "FFMC 常数", ("classic", "exact"), "classic"),
)


def fire_weather(given: Any) -> Any:
    """A list of days in order, or {"days", "start", "constant"}; a single day gives a single answer."""
    if isinstance(given, dict) and "days" not in given:
        return seasonal({"days": [given], "start": None, "constant": "classic"})[0]
    if isinstance(given, list):
        if given and all(isinstance(one, dict) and "days" in one for one in given):
            return [fire_weather(one) for one in given]
        return seasonal({"days": given, "start": None, "constant": "classic"})
    known = {field.name for field in SEASON}
    for name in given:
        if name not in known:
            raise InputError(name, given[name], f"只接受 {'、'.join(sorted(known))}")
    return seasonal({field.name: field.read(given) for field in SEASON})


def seasonal(given: Json) -> list[Json]:
    rows = read_rows(given["days"], DAY, "days")
    start = {field.name: field.read(given["start"] or {}, "start.") for field in START}
    days = [
        Day(row["temp_c"], row["rh_pct"], row["wind_km_h"], row["rain_mm"], month_of(row, i))
        for i, row in enumerate(rows)
    ]
    before = Codes(start["FFMC"], start["DMC"], start["DC"], 0, 0, 0)
    return [asdict(codes) for codes in season(days, before, EXACT if given["constant"] == "exact" else CLASSIC)]


def month_of(row: Json, index: int) -> int:
    if row["month"] is not None:
        return int(row["month"])
    if row["date"] is None:
        return USUAL_MONTH
    try:
        return date.fromisoformat(row["date"][:10]).month
    except ValueError:
        raise InputError(f"days[{index}].date", row["date"], "ISO 8601 日期") from None


def danger(given: Json) -> Json:
    rain = (given["last_rain_mm"], int(given["days_since"]))
    try:
        found = signals.fire_danger(given["tmax"], given["rh_min"], *rain, given["wind_ms"], given["green"])
    except ValueError:
        raise InputError("green", given["green"], "100%、75%、50%、20%、0% 或 0 至 1") from None
    return {**asdict(found), "clause": "LY/T 1172-1995（降水表 C 待核对）"}


def rain(given: Json) -> Json:
    if given["rain_mm_24h"] is None and given["snow_mm_24h"] is None:
        raise InputError("rain_mm_24h", None, ">= 0 mm（或给出 snow_mm_24h）")
    found: Json = {"clause": "GB/T 28592-2012"}
    if given["rain_mm_24h"] is not None:
        found["level"] = signals.rain_level(given["rain_mm_24h"])
    if given["snow_mm_24h"] is not None:
        found["snow_level"] = signals.snow_level(given["snow_mm_24h"])
    return found


def warning(given: Json) -> Json:
    """One signal, or all that the observations prove; floods by their stages."""
    seen = {name: given[name] for name in OBSERVATIONS}
    if given["window_h"] is not None and given["drop"] is not None:
        seen |= signals.drop_of(given["window_h"], given["drop"])
    if given["stage"] is not None or given["return_period_years"] is not None:
        found = [
            signals.flood_warning(
                given["stage"], given["alert"], given["guarantee"], given["record"], given["return_period_years"]
            )
        ]
    elif given["signal"] in phenomena.RULES:
        found = [told_by_words(phenomena.judge(given["signal"], words_of(seen)))]
    elif given["signal"]:
        found = [signals.weather_signal(given["signal"], seen)]
    else:
        found = signals.weather_signals(seen) + [told_by_words(v) for v in phenomena.judge_all(words_of(seen))]
        found.sort(key=lambda signal: signals.COLOURS.index(signal.colour))
    proven = [signal for signal in found if signal.colour]
    worst = proven[0] if proven else signals.NONE
    return {
        "colour": worst.colour or None, "signal": worst.title or None, "reason": worst.reason, "clause": worst.clause,
        "all": [asdict(signal) | {"title": signal.title} for signal in proven],
        "note": "内部研判提示；气象预警信号由气象台站统一发布（气象灾害防御条例第三十条）",
    }  # fmt: skip


def words_of(seen: Json) -> Json:
    """The observations that the signals told by words are judged from."""
    return {name: value for name, value in seen.items() if name in phenomena.FIELDS}


def told_by_words(verdict: phenomena.Verdict) -> signals.Signal:
    return signals.Signal(verdict.name, verdict.colour, verdict.reason, verdict.clause)


OBSERVATIONS = tuple(
    dict.fromkeys([*(name for rule in signals.SIGNALS.values() for name in rule.fields()), *phenomena.FIELDS])
)
TITLES = {
    "p3": ("3 小时降雨", "mm"), "p6": ("6 小时降雨", "mm"), "p12": ("12 小时降雨", "mm"), "tmin": ("最低气温", "℃"),
    "drop24": ("24 小时降温", "℃"), "drop48": ("48 小时降温", "℃"), "mean_wind_class": ("平均风力", "级"),
    "gust_class": ("阵风", "级"), "tmax24": ("24 小时最高气温", "℃"), "tmax_least_of_3_days": ("3 天最高气温的最小值", "℃"),
}  # fmt: skip


def observation(name: str) -> Field:
    unit = "m" if name.endswith("_m") else "mm" if name.startswith("snow") else ""
    title, unit = TITLES.get(name, (name, unit))
    if name in phenomena.FIELDS:
        title, unit, low, high = phenomena.FIELDS[name]
        return Field(name, title, unit=unit, low=low, high=high, default=None)
    return Field(name, title, unit=unit, default=None)


ENGINES = (
    Engine(
        "fwi", "加拿大火险天气指数", "Van Wagner 1987; Van Wagner & Pickett 1985", SEASON, fire_weather,
        {"days": [{"temp_c": 17, "rh_pct": 42, "wind_km_h": 25, "rain_mm": 0, "month": 4},
                  {"temp_c": 20, "rh_pct": 21, "wind_km_h": 25, "rain_mm": 2.4, "month": 4}]},
        whole=True, plot=pictures.fire_weather,
    ),
    Engine(
        "fire-danger", "森林火险气象指数 HTZ", "LY/T 1172-1995",
        (Field("tmax", "最高气温", unit="℃", low=-60, high=60), at_least_zero("rh_min", "最小相对湿度", "%", high=100),
         at_least_zero("last_rain_mm", "最近一次降水", "mm"), Field("days_since", "距今天数", "integer", "d", low=0),
         at_least_zero("wind_ms", "最大风速", "m/s", high=100), Field("green", "绿色（积雪）覆盖", "string")),
        danger,
        {"tmax": 27.3, "rh_min": 22, "last_rain_mm": 1.0, "days_since": 5, "wind_ms": 9.2, "green": "20%"},
        plot=pictures.danger,
    ),
    Engine(
        "rain-level", "雨量等级", "GB/T 28592-2012",
        (at_least_zero("rain_mm_24h", "24 小时降雨", "mm", None), at_least_zero("snow_mm_24h", "24 小时降雪", "mm", None)),
        rain, {"rain_mm_24h": 62.5}, plot=pictures.rain,
    ),
    Engine(
        "warning-level", "预警信号研判", "中国气象局令第16号（2007）; SL 758-2018",
        (choice("signal", "信号", (*signals.SIGNALS, *phenomena.RULES), None), *(observation(name) for name in OBSERVATIONS),
         positive("window_h", "降温时段", "h", None, 48), Field("drop", "最低气温降幅", unit="℃", default=None),
         Field("stage", "水位", unit="m", default=None), Field("alert", "警戒水位", unit="m", default=None),
         Field("guarantee", "保证水位", unit="m", default=None), Field("record", "历史最高水位", unit="m", default=None),
         positive("return_period_years", "重现期", "年", None)),
        warning, {"signal": "暴雨", "p3": 52, "p6": 80, "p12": 90}, plot=pictures.warning,
    ),
)  # fmt: skip
