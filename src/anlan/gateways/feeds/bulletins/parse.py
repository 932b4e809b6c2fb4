"""RSS, Atom and GeoJSON to events. Pure."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from shapely.errors import ShapelyError
from shapely.geometry import shape

from anlan.gateways.feeds.contract import FeedError, FeedEvent, Parsed, Refused, place

MAX_ITEMS = 10_000
TAG = re.compile(r"<[^>]{0,2000}>")
TIMES = ("time", "updated", "datetime", "at", "date", "published", "pubDate")
TITLES = ("title", "name", "headline", "event", "标题", "名称")


def parse(data: bytes) -> Parsed:
    """Events of a document; FeedError when it is none of the shapes."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        return parse_geojson(data)
    if start == b"<":
        return parse_xml(data)
    raise FeedError("应为 RSS、Atom 或 GeoJSON")


# -- XML ------------------------------------------------------------------------------------------------------


def parse_xml(data: bytes) -> Parsed:
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FeedError(f"不是可读的 XML：{error}") from error
    items = [one for one in root.iter() if local(one) in ("item", "entry")]
    if local(root) not in ("rss", "feed", "RDF"):
        raise FeedError(f"根元素 {local(root)[:40]} 不是 rss、feed 或 RDF")
    source = next((text(one, "title") for one in (root, *root.findall("channel")) if text(one, "title")), "")
    found = Parsed()
    for index, item in enumerate(items[:MAX_ITEMS]):
        try:
            found.events.append(event_of(item, source))
        except ValueError as error:
            found.refused.append(Refused(f"{local(item)}[{index}]", str(error), tostring(item, "unicode")[:20_000]))
    return found


def local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def text(element: Element, *names: str) -> str:
    """The first child of one of these names with text, markup taken away."""
    for child in element:
        if local(child) in names:
            said = (
                child.get("href", "") if local(child) == "link" and not (child.text or "").strip() else child.text or ""
            )
            if said.strip():
                return TAG.sub("", unescape(said)).strip()
    return ""


def event_of(item: Element, source: str) -> FeedEvent:
    title = text(item, "title")
    if not title:
        raise ValueError("没有 title")
    at = moment(text(item, "pubDate", "updated", "published", "date"))
    link = text(item, "link")
    where = position(item)
    key = text(item, "guid", "id") or link or f"{title} {at.isoformat()}"
    told = {"source": source[:80], "link": link[:400], "text": text(item, "description", "summary", "content")[:4000]}
    lon, lat = where or (None, None)
    return FeedEvent("bulletin", key[:120], at, lon, lat, title[:200], None, told)


def position(item: Element) -> tuple[float, float] | None:
    """GeoRSS point or the middle of its polygon, W3C lat and long; None where the item names no place."""
    said = text(item, "point")
    if said:
        parts = said.replace(",", " ").split()
        if len(parts) != 2:
            raise ValueError(f"georss:point“{said[:60]}”应为“纬度 经度”")
        return place(parts[1], parts[0])
    if said := text(item, "polygon", "line", "box"):
        parts = said.replace(",", " ").split()
        pairs = [place(lon, lat) for lat, lon in zip(parts[::2], parts[1::2], strict=False)]
        if len(pairs) < 2:
            raise ValueError(f"georss 图形“{said[:60]}”不足两点")
        return sum(p[0] for p in pairs) / len(pairs), sum(p[1] for p in pairs) / len(pairs)
    lat, lon = text(item, "lat"), text(item, "long", "lon")
    return place(lon, lat) if lat and lon else None


def moment(said: str) -> datetime:
    """RFC 822 or RFC 3339; times without a zone are UTC. ValueError."""
    try:
        found = parsedate_to_datetime(said) if "," in said or said[:1].isalpha() else datetime.fromisoformat(said)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ValueError(f"时间“{said[:40]}”应为 RFC 822 或 RFC 3339") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not -timedelta(days=1) < found.utcoffset() < timedelta(days=1) or not 1970 <= found.year < 2200:  # type: ignore[operator]
        raise ValueError(f"时间“{said[:40]}”不可能")
    return found


# -- GeoJSON --------------------------------------------------------------------------------------------------


def parse_geojson(data: bytes) -> Parsed:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"不是 JSON：{error}") from error
    features = told.get("features") if told.get("type") == "FeatureCollection" else [told]
    if not isinstance(features, list) or told.get("type") not in ("FeatureCollection", "Feature"):
        raise FeedError("应为 GeoJSON 的 FeatureCollection 或 Feature")
    found = Parsed()
    for index, feature in enumerate(features[:MAX_ITEMS]):
        try:
            found.events.append(event_of_feature(feature))
        except ValueError as error:
            raw = json.dumps(feature, ensure_ascii=False, default=str)[:20_000]
            found.refused.append(Refused(f"features[{index}]", str(error), raw))
    return found


def event_of_feature(feature: Any) -> FeedEvent:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise ValueError("不是 Feature")
    told = feature.get("properties") or {}
    if not isinstance(told, dict):
        raise ValueError("properties 不是对象")
    title = next((str(told[name]) for name in TITLES if told.get(name)), "")
    if not title:
        raise ValueError(f"properties 中没有 {'、'.join(TITLES[:3])}")
    at = feature_time(next((told[name] for name in TIMES if told.get(name) is not None), ""))
    lon, lat = feature_place(feature.get("geometry"))
    key = str(feature.get("id") or told.get("id") or f"{title} {at.isoformat()}")
    return FeedEvent("bulletin", key[:120], at, lon, lat, title[:200], None, {"source": "", **told})


def feature_time(said: Any) -> datetime:
    """ISO text, seconds or milliseconds since 1970."""
    if isinstance(said, int | float) and not isinstance(said, bool) and math.isfinite(said) and 0 <= said < 7e12:
        return datetime.fromtimestamp(said / 1000 if said > 1e11 else said, UTC)
    return moment(str(said))


def feature_place(geometry: Any) -> tuple[float | None, float | None]:
    if geometry is None:
        return None, None
    try:
        point = shape(geometry).representative_point()
        return place(point.x, point.y)
    except (ShapelyError, AttributeError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"geometry 读不懂：{error}") from error
