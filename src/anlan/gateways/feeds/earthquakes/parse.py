"""Earthquake lists. USGS times are UTC milliseconds; CENC times are Beijing time without a zone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from anlan.gateways.feeds.contract import FeedError, FeedEvent, Parsed, Refused, number, place

BEIJING = timezone(timedelta(hours=8))
#: Kinds of USGS events that the ground did not do by itself.
HUMAN = {"quarry blast": "采石爆破", "explosion": "爆炸", "mining explosion": "矿山爆破", "mine collapse": "矿山塌陷"}
#: How CENC writes its keys: the search page in capitals, the catalogue in lower case.
CENC_ID = ("NEW_DID", "new_did", "CATA_ID", "cata_id", "id")


def parse(data: bytes) -> Parsed:
    """Events of either shape; rows that cannot be read are named."""
    content = load(data)
    if isinstance(content, dict) and "features" in content:
        return collect(content["features"], "features", usgs)
    if isinstance(content, dict) and content.get("type") == "Feature":
        return collect([content], "features", usgs)
    if isinstance(content, dict) and "shuju" in content:
        return collect(content["shuju"], "shuju", cenc)
    if isinstance(content, list):
        return collect(content, "", cenc)
    raise FeedError("应为 USGS GeoJSON（features）或台网中心 JSON（shuju）")


def load(data: bytes) -> Any:
    """JSON, also in the parentheses or the callback that CENC puts around it."""
    text = data.decode("utf-8-sig", errors="replace").strip().rstrip(";")
    if text.endswith(")") and "(" in text:
        text = text[text.index("(") + 1 : -1]
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"不是有效的 JSON：{error}") from error


def collect(rows: object, name: str, read: Callable[[dict[str, Any]], FeedEvent]) -> Parsed:
    if not isinstance(rows, list):
        raise FeedError(f"{name} 应为列表")
    found = Parsed()
    for where, row in numbered(rows, name):
        try:
            if not isinstance(row, dict):
                raise TypeError("应为对象")
            found.events.append(read(row))
        except (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError) as error:
            reason = f"缺少 {error}" if isinstance(error, KeyError) else str(error)
            found.refused.append(Refused(where, reason, alone(name, row)))
    return found


def alone(name: str, row: object) -> str:
    """The row as a document of its own."""
    return json.dumps({name: [row]} if name else [row], ensure_ascii=False)


def numbered(rows: list[Any], name: str) -> Iterable[tuple[str, Any]]:
    return ((f"{name}[{index}]", row) for index, row in enumerate(rows))


def usgs(feature: dict[str, Any]) -> FeedEvent:
    """One feature: coordinates are lon, lat, depth in km (downwards); magnitude may be null."""
    properties = feature["properties"]
    coordinates = feature["geometry"]["coordinates"]
    lon, lat = place(coordinates[0], coordinates[1])
    depth = None if len(coordinates) < 3 or coordinates[2] is None else number(coordinates[2], "深度", -10, 800, " km")
    magnitude = properties.get("mag")
    milliseconds = number(properties["time"], "time", -1e13, 1e13, " ms")
    kind = str(properties.get("type") or "earthquake").lower()
    return FeedEvent(
        kind="earthquake",
        key=f"usgs:{feature.get('id') or properties.get('net', '') + properties['code']}",
        at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        lon=lon,
        lat=lat,
        title=title_of(magnitude, str(properties.get("place") or ""), kind),
        magnitude=None if magnitude is None else number(magnitude, "震级", -5, 10),
        properties={
            "depth_km": depth,
            "magnitude_type": properties.get("magType"),
            "status": str(properties.get("status") or "").lower(),
            "event_type": kind,
            "natural": kind not in HUMAN,
            "updated": properties.get("updated"),
            "url": properties.get("url"),
            "place": properties.get("place"),
            "source": "USGS",
        },
    )


def title_of(magnitude: object, place_name: str, kind: str) -> str:
    size = f"M{magnitude:.1f} " if isinstance(magnitude, int | float) else ""
    return f"{size}{HUMAN.get(kind, '地震')} {place_name}".strip()


def cenc(row: dict[str, Any]) -> FeedEvent:
    """One row of CENC: numbers are strings, keys in either case, time is Beijing time."""
    cells = {key.upper(): value for key, value in row.items()}
    lon, lat = place(cells["EPI_LON"], cells["EPI_LAT"])
    magnitude = number(cells["M"], "震级", -5, 10)
    at = datetime.strptime(str(cells["O_TIME"]).strip()[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    depth = cells.get("EPI_DEPTH")
    name = str(cells.get("LOCATION_C") or "")
    identity = next((str(row[key]) for key in CENC_ID if row.get(key)), f"{at:%Y%m%d%H%M%S}:{lon}:{lat}")
    return FeedEvent(
        kind="earthquake",
        key=f"cenc:{identity}",
        at=at,
        lon=lon,
        lat=lat,
        title=f"M{magnitude:.1f} 地震 {name}".strip(),
        magnitude=magnitude,
        properties={
            "depth_km": None if depth in {None, ""} else number(depth, "深度", -10, 800, " km"),
            "status": {"A": "automatic", "M": "reviewed"}.get(str(cells.get("AUTO_FLAG") or ""), ""),
            "event_type": "earthquake",
            "natural": True,
            "place": name,
            "source": "中国地震台网中心",
        },
    )
