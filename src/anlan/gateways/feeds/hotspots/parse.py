"""FIRMS hotspots. The header decides what a file is, not the name of the product. Times are UTC."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

from anlan.gateways.feeds.contract import FeedError, FeedEvent, Parsed, Refused, number, place

NEEDED = ("latitude", "longitude", "acq_date", "acq_time", "confidence")
#: Brightness temperature of the fire channel, K: VIIRS I-4, MODIS 21/22.
BRIGHTNESS = ("bright_ti4", "brightness")
WORDS = {"l": 30, "low": 30, "n": 60, "nominal": 60, "h": 90, "high": 90}
SATELLITES = {
    "N": "Suomi NPP",
    "1": "NOAA-20",
    "2": "NOAA-21",
    "N20": "NOAA-20",
    "N21": "NOAA-21",
    "T": "Terra",
    "A": "Aqua",
}


def parse(data: bytes) -> Parsed:
    """Events of a CSV, or of the GeoJSON made from FIRMS shapefiles (upper-case names)."""
    text = data.decode("utf-8-sig", errors="replace")
    return parse_geojson(text) if text.lstrip().startswith("{") else parse_csv(text)


def parse_csv(text: str) -> Parsed:
    lines = csv.reader(io.StringIO(text.replace("\0", "")), strict=False)
    try:
        header = [name.strip().lower() for name in next(lines)]
    except (StopIteration, csv.Error) as error:
        raise FeedError("文件是空的") from error
    missing = [name for name in NEEDED if name not in header]
    if missing or not any(name in header for name in BRIGHTNESS):
        wanted = "、".join(missing or [" 或 ".join(BRIGHTNESS)])
        raise FeedError(f"表头缺少 {wanted}；实为 {'、'.join(header)[:200]}")
    found = Parsed()
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return found
        except csv.Error as error:
            found.refused.append(Refused(f"第 {lines.line_num} 行", f"不是 CSV：{error}"))
            continue
        if any(cell.strip() for cell in cells):
            take(found, f"第 {lines.line_num} 行", header, cells)


def alone(header: list[str], cells: list[str]) -> str:
    """The row as a file of its own."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, cells])
    return out.getvalue()


def take(found: Parsed, where: str, header: list[str], cells: list[str]) -> None:
    raw = alone(header, cells)
    if len(cells) != len(header):
        found.refused.append(Refused(where, f"有 {len(cells)} 列，表头有 {len(header)} 列", raw))
        return
    try:
        found.events.append(hotspot({name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    except ValueError as error:
        found.refused.append(Refused(where, str(error), raw))


def parse_geojson(text: str) -> Parsed:
    try:
        features = json.loads(text)["features"]
    except (ValueError, KeyError, RecursionError) as error:
        raise FeedError(f"不是有效的 GeoJSON：{error}") from error
    if not isinstance(features, list):
        raise FeedError("features 应为列表")
    found = Parsed()
    for index, feature in enumerate(features):
        try:
            row = {str(name).lower(): value for name, value in feature["properties"].items()}
            row.setdefault("longitude", feature["geometry"]["coordinates"][0])
            row.setdefault("latitude", feature["geometry"]["coordinates"][1])
            found.events.append(hotspot(row))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            reason = f"缺少 {error}" if isinstance(error, KeyError) else str(error)
            raw = json.dumps({"features": [feature]}, ensure_ascii=False)
            found.refused.append(Refused(f"features[{index}]", reason, raw))
    return found


def hotspot(row: dict[str, Any]) -> FeedEvent:
    """One pixel. Identity is satellite, time and place: FIRMS gives none."""
    lon, lat = place(row.get("longitude"), row.get("latitude"))
    at = moment(str(row.get("acq_date", "")), str(row.get("acq_time", "")))
    brightness = number(next((row[n] for n in BRIGHTNESS if n in row), None), "亮温", 150, 600, " K")
    frp = None if row.get("frp") in {None, ""} else number(row["frp"], "火辐射功率", -1, 100_000, " MW")
    code = str(row.get("satellite", "")).strip()
    satellite = SATELLITES.get(code.upper(), code)
    percent, word = confidence(row.get("confidence"))
    return FeedEvent(
        kind="hotspot",
        key=f"firms:{satellite}:{at:%Y%m%d%H%M}:{lat:.5f}:{lon:.5f}",
        at=at,
        lon=lon,
        lat=lat,
        title=f"{satellite} 热点 {frp:.1f} MW" if frp is not None else f"{satellite} 热点",
        magnitude=frp,
        properties={
            "brightness_k": brightness,
            "confidence_pct": percent,
            "confidence": word,
            "satellite": satellite,
            "instrument": str(row.get("instrument") or ("VIIRS" if "bright_ti4" in row else "MODIS")),
            "day": str(row.get("daynight", "")).upper() == "D",
            "version": str(row.get("version", "")),
            "scan_km": optional(row.get("scan"), "scan", " km"),
            "track_km": optional(row.get("track"), "track", " km"),
            "source": "NASA FIRMS",
        },
    )


def optional(value: object, name: str, unit: str) -> float | None:
    return None if value in {None, ""} else number(value, name, 0, 100, unit)


def moment(date: str, hhmm: str) -> datetime:
    """`41` is 00:41 UTC: the area API drops leading zeros; some exports write `00:41`."""
    digits = hhmm.strip().replace(":", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 4:
        raise ValueError(f"acq_time 的值“{hhmm}”应为 HHMM（前导零可省略）")
    try:
        return datetime.strptime(f"{date.strip()} {digits.zfill(4)}", "%Y-%m-%d %H%M").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"acq_date、acq_time 的值“{date} {hhmm}”应为 YYYY-MM-DD 与 HHMM") from error


def confidence(value: object) -> tuple[float, str]:
    """(percent, word): VIIRS gives l/n/h or the words, MODIS 0-100. The percent of a word is a convention of ours."""
    text = str("" if value is None else value).strip().lower()
    if text in WORDS:
        return WORDS[text], {"l": "low", "n": "nominal", "h": "high"}[text[0]]
    percent = number(text, "confidence", 0, 100, " %")
    return percent, "low" if percent < 30 else "nominal" if percent < 80 else "high"
