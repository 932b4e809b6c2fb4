"""Pictures of answers that are a few numbers: against the limits that decided them, or as the shape they stand for."""

from __future__ import annotations

from datetime import datetime
from math import cos, radians, sin
from typing import Any

from anlan.cli._engines.contract import Json
from anlan.hazards.plane import ellipse
from anlan.hazards.seismic import intensities
from anlan.hazards.wildfire import burnt
from anlan.monitoring.rules import signals

#: Colours of warnings, and of zones by level.
HEX = {"红": "#d6342c", "橙": "#e8833a", "黄": "#e8c53a", "蓝": "#4a90d0"}
LEVEL = {1: "#d6342c", 2: "#e8833a", 3: "#e8c53a", 4: "#4a90d0"}
#: GB/T 20480-2017, visibility (m) below which a grade holds.
DUST = ((50, "特强沙尘暴"), (500, "强沙尘暴"), (1000, "沙尘暴"), (10_000, "扬沙"))

#: 国务院令第493号第三条: least figures of the grades.
ACCIDENT = (
    ("deaths", "死亡", (("较大", 3), ("重大", 10), ("特别重大", 30))),
    ("serious_injuries", "重伤", (("较大", 10), ("重大", 50), ("特别重大", 100))),
    ("direct_loss_yuan", "直接损失", (("较大", 1e7), ("重大", 5e7), ("特别重大", 1e8))),
)


def behaviour(axes: Any, given: Json, result: Json) -> None:
    """What burns in an hour from one point: the ellipse of this head, and the way of the head."""
    major, minor, ahead = burnt(result["ros_m_min"], result["length_to_width"], 1.0)
    ring = ellipse(major, minor, result["direction_deg"], ahead)
    axes.fill([x for x, _ in ring], [y for _, y in ring], color="#ff6a2b", alpha=0.35, label="1 小时火场")
    way, towards = result["ros_m_min"] * 60, radians(result["direction_deg"])
    axes.annotate("", (way * sin(towards), way * cos(towards)), (0, 0), arrowprops={"arrowstyle": "->"})
    axes.plot([0], [0], "k*", label="起火点")
    axes.set_aspect("equal")
    axes.set_xlabel("向东 m")
    axes.set_ylabel("向北 m")
    axes.set_title(
        f"{given['fuel']}：火头 {result['ros_m_min']:.1f} m/min，火焰 {result['flame_length_m']:.1f} m（模型推算）"
    )
    axes.legend()


def fire_weather(axes: Any, given: Json, result: Any) -> None:
    """The six codes day by day."""
    del given
    days = result if isinstance(result, list) else [result]
    for name in ("FFMC", "DMC", "DC", "ISI", "BUI", "FWI"):
        axes.plot(
            range(1, len(days) + 1), [day[name] for day in days], marker="o", label=name, lw=3 if name == "FWI" else 1
        )
    axes.set_xlabel("日")
    axes.set_title("加拿大火险天气指数")
    axes.legend(ncols=3)


def danger(axes: Any, given: Json, result: Json) -> None:
    """Points of the table, and the levels they add up to."""
    del given
    names = {"A": "气温", "B": "湿度", "C": "降水", "D": "风", "E": "绿覆盖"}
    values = [-result[key] if key == "E" else result[key] for key in names]
    axes.bar([*names.values(), "HTZ"], [*values, result["HTZ"]], color=["#7891b0"] * 5 + ["#e8833a"])
    for limit in (26, 51, 73, 91):
        axes.axhline(limit, color="#999", lw=0.8, ls="--")
    axes.set_title(f"HTZ {result['HTZ']}：{result['level']} 级 {result['name']}（LY/T 1172-1995）")


def rain(axes: Any, given: Json, result: Json) -> None:
    """The amount against the limits of the classes."""
    wet = given.get("rain_mm_24h") is not None
    value = given["rain_mm_24h"] if wet else given["snow_mm_24h"]
    bands = signals.RAIN_24H if wet else signals.SNOW_24H
    against(axes, value, [(limit, name) for limit, name in bands], "24 小时 mm")
    axes.set_title(f"{value:g} mm：{result['level' if wet else 'snow_level']}（GB/T 28592-2012）")


