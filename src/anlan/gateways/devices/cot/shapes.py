"""What TAK clients draw, as GeoJSON. Pure.

Freehand lines and surfaces (`u-d-f`), rectangles (`u-d-r`) and routes (`b-m-r`) list their corners as `<link point="lat,lon">`;
a circle or ellipse (`u-d-c-c`, `u-d-c-e`) is `<shape><ellipse major minor angle>`: half axes in metres, the major one clockwise
from north; points are `b-m-p-…`; `t-x-d-d` takes away what its `<link uid>` names. As ATAK and the TAK libraries in public
repositories write them; MP090284 leaves `detail` to its users.
"""

from __future__ import annotations

import math
from typing import Any
from xml.etree.ElementTree import Element

from anlan.gateways.devices.contract import FrameError

LINES, CIRCLES, ROUTE, POINT, DELETED = ("u-d-f", "u-d-r"), ("u-d-c-c", "u-d-c-e"), "b-m-r", "b-m-p-", "t-x-d-d"
#: Where a camera or a drone looks: told again each second, no drawing.
LOOKED_AT = "b-m-p-s-p"
MOST_CORNERS, CIRCLE_CORNERS, MOST_RADIUS_M = 400, 48, 100_000.0
#: Metres in a degree of latitude (mean sphere, 6,371,009 m).
DEGREE_M = 111_195.08
GeoJson = dict[str, Any]


def is_drawing(kind: str) -> bool:
    return kind in (*LINES, *CIRCLES, ROUTE) or (kind.startswith(POINT) and not kind.startswith(LOOKED_AT))


def geometry_of(event: Element, kind: str, lon: float, lat: float) -> GeoJson:
    """FrameError names what is missing or wrong."""
    if kind in CIRCLES:
        return circle(event, lon, lat)
    if kind.startswith(POINT):
        return {"type": "Point", "coordinates": [lon, lat]}
    corners = [corner(link) for link in event.findall("detail/link") if link.get("point")]
    if not 2 <= len(corners) <= MOST_CORNERS:
        raise FrameError(f"图形 {kind} 有 {len(corners)} 个角点（detail/link 的 point），应为 2~{MOST_CORNERS} 个")
    closed = kind == "u-d-r" or (kind != ROUTE and len(corners) > 3 and corners[0] == corners[-1])
    if not closed:
        return {"type": "LineString", "coordinates": corners}
    ring = corners if corners[0] == corners[-1] else [*corners, corners[0]]
    if len(ring) < 4:
        raise FrameError(f"面 {kind} 只有 {len(ring) - 1} 个角点，至少 3 个")
    return {"type": "Polygon", "coordinates": [ring]}


def corner(link: Element) -> list[float]:
    text = link.get("point", "")
    parts = text.split(",")
    try:
        lat, lon = float(parts[0]), float(parts[1])
    except (ValueError, IndexError):
        raise FrameError(f"角点 point={text[:40]!r} 应为“纬度,经度[,高度]”") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise FrameError(f"角点 point={text[:40]!r} 超出纬度 ±90、经度 ±180 度")
    return [lon, lat]


def circle(event: Element, lon: float, lat: float) -> GeoJson:
    ellipse = event.find("detail/shape/ellipse")
    if ellipse is None:
        raise FrameError("圆或椭圆缺少 detail/shape/ellipse")
    major, minor = radius(ellipse, "major"), radius(ellipse, "minor")
    turn = math.radians(turned(ellipse))
    ring = []
    for n in range(CIRCLE_CORNERS):
        around = 2 * math.pi * n / CIRCLE_CORNERS
        along, across = major * math.cos(around), minor * math.sin(around)
        north = along * math.cos(turn) - across * math.sin(turn)
        east = along * math.sin(turn) + across * math.cos(turn)
        ring.append([lon + east / (DEGREE_M * max(math.cos(math.radians(lat)), 0.01)), lat + north / DEGREE_M])
    if any(not (-180 <= x <= 180 and -90 <= y <= 90) for x, y in ring):
        raise FrameError(f"圆心 {lat:.4f},{lon:.4f} 的图形超出地图范围")
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def radius(ellipse: Element, name: str) -> float:
    text = ellipse.get(name, "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= MOST_RADIUS_M:
        raise FrameError(f"ellipse 的 {name} 为 {text[:20]!r}，应为 0~{MOST_RADIUS_M:g} m")
    return value


def turned(ellipse: Element) -> float:
    try:
        value = float(ellipse.get("angle", "0"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FrameError(f"ellipse 的 angle 为 {ellipse.get('angle', '')[:20]!r}，应为角度")
    return value


def deleted(event: Element) -> str:
    """Whose uid is taken away."""
    link = event.find("detail/link")
    uid = link.get("uid", "") if link is not None else ""
    if not 0 < len(uid) <= 100:
        raise FrameError("删除事件 t-x-d-d 缺少 detail/link 的 uid（1~100 字）")
    return uid
