"""What the criteria of warnings are verified against: the tables of the order and of the standards, typed in row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from anlan.hazards.verified import Verified
from anlan.hazards.weather import fire_danger as grades
from anlan.monitoring.rules import signals

ORDER = "中国气象局令第16号（2007）"
LY1172 = "LY/T 1172-1995"
NOTES = """
Rows of truth tables: 1 says that the colour (or class) is reached, 0 that it is not. Every figure of the order stands twice, once
met and once missed by the smallest step. Typhoon, lightning, hail and icy roads, told by words in the order, are in `weather.md`.
Table C of LY/T 1172-1995 is from recall, its last column doubtful: 待核对. The index formulas of GB/T 36743-2018 and of
GB/T 29366-2012 were not found: their five grades are reached from the Canadian FWI with the class limits of EFFIS, 待核对.
"""
#: signal -> colour -> (seen that meets the criterion, seen that just misses it), most severe first.
Seen = Mapping[str, float]
TABLE: dict[str, dict[str, tuple[tuple[Seen, Seen], ...]]] = {
    "暴雨": {
        "红": (({"p3": 100}, {"p3": 99.9}),), "橙": (({"p3": 50}, {"p3": 49.9}),), "黄": (({"p6": 50}, {"p6": 49.9}),),
        "蓝": (({"p12": 50}, {"p12": 49.9}),),
    },
    "暴雪": {
        "红": (({"snow6": 15}, {"snow6": 14.9}),), "橙": (({"snow6": 10}, {"snow6": 9.9}),),
        "黄": (({"snow12": 6}, {"snow12": 5.9}),), "蓝": (({"snow12": 4}, {"snow12": 3.9}),),
    },
    "寒潮": {
        "红": (({"drop24": 16, "tmin": 0, "mean_wind_class": 6}, {"drop24": 15.9, "tmin": 0, "mean_wind_class": 6}),),
        "橙": (
            ({"drop24": 12, "tmin": 0, "mean_wind_class": 6}, {"drop24": 11.9, "tmin": 0, "mean_wind_class": 6}),
            ({"drop24": 12, "tmin": 0, "mean_wind_class": 6}, {"drop24": 12, "tmin": 0.1, "mean_wind_class": 6}),
        ),
        "黄": (
            ({"drop24": 10, "tmin": 4, "mean_wind_class": 6}, {"drop24": 9.9, "tmin": 4, "mean_wind_class": 6}),
            ({"drop24": 10, "tmin": 4, "mean_wind_class": 6}, {"drop24": 10, "tmin": 4, "mean_wind_class": 5}),
        ),
        "蓝": (
            ({"drop48": 8, "tmin": 4, "mean_wind_class": 5}, {"drop48": 7.9, "tmin": 4, "mean_wind_class": 5}),
            ({"drop48": 8, "tmin": 4, "mean_wind_class": 5}, {"drop48": 8, "tmin": 4.1, "mean_wind_class": 5}),
            ({"drop48": 8, "tmin": 4, "mean_wind_class": 5}, {"drop48": 8, "tmin": 4, "mean_wind_class": 4}),
        ),
    },
    "大风": {
        "红": (({"mean_wind_class": 12}, {"mean_wind_class": 11}), ({"gust_class": 13}, {"gust_class": 12})),
        "橙": (({"mean_wind_class": 10}, {"mean_wind_class": 9}), ({"gust_class": 11}, {"gust_class": 10})),
        "黄": (({"mean_wind_class": 8}, {"mean_wind_class": 7}), ({"gust_class": 9}, {"gust_class": 8})),
        "蓝": (({"mean_wind_class": 6}, {"mean_wind_class": 5}), ({"gust_class": 7}, {"gust_class": 6})),
    },
    "沙尘暴": {
        "红": (({"dust_visibility_m": 49}, {"dust_visibility_m": 50}),),
        "橙": (({"dust_visibility_m": 499}, {"dust_visibility_m": 500}),),
        "黄": (({"dust_visibility_m": 999}, {"dust_visibility_m": 1000}),),
    },
    "高温": {
        "红": (({"tmax24": 40}, {"tmax24": 39.9}),), "橙": (({"tmax24": 37}, {"tmax24": 36.9}),),
        "黄": (({"tmax_least_of_3_days": 35}, {"tmax_least_of_3_days": 34.9}),),
    },
    "干旱": {
        "红": (({"drought_years": 50}, {"drought_years": 49}), ({"dry_crops_pct": 60}, {"dry_crops_pct": 59.9})),
        "橙": (({"drought_years": 25}, {"drought_years": 24}), ({"dry_crops_pct": 40}, {"dry_crops_pct": 39.9})),
    },
    "霜冻": {
        "橙": (({"ground_tmin24": -5.1}, {"ground_tmin24": -5}),), "黄": (({"ground_tmin24": -3.1}, {"ground_tmin24": -3}),),
        "蓝": (({"ground_tmin48": -0.1}, {"ground_tmin48": 0}),),
    },
    "大雾": {
        "红": (({"fog_visibility_m": 49}, {"fog_visibility_m": 50}),),
        "橙": (({"fog_visibility_m": 199}, {"fog_visibility_m": 200}),),
        "黄": (({"fog_visibility_m": 499}, {"fog_visibility_m": 500}),),
    },
    "霾": {
        "橙": (({"haze_visibility_m": 1999}, {"haze_visibility_m": 2000}),),
        "黄": (({"haze_visibility_m": 2999}, {"haze_visibility_m": 3000}),),
    },
}  # fmt: skip
#: Scores of LY/T 1172-1995: (figure, score) at both ends of every class.
TMAX = ((5.0, 0), (5.1, 4), (10.0, 4), (10.1, 8), (15.0, 8), (15.1, 12), (20.0, 12), (20.1, 16), (25.0, 16), (25.1, 20))
HUMIDITY = ((71, 0), (70, 4), (61, 4), (60, 8), (51, 8), (50, 12), (41, 12), (40, 16), (31, 16), (30, 20))
WIND = ((0.2, 0), (0.3, 5), (1.5, 5), (1.6, 10), (3.3, 10), (3.4, 15), (5.4, 15), (5.5, 20), (7.9, 20), (8.0, 25), (10.7, 25),
        (10.8, 30), (13.8, 30), (13.9, 35), (17.1, 35), (17.2, 40))  # fmt: skip
COVER = (("100%", 20), ("75%", 15), ("50%", 10), ("20%", 5), ("0%", 0))
#: Millimetres of the last rain at both ends of a class, and its scores by days since, 0 to 9.
RAIN = (
    ((0.3, 2.0), (10, 15, 20, 25, 30, 35, 40, 45, 50, 50)), ((2.1, 5.0), (5, 10, 15, 20, 25, 30, 35, 40, 45, 50)),
    ((5.1, 10.0), (0, 5, 10, 15, 20, 25, 30, 35, 40, 45)), ((10.1, 80.0), (0, 0, 5, 10, 15, 20, 25, 30, 35, 40)),
)  # fmt: skip
#: HTZ at both ends of every level: what gives it (degC, %, mm, days, m/s, cover), HTZ, level.
LEVELS = (
    ((5.0, 71, 1.0, 3, 0.2, "0%"), 25, 1), ((10.1, 60, 1.0, 0, 0.2, "0%"), 26, 2), ((5.0, 71, 1.0, 8, 0.2, "0%"), 50, 2),
    ((10.1, 60, 1.0, 5, 0.2, "0%"), 51, 3), ((20.1, 40, 1.0, 6, 0.2, "0%"), 72, 3), ((5.1, 70, 1.0, 8, 3.4, "0%"), 73, 4),
    ((25.1, 30, 1.0, 8, 0.2, "0%"), 90, 4), ((25.1, 40, 1.0, 8, 0.3, "0%"), 91, 5),
)  # fmt: skip


def rows(shared: Path | None) -> Iterator[Verified]:
    del shared
    yield from order_16()
    yield from scales()
    yield from rivers()
    yield from fire_index()
    yield from fire_grades()


def of(case: str, source: str, expected: float, ours: float, unit: str = "", note: str = "") -> Verified:
    """A row of a truth table: no error is allowed."""
    return Verified(case, source, float(expected), float(ours), unit, 0.0, False, note)


def reaches(name: str, seen: Seen, colour: str) -> bool:
    """Whether the observations prove this colour or a more severe one."""
    found = signals.weather_signal(name, seen).colour
    return bool(found) and signals.COLOURS.index(found) <= signals.COLOURS.index(colour)


def order_16() -> Iterator[Verified]:
    for name, colours in TABLE.items():
        for colour, cases in colours.items():
            for met, missed in cases:
                exact = signals.weather_signal(name, met).colour == colour
                yield of(f"{name}{colour}色: {told(met)}", ORDER, 1, exact)
                yield of(f"{name}{colour}色 just missed: {told(missed)}", ORDER, 0, reaches(name, missed, colour))
    unseen = sum(bool(signals.weather_signal(name, {}).colour) for name in TABLE)
    yield of("signals raised where nothing was observed", ORDER, 0, unseen)


def told(seen: Seen) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in seen.items())


def scales() -> Iterator[Verified]:
    limits = (8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5, 46.2, 51.0, 56.1)
    for force, m_s in enumerate(limits, 5):
        yield of(f"wind of {m_s:g} m/s", "GB/T 28591", force, signals.wind_force(m_s), "级")
        yield of(f"wind of {m_s - 0.1:g} m/s", "GB/T 28591", force - 1, signals.wind_force(m_s - 0.1), "级")
    rain = (
        (0.1, 10, "小雨"),
        (10, 25, "中雨"),
        (25, 50, "大雨"),
        (50, 100, "暴雨"),
        (100, 250, "大暴雨"),
        (250, 900, "特大暴雨"),
    )
    snow = (
        (0.1, 2.5, "小雪"),
        (2.5, 5, "中雪"),
        (5, 10, "大雪"),
        (10, 20, "暴雪"),
        (20, 30, "大暴雪"),
        (30, 90, "特大暴雪"),
    )
    for table, level in ((rain, signals.rain_level), (snow, signals.snow_level)):
        for low, high, name in table:
            right = level(low) == name and level(high - 0.1) == name
            yield of(f"{name}: {low:g} and {high - 0.1:g} mm in 24 h", "GB/T 28592-2012", 1, right)


def rivers() -> Iterator[Verified]:
    """Alert 10 m, guarantee 11 m, highest known 12 m; 接近 is within 0.20 m, 待核对."""
    for stage, colour in (
        (12.0, "红"),
        (11.99, "橙"),
        (11.0, "橙"),
        (10.99, "黄"),
        (10.0, "黄"),
        (9.8, "蓝"),
        (9.79, ""),
    ):
        found = signals.flood_warning(stage, 10.0, 11.0, 12.0).colour
        note = "“接近”取 0.20 m，待核对" if stage < 10 else ""
        yield of(f"flood at {stage:g} m is {colour or 'none'}", "SL 758-2018", 1, found == colour, "", note)
    for years, colour in ((50, "红"), (20, "橙"), (5, "黄")):
        found = signals.flood_warning(None, None, None, None, years).colour
        yield of(f"flood of {years} years is {colour}", "SL 758-2018", 1, found == colour)


def fire_index() -> Iterator[Verified]:
    """A to E of LY/T 1172-1995 at both ends of their classes, the levels, and the worked case of the fact book."""
    case = {"tmax": 5.0, "rh_min": 71.0, "last_rain_mm": 1.0, "days_since": 0, "wind_ms": 0.0, "green": "0%"}
    tables = (
        ("A", "tmax", "℃", TMAX),
        ("B", "rh_min", "%", HUMIDITY),
        ("D", "wind_ms", "m/s", WIND),
        ("E", "green", "", COVER),
    )
    for letter, field, unit, table in tables:
        for figure, score in table:
            ours = getattr(signals.fire_danger(**(case | {field: figure})), letter)
            yield of(f"{letter} of {field} {figure} {unit}".strip(), LY1172, score, ours)
    for span, scores in RAIN:
        for mm in span:
            for days, score in enumerate(scores):
                ours = signals.fire_danger(**(case | {"last_rain_mm": mm, "days_since": days})).C
                yield of(f"C of {mm:g} mm {days} d ago", LY1172, score, ours, "", "待核对")
    yield of("C of less than 0.3 mm", LY1172, 50, signals.fire_danger(**(case | {"last_rain_mm": 0.2})).C)
    for given, total, level in LEVELS:
        found = signals.fire_danger(*given)
        yield of(f"HTZ of {given}", LY1172, total, found.HTZ)
        yield of(f"level of HTZ {total}", LY1172, level, found.level)
    worked = signals.fire_danger(27.3, 22, 1.0, 5, 9.2, "20%")
    yield of("27.3 ℃, 22 %, 1.0 mm 5 d ago, 9.2 m/s, 20 % green: HTZ", LY1172, 95, worked.HTZ)
    yield of("... its level", LY1172, 5, worked.level)


def fire_grades() -> Iterator[Verified]:
    """Names and colours of GB/T 36743-2018; the limits are those of EFFIS on the Canadian index."""
    named = (
        ("低", "绿", 0.0, 5.1),
        ("较低", "蓝", 5.2, 11.1),
        ("较高", "黄", 11.2, 21.2),
        ("高", "橙", 21.3, 37.9),
        ("极高", "红", 38.0, 120.0),
    )
    for level, (name, colour, low, high) in enumerate(named, 1):
        found = [grades.grade_of(fwi) for fwi in (low, high)]
        right = all((one.level, one.name, one.colour) == (level, name, colour) for one in found)
        yield of(
            f"{name}（{colour}）: FWI {low:g} to {high:g}",
            "GB/T 36743-2018 names; EFFIS limits",
            1,
            right,
            "",
            "待核对",
        )
    for level, colour in enumerate(("", "蓝", "黄", "橙", "红"), 1):
        right = grades.signal_of([level]) == colour
        yield of(f"森林火险预警信号 of level {level}: {colour or '无'}", "LY/T 2578", 1, right, "", "待核对")