def dust(axes: Any, given: Json, result: Json) -> None:
    """Visibility against the limits of the grades."""
    against(axes, given["visibility_m"], list(DUST), "水平能见度 m")
    axes.set_xscale("log")
    axes.set_title(f"能见度 {given['visibility_m']:g} m：{result['grade'] or '未达沙尘天气'}（GB/T 20480-2017）")


def against(axes: Any, value: float, limits: list[tuple[float, str]], label: str) -> None:
    axes.barh([0], [value], height=0.4, color="#4a90d0")
    for limit, name in limits:
        axes.axvline(limit, color="#d6342c", ls="--", lw=1)
        axes.text(limit, 0.32, name, rotation=90, va="bottom", ha="right", fontsize=8)
    axes.set_ylim(-0.5, 1.0)
    axes.set_yticks([])
    axes.set_xlabel(label)


def instrument(axes: Any, given: Json, result: Json) -> None:
    """Intensity by acceleration and by velocity, and what the standard makes of both."""
    by_a, by_v, _ = intensities(given["pga_m_s2"], given["pgv_m_s"])
    names = (f"按加速度 {given['pga_m_s2']:g} m/s²", f"按速度 {given['pgv_m_s']:g} m/s", "仪器测定地震烈度")
    axes.barh(names, [by_a, by_v, result["intensity"]], color=["#7891b0", "#7891b0", "#d6342c"])
    axes.set_xlim(0, 12.5)
    axes.set_xticks(range(1, 13))
    axes.invert_yaxis()
    axes.set_xlabel("度")
    axes.set_title(f"{result['intensity']:g} 度，定为 {result['degree']} 度（GB/T 17742-2020 附录 A）")


def accident(axes: Any, given: Json, result: Json) -> None:
    """Each figure over the limit of each grade it has reached or not: above 1 it is reached."""
    rows = [
        (f"{title}：{grade}", given[name] / limit)
        for name, title, limits in ACCIDENT
        if given.get(name) is not None
        for grade, limit in limits
    ]
    axes.barh([words for words, _ in rows], [share for _, share in rows], color="#e8833a")
    axes.axvline(1.0, color="#333", lw=1)
    axes.set_xlabel("数值 / 该等级起点")
    axes.set_title(f"{result['grade']}事故（{result['clause']}）")


def deadlines(axes: Any, given: Json, result: list[Json]) -> None:
    """Reports on the clock, from when it was known."""
    start = datetime.fromisoformat(given["known_at"])
    hours = [(datetime.fromisoformat(row["due_at"]) - start).total_seconds() / 3600 for row in result]
    axes.barh([row["what"] for row in result], hours, color="#4a90d0")
    axes.invert_yaxis()
    axes.set_xlabel(f"接报后 h（{start:%Y-%m-%d %H:%M}）")
    axes.set_title(f"{given['grade']}事故的报告时限")


def warning(axes: Any, given: Json, result: Json) -> None:
    """What was observed over the figure of each criterion it is asked by: from 1 on a criterion of "at least" is met."""
    rows = [
        (f"{name}{criterion.colour}：{test.words}", given[test.field] / test.figure, HEX[criterion.colour])
        for name in ([given["signal"]] if given.get("signal") in signals.SIGNALS else signals.SIGNALS)
        for criterion in signals.SIGNALS[name].criteria
        for test in (*criterion.every, *criterion.either)
        if given.get(test.field) is not None and test.figure
    ]
    axes.barh([words for words, _, _ in rows], [share for _, share, _ in rows], color=[colour for _, _, colour in rows])
    axes.axvline(1.0, color="#333", lw=1)
    axes.set_xlabel("观测值 / 标准值")
    axes.set_title(f"{result['signal'] or '未达标准'}（内部研判）")


def zones(axes: Any, given: Json, result: Json) -> None:
    """The zones as the map draws them, the worst on top."""
    for zone in reversed(result["zones"]):
        shape = zone["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        for index, part in enumerate(parts):
            ring = part[0]
            axes.fill(
                [p[0] for p in ring], [p[1] for p in ring], color=LEVEL[zone["level"]], alpha=0.4,
                label="" if index else zone["name"],
            )  # fmt: skip
    axes.plot([given["lon"]], [given["lat"]], "k+")
    axes.set_aspect(1 / cos(radians(given["lat"])))
    axes.set_title(f"{result['model']}（模型推算）")
    if result["zones"]:
        axes.legend()
