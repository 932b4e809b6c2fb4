"""Drought, heat and cold, dust, lightning, and the weather risk of slopes from the shell."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from math import isfinite
from typing import Any

import numpy as np

from anlan.cli._engines import pictures
from anlan.cli._engines.contract import Engine, Field, Json, at_least_zero, choice, is_number, positive, read_points
from anlan.hazards.contract import InputError
from anlan.hazards.weather import drought, extremes, geology, mci


def numbers(values: list[Any] | None, path: str, missing: bool = False) -> list[Any]:
    """Numbers of a list; null only where a gap is allowed."""
    for i, value in enumerate(values or []):
        if not (is_number(value) or (missing and value is None)):
            raise InputError(f"{path}[{i}]", value, "数字或 null" if missing else "数字")
    return values or []


def droughts(given: Json) -> Json:
    """One index of a record of months."""
    rain, months = numbers(given["rain_mm"], "rain_mm"), int(given["months"])
    pet: Any = numbers(given["pet_mm"], "pet_mm")
    if given["index"] != "spi" and not pet:
        if not given["temp_c"] or given["latitude"] is None:
            raise InputError("pet_mm", None, "逐月可能蒸散，或 temp_c 与 latitude（Thornthwaite）")
        temp = numbers(given["temp_c"], "temp_c")
        pet = drought.thornthwaite(temp, given["latitude"], int(given["first_month"]))
    classes = drought.SPI_CLASSES
    if given["index"] == "spi":
        values = drought.spi(rain, months)
    elif given["index"] == "spei":
        values = drought.spei(rain, pet, months)
    else:
        values, classes = drought.palmer(rain, pet, given["capacity_mm"]).x, drought.PDSI_CLASSES
    listed = [round(v, 4) if isfinite(v) else None for v in values.tolist()]
    return {
        "index": given["index"], "values": listed, "latest": listed[-1], "class": drought.drought_class(float(values[-1]), classes),
        "clause": "GB/T 20481-2017" if given["index"] != "palmer" else "Palmer 1965（无回溯，示意）",
        "notes": ["拟合用全部记录，按日历月分别进行；首月为第一行所属月份"],
    }  # fmt: skip


def composite(given: Json) -> Json:
    """MCI of the last days of a record of days."""
    rain, temp = numbers(given["rain_mm"], "rain_mm"), numbers(given["temp_c"], "temp_c")
    try:
        first = date.fromisoformat(given["first_day"])
    except ValueError:
        raise InputError("first_day", given["first_day"], "日期，如 1996-01-01") from None
    season = numbers(given["season"], "season") or mci.SEASON
    found = mci.composite(first, rain, temp, range(-int(given["days"]), 0), given["where"], season)
    parts = {name: np.round(getattr(found, name), 3).tolist() for name in ("mci", "spiw60", "mi30", "spi90", "spi150")}
    latest = parts["mci"][-1]
    return {
        "days": [str(day) for day in found.days], **parts, "latest": latest, "class": drought.drought_class(latest),
        "clause": "GB/T 20481-2017 第8章", "notes": ["季节系数 Ka 与权重待核对；非生长季 Ka 为 0"],
    }  # fmt: skip


def heat_cold(given: Json) -> Json:
    heat = extremes.heat_waves(
        numbers(given["tmax_c"], "tmax_c", missing=True), given["limit_c"], int(given["least_days"])
    )
    cold = extremes.cold_waves(numbers(given["tmin_c"], "tmin_c", missing=True)) if given["tmin_c"] else []
    return {
        "heat_waves": [{**asdict(spell), "days": spell.days} for spell in heat],
        "cold_waves": [{**asdict(spell), "days": spell.days} for spell in cold],
        "clause": "QX/T 280-2015（高温日 35 ℃）；GB/T 21987-2017（寒潮）",
        "notes": ["缺测日中断过程，不按 0 处理"],
    }  # fmt: skip


def dust(given: Json) -> Json:
    grade = extremes.dust_grade(given["visibility_m"], given["wind_m_s"], given["dust_seen"])
    return {"grade": grade or None, "clause": "GB/T 20480-2017", "notes": ["能见度须由沙尘造成；雾、霾不按此判"]}


def lightning(given: Json) -> Json:
    rows = read_points(given["strokes"], "strokes", 3, 3)
    west, south, east, north = numbers(given["box"], "box") if len(given["box"]) == 4 else bad_box(given["box"])
    found = extremes.lightning(rows, west, south, east, north, given["cell_km"], given["hours"])
    result: Json = {
        "counts": found.counts.tolist(), "per_km2_h": np.round(found.per_km2_h, 6).tolist(), "total": int(found.counts.sum()),
        "strongest_ka": found.strongest_ka, "positive_share": found.positive_share,
        "notes": ["按 [iy][ix]，iy=0 在南"],
    }  # fmt: skip
    if given["per_minute"]:
        result["jumps_min"] = extremes.lightning_jump(numbers(given["per_minute"], "per_minute"))
    return result


def bad_box(box: Any) -> Any:
    raise InputError("box", box, "[西, 南, 东, 北] 度")


def slopes(given: Json) -> Json:
    rain = numbers(given["daily_mm"], "daily_mm")
    found = geology.risk(rain, given["susceptibility"], given["hourly_mm"], given["forecast_mm"])
    return {**asdict(found), "colour": found.colour or None,
            "clause": "地质灾害气象风险由自然资源与气象部门联合发布；此为内部研判提示"}  # fmt: skip


def draw_index(axes: Any, given: Json, result: Json) -> None:
    values = np.array([np.nan if v is None else v for v in result["values"]])
    axes.fill_between(range(values.size), values, 0, where=values < 0, color="#c63", alpha=0.7)
    axes.fill_between(range(values.size), values, 0, where=values >= 0, color="#39c", alpha=0.7)
    axes.set_xlabel("月")
    axes.set_ylabel(result["index"].upper())


def draw_composite(axes: Any, given: Json, result: Json) -> None:
    days = [date.fromisoformat(day) for day in result["days"]]
    axes.plot(days, result["mci"], color="#b3001b", lw=2, label="MCI")
    for name in ("spiw60", "mi30", "spi90", "spi150"):
        axes.plot(days, result[name], lw=0.8, label=name.upper())
    for limit, words in drought.SPI_CLASSES:
        axes.axhline(limit, color="#999", lw=0.8, ls="--")
        axes.text(days[0], limit, words, fontsize=8, va="top")
    axes.figure.autofmt_xdate()
    axes.set_title(f"{result['days'][-1]} {result['class']}：MCI {result['latest']:g}（GB/T 20481-2017）")
    axes.legend(ncols=5, fontsize=8)


def draw_spells(axes: Any, given: Json, result: Json) -> None:
    for name, words, spells, colour in (
        ("tmax_c", "最高气温", "heat_waves", "#c33"), ("tmin_c", "最低气温", "cold_waves", "#36c")
    ):  # fmt: skip
        if given.get(name):
            axes.plot([np.nan if v is None else v for v in given[name]], color=colour, label=words)
            for spell in result[spells]:
                axes.axvspan(spell["first"] - 0.5, spell["last"] + 0.5, color=colour, alpha=0.2)
    axes.set_xlabel("日")
    axes.set_ylabel("℃")
    axes.legend()


def draw_density(axes: Any, given: Json, result: Json) -> None:
    west, south, east, north = given["box"]
    image = axes.imshow(
        result["per_km2_h"], origin="lower", extent=(west, east, south, north), cmap="magma_r", aspect="auto"
    )
    axes.figure.colorbar(image, ax=axes, label="次/(km²·h)")
    axes.set_xlabel("经度")
    axes.set_ylabel("纬度")


def draw_rain(axes: Any, given: Json, result: Json) -> None:
    axes.bar(range(-len(given["daily_mm"]) + 1, 1), given["daily_mm"], label="日雨量")
    axes.axhline(result["effective_mm"], linestyle="--", color="#c33", label="有效雨量")
    axes.set_xlabel("日（0 为今天）")
    axes.set_ylabel("mm")
    axes.set_title(result["words"])
    axes.legend()


def representative_months() -> list[float]:
    """Thirty years of made-up rain of a dry steppe (示意)."""
    random = np.random.default_rng(7)
    season = np.tile([1, 2, 4, 8, 15, 22, 40, 42, 20, 7, 3, 1.0], 30)
    return [round(float(v), 1) for v in season * random.gamma(2.0, 0.5, season.size)]


def representative_days() -> Json:
    """Twenty-two years of made-up days of a dry steppe, their last two months without rain (示意)."""
    random, first = np.random.default_rng(7), date(2004, 1, 1)
    count = (date(2026, 8, 1) - first).days
    month = np.array([(first + timedelta(days=i)).month for i in range(count)])
    wet = random.random(count) < np.where((month > 4) & (month < 10), 0.22, 0.04)
    rain = np.where(wet, random.gamma(0.8, 6.0, count), 0.0).round(1)
    rain[-60:] = 0.0
    temp = (9 - 16 * np.cos((month - 1) / 6 * np.pi)).round(1)
    return {"first_day": str(first), "rain_mm": rain.tolist(), "temp_c": temp.tolist()}


ENGINES: tuple[Engine, ...] = (
    Engine(
        "drought", "干旱指数 SPI、SPEI、Palmer", "McKee 1993; Vicente-Serrano 2010; Palmer 1965; GB/T 20481-2017",
        (choice("index", "指数", ("spi", "spei", "palmer"), "spi"), Field("rain_mm", "逐月降水（不少于 20 年）", "array"),
         Field("months", "尺度", "integer", "月", low=1, high=48, default=3),
         Field("pet_mm", "逐月可能蒸散", "array", default=None),
         Field("temp_c", "逐月平均气温", "array", default=None),
         Field("latitude", "纬度", unit="°", low=-66, high=66, default=None),
         Field("first_month", "首月", "integer", low=1, high=12, default=1),
         positive("capacity_mm", "土壤有效持水量", "mm", 150.0)),
        droughts, {"index": "spi", "months": 3, "rain_mm": representative_months()}, plot=draw_index,
    ),
    Engine(
        "drought-mci", "气象干旱综合指数 MCI", "GB/T 20481-2017 第8章",
        (Field("first_day", "首日", "string"), Field("rain_mm", "逐日降水（不少于 20 年零 150 天）", "array"),
         Field("temp_c", "逐日平均气温", "array"), Field("days", "输出最近", "integer", "天", low=1, high=3650, default=90),
         choice("where", "权重", tuple(mci.WEIGHTS), "north"), Field("season", "各月季节系数 Ka", "array", default=None)),
        composite, representative_days(), plot=draw_composite,
    ),
    Engine(
        "heat-cold", "高温与寒潮过程", "QX/T 280-2015; GB/T 21987-2017",
        (Field("tmax_c", "逐日最高气温", "array"), Field("tmin_c", "逐日最低气温", "array", default=None),
         Field("limit_c", "高温界限", unit="℃", low=20, high=50, default=35.0),
         Field("least_days", "最少连续天数", "integer", low=1, high=60, default=3)),
        heat_cold,
        {"tmax_c": [31, 35.5, 36.2, 38, 33, 20, 9, 8], "tmin_c": [18, 20, 21, 22, 17, 10, -1, -3]}, plot=draw_spells,
    ),
    Engine(
        "dust", "沙尘天气等级", "GB/T 20480-2017",
        (at_least_zero("visibility_m", "水平能见度", "m"), at_least_zero("wind_m_s", "平均风速", "m/s", None, 100),
         Field("dust_seen", "由沙尘造成", "boolean", default=True)),
        dust, {"visibility_m": 430, "wind_m_s": 16}, plot=pictures.dust,
    ),
    Engine(
        "lightning", "地闪密度与跃增", "Schultz 等 2009",
        (Field("strokes", "地闪 [[经度, 纬度, kA], ...]", "array"), Field("box", "[西, 南, 东, 北]", "array"),
         positive("cell_km", "格距", "km", 10.0, 500), positive("hours", "时长", "h", 1.0, 8784),
         Field("per_minute", "逐分钟地闪数", "array", default=None)),
        lightning,
        {"strokes": [[106.82, 39.66, -23.5], [106.83, 39.67, -41.0], [106.71, 39.48, 18.2]],
         "box": [106.5, 39.0, 107.2, 40.0], "cell_km": 10, "hours": 1},
        plot=draw_density,
    ),
    Engine(
        "geological-risk", "地质灾害气象风险研判", "RULES 2.5；有效雨量法，阈值为本平台参数（待核对）",
        (Field("daily_mm", "逐日雨量（今天在后）", "array"), choice("susceptibility", "易发程度", geology.SUSCEPTIBILITY),
         at_least_zero("hourly_mm", "最大 1 小时雨量", "mm", None, 2000),
         at_least_zero("forecast_mm", "未来 24 小时预报", "mm", 0.0, 2000)),
        slopes, {"daily_mm": [0, 12, 5, 31], "susceptibility": "高易发", "hourly_mm": 18}, plot=draw_rain,
    ),
)  # fmt: skip
