"""Lines of strokes. Pure."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta, timezone

from anlan.gateways.feeds.contract import FeedError, Parsed, Refused, Struck, number, place

BEIJING = timezone(timedelta(hours=8))
HEADER = "at,lon,lat,current_ka"
#: number, date, time with fraction of a second, latitude, longitude, current.
ADTD = re.compile(r"\s*\d+\s+(\d{4}-\d{2}-\d{2})\s+(\d{2}:\d{2}:\d{2})(?:\.(\d+))?\s+(\S+)\s+(\S+)\s+(\S+)(?:\s.*)?")


def parse(data: bytes) -> Parsed:
    """Strokes of a document. FeedError when it is none of the two shapes."""
    text = data.decode("utf-8-sig", errors="replace")
    found, rows = Parsed(), text.splitlines()
    table = bool(rows) and rows[0].strip() == HEADER
    for number_, line in enumerate(rows[table:], 1 + table):
        if not line.strip():
            continue
        try:
            found.strokes.append(of_table(line) if table else of_line(line))
        except ValueError as error:
            found.refused.append(Refused(f"第 {number_} 行", str(error), line[:200]))
    if not found.strokes and not table:
        raise FeedError(f"应为首行 {HEADER} 的 CSV，或 ADTD 地闪文本")
    return found


def of_table(line: str) -> Struck:
    parts = next(csv.reader([line]))
    if len(parts) != 4:
        raise ValueError(f"{len(parts)} 列，应为 4 列 {HEADER}")
    at = datetime.fromisoformat(parts[0])
    if at.tzinfo is None:
        raise ValueError(f"时间“{parts[0]}”没有时区")
    return Struck(at, *place(parts[1], parts[2]), number(parts[3], "电流强度", -1000, 1000, " kA"))


def of_line(line: str) -> Struck:
    found = ADTD.fullmatch(line)
    if found is None:
        raise ValueError("不是 序号 日期 时间 纬度 经度 电流强度")
    date, time, fraction, lat, lon, current = found.groups()
    at = datetime.fromisoformat(f"{date}T{time}.{(fraction or '0')[:6]:0<6}").replace(tzinfo=BEIJING)
    return Struck(at, *place(lon, lat), number(current, "电流强度", -1000, 1000, " kA"))
