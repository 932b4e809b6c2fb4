"""What a document of a weather service is, by its first bytes."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from anlan.gateways.feeds.contract import Coming, FeedError, Parsed, Refused, number
from anlan.gateways.feeds.weather import binary
from anlan.gateways.feeds.weather.metar import NAMES, UNITS, report
from anlan.gateways.readings import Reading
from anlan.kernel import clock

#: CMA's column -> our code; factor.
COLUMNS = {
    "TEM": "TEM", "DPT": "DPT", "RHU": "RHU", "PRS": "PRS", "VIS": "VIS", "VIS_HOR_1MI": "VIS", "PRE_1h": "PRE_1h",
    "WIN_S_Avg_1mi": "WIN_S", "WIN_D_Avg_1mi": "WIN_D", "WIN_S_Avg_2mi": "WIN_S", "WIN_D_Avg_2mi": "WIN_D",
    "WIN_S_Gust_Max": "GUST",
}  # fmt: skip
#: Values from here on say why there is none (999999 missing, 999998 trace or special).
MISSING = 999_990.0
#: Q codes: 0, 3, 4, 9 usable; 1, 2 suspect or wrong; 7, 8 nothing there.
FLAGS = {"1": "Q", "2": "Q"}
NOTHING = {"7", "8"}


def parse(data: bytes) -> Parsed:
    """Readings of a document, and fields for the places that are registered. FeedError when it is none of the shapes."""
    head = data.lstrip(b"\xef\xbb\xbf \t\r\n\x01\x03")
    if b"BUFR" in data[:4096]:
        return parse_bufr(data)
    if b"GRIB" in data[:4096]:
        return parse_grib(data)
    if head[:1] == b"<":
        return parse_cma(data)
    if head.startswith(b"station,issued_at,valid_at,quantity,value"):
        return parse_forecast(head.decode("utf-8", errors="replace"))
    return parse_metar(data.decode("ascii", errors="replace"))


def parse_forecast(text: str) -> Parsed:
    """Forecast of points as a table: station, issued_at, valid_at (ISO 8601 with zone), quantity (our code or its name), value."""
    found = Parsed()
    for line, row in enumerate(csv.DictReader(text.splitlines()), 2):
        try:
            found.coming.append(coming_of(row))
        except ValueError as error:
            found.refused.append(Refused(f"第 {line} 行", str(error), str(row)[:400]))
    return found


def coming_of(row: dict[str, str | None]) -> Coming:
    quantity = QUANTITIES.get(row["quantity"] or "", row["quantity"] or "")
    if quantity not in LIMITS:
        raise ValueError(f"quantity“{row['quantity']}”不认识，允许：{'、'.join([*QUANTITIES, *LIMITS])}")
    issued, valid = (moment_of(row, name) for name in ("issued_at", "valid_at"))
    value = number(row["value"], quantity, *LIMITS[quantity])
    return Coming((row["station"] or "").strip(), quantity, issued, valid, value)


def moment_of(row: dict[str, str | None], name: str) -> datetime:
    at = datetime.fromisoformat(row[name] or "")
    if at.tzinfo is None:
        raise ValueError(f"{name}“{row[name]}”没有时区")
    return at.astimezone(UTC)


#: Our codes of elements as datastreams name their quantities, and what values may be.
QUANTITIES = {
    "TEM": "气温", "RHU": "相对湿度", "WIN_S": "风速", "WIN_D": "风向", "GUST": "阵风", "VIS": "能见度", "PRE_1h": "小时雨量",
    "SNOW_1h": "小时雪量", "GST": "地面温度", "RST": "路面温度", "TS_P": "雷电概率", "HAIL_P": "冰雹概率",
}  # fmt: skip
LIMITS = {
    "气温": (-60, 60, "℃"), "相对湿度": (0, 100, "%"), "风速": (0, 100, "m/s"), "风向": (0, 360, "°"), "阵风": (0, 120, "m/s"),
    "能见度": (0, 100_000, "m"), "小时雨量": (0, 300, "mm"), "小时雪量": (0, 100, "mm"), "地面温度": (-60, 90, "℃"),
    "路面温度": (-60, 90, "℃"), "雷电概率": (0, 1, ""), "冰雹概率": (0, 1, ""),
}  # fmt: skip


def parse_metar(text: str) -> Parsed:
    found, now = Parsed(), clock.now()
    for count, line in enumerate(reports(text), 1):
        try:
            found.readings.extend(report(line, now))
        except ValueError as error:
            found.refused.append(Refused(f"第 {count} 份报", str(error), line[:400]))
    if not found.readings and not any("Z" in one.raw for one in found.refused):
        raise FeedError("应为 METAR、天擎 XML、BUFR 或 GRIB")
    return found


def reports(text: str) -> list[str]:
    """One a line, or ended by `=` over several lines."""
    parts = text.split("=") if "=" in text else text.splitlines()
    return [" ".join(part.split()) for part in parts if part.strip()]


def parse_cma(data: bytes) -> Parsed:
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FeedError(f"不是可读的 XML：{error}") from error
    if root.tag != "DS":
        raise FeedError(f"根元素 {str(root.tag)[:40]} 不是 DS（天擎）")
    if root.get("returnCode", "0") != "0":
        raise FeedError(f"天擎返回 {root.get('returnCode')}：{root.get('returnMessage', '')[:200]}")
    found = Parsed()
    for index, row in enumerate(root.findall("R")):
        try:
            found.readings.extend(row_of({str(k): str(v) for k, v in row.attrib.items()}))
        except ValueError as error:
            found.refused.append(Refused(f"R[{index}]", str(error), str(dict(row.attrib))[:4000]))
    return found


def row_of(row: dict[str, str]) -> list[Reading]:
    station = row.get("Station_Id_C", "").strip()
    if not station:
        raise ValueError("没有 Station_Id_C")
    try:
        parts = [int(float(row[name])) for name in ("Year", "Mon", "Day", "Hour")]
        at = datetime(parts[0], parts[1], parts[2], parts[3], int(float(row.get("Min", "0"))), tzinfo=UTC)
    except (KeyError, ValueError, OverflowError) as error:
        raise ValueError(f"时间读不懂：{error}") from error
    readings: dict[str, Reading] = {}
    for column, code in COLUMNS.items():
        if column not in row or code in readings:
            continue
        quality = row.get(f"Q_{column}", "0")
        try:
            said = float(row[column])
        except ValueError as error:
            raise ValueError(f"{column} 的值“{row[column][:20]}”不是数") from error
        value = None if quality in NOTHING or not said < MISSING else said
        readings[code] = Reading(station, code, value, UNITS[code], at, NAMES[code], FLAGS.get(quality, "N"))
    return list(readings.values())


def parse_bufr(data: bytes) -> Parsed:
    found = Parsed()
    for index, message in enumerate(binary.messages(data, b"BUFR")):
        try:
            found.readings.extend(binary.bufr(message))
        except ValueError as error:
            found.refused.append(Refused(f"BUFR[{index}]", str(error)))
    return found


def parse_grib(data: bytes) -> Parsed:
    found, fields = Parsed(), []
    for index, message in enumerate(binary.messages(data, b"GRIB")):
        try:
            field = binary.grib(message)
        except ValueError as error:
            found.refused.append(Refused(f"GRIB[{index}]", str(error)))
            continue
        if field is not None:
            fields.append(field)
    found.fields.extend([*fields, *binary.composed(fields)])
    return found
