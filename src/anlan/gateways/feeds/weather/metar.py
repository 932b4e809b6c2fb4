"""METAR and SPECI (WMO-No. 306 vol. I.1, FM 15-16): wind, visibility, temperature, dew point, pressure. Pure."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from anlan.gateways.readings import Reading

KNOT, MILE, INCH_HG = 0.514444, 1609.344, 33.8639
HEAD = re.compile(r"(?:METAR |SPECI )?(?:COR )?([A-Z][A-Z0-9]{3}) (\d{2})(\d{2})(\d{2})Z (.*)", re.DOTALL)
WIND = re.compile(r"(\d{3}|VRB|///)P?(\d{2,3}|//)(?:GP?(\d{2,3}))?(KT|MPS|KMH)")
METRES = re.compile(r"(\d{4})(?:NDV)?|(\d{1,2})KM")
MILES = re.compile(r"[PM]?(?:(\d{1,2})|(\d)/(\d{1,2}))SM")
HEAT = re.compile(r"(M?\d{2}|//)/(M?\d{2}|//)?")
PRESSURE = re.compile(r"([QA])(\d{4})")
TENTHS = re.compile(r"T([01])(\d{3})(?:([01])(\d{3}))?")


def report(line: str, now: datetime) -> list[Reading]:
    """The readings of one report. ValueError when it is none."""
    found = HEAD.fullmatch(line.strip().rstrip("=$").strip())
    if found is None:
        raise ValueError("不是 METAR/SPECI：应以四字代码和 ddHHmmZ 开头")
    station, day, hour, minute, rest = found.groups()
    at = moment(int(day), int(hour), int(minute), now)
    body, _, remarks = rest.partition(" RMK")
    values: dict[str, float | None] = {}
    words = body.split()
    for index, word in enumerate(words):
        if word in ("TEMPO", "BECMG", "NOSIG"):
            break
        take(word, words[index - 1] if index else "", values)
    if exact := TENTHS.search(remarks):
        values["TEM"] = signed(exact[1], exact[2])
        if exact[3]:
            values["DPT"] = signed(exact[3], exact[4])
    if values.get("TEM") is not None and values.get("DPT") is not None:
        values["RHU"] = humidity(values["TEM"], values["DPT"])  # type: ignore[arg-type]
    return [Reading(station, code, value, UNITS[code], at, NAMES[code]) for code, value in values.items()]


def take(word: str, before: str, values: dict[str, float | None]) -> None:
    if "WIN_S" not in values and (wind := WIND.fullmatch(word)):
        factor = {"KT": KNOT, "MPS": 1.0, "KMH": 1 / 3.6}[wind[4]]
        values["WIN_D"] = float(wind[1]) if wind[1].isdigit() else None
        values["WIN_S"] = round(int(wind[2]) * factor, 2) if wind[2].isdigit() else None
        if wind[3]:
            values["GUST"] = round(int(wind[3]) * factor, 2)
    elif "VIS" not in values and word == "CAVOK":
        values["VIS"] = 10_000.0
    elif "VIS" not in values and (metres := METRES.fullmatch(word)):
        values["VIS"] = float(metres[2]) * 1000 if metres[2] else 10_000.0 if metres[1] == "9999" else float(metres[1])
    elif "VIS" not in values and (miles := MILES.fullmatch(word)):
        part = float(miles[1]) if miles[1] else int(miles[2]) / int(miles[3])
        whole = int(before) if miles[2] and before.isdigit() and len(before) == 1 else 0
        values["VIS"] = round((whole + part) * MILE)
    elif "TEM" not in values and (heat := HEAT.fullmatch(word)):
        values["TEM"] = degrees(heat[1])
        values["DPT"] = degrees(heat[2] or "//")
    elif "PRS" not in values and (pressure := PRESSURE.fullmatch(word)):
        values["PRS"] = float(pressure[2]) if pressure[1] == "Q" else round(int(pressure[2]) / 100 * INCH_HG, 1)


def degrees(word: str) -> float | None:
    return None if word == "//" else float(word.replace("M", "-"))


def signed(sign: str, tenths: str) -> float:
    return (-1 if sign == "1" else 1) * int(tenths) / 10


def humidity(temperature: float, dew: float) -> float:
    """Relative humidity, %, by Magnus over water (WMO-No. 8 annex 4.B)."""

    def vapour(t: float) -> float:
        return math.exp(17.62 * t / (243.12 + t))

    return round(min(100.0, 100 * vapour(dew) / vapour(temperature)), 1)


def moment(day: int, hour: int, minute: int, now: datetime) -> datetime:
    """Day of month and time: the newest such instant that is not more than a day ahead of `now`."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for month in (first + timedelta(days=32), first, first - timedelta(days=1), first - timedelta(days=32)):
        try:
            at = month.replace(day=day, hour=hour, minute=minute)
        except ValueError:
            continue
        if at <= now + timedelta(days=1):
            return at
    raise ValueError(f"日时 {day:02d}{hour:02d}{minute:02d}Z 不可能")


NAMES = {
    "TEM": "气温", "DPT": "露点", "RHU": "相对湿度", "PRS": "气压", "WIN_S": "风速", "WIN_D": "风向", "GUST": "阵风",
    "VIS": "能见度", "PRE_1h": "小时降水",
}  # fmt: skip
UNITS = {
    "TEM": "℃", "DPT": "℃", "RHU": "%", "PRS": "hPa", "WIN_S": "m/s", "WIN_D": "°", "GUST": "m/s", "VIS": "m", "PRE_1h": "mm",
}  # fmt: skip
