"""CAP 1.2 (OASIS Common Alerting Protocol, 2010) out of a warning. Pure: values in, XML text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from anlan.monitoring.rules.warnings import BEIJING, SEVERITY_OF, Content, event_name, text

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
#: CAP 1.2 section 3.2.2 category by the class of the event code.
CATEGORY = {"11A": "Met", "11B": "Met", "11C": "Geo", "11D": "Geo", "11G": "Fire", "12D": "CBRNE", "12Q": "Env"}


@dataclass(frozen=True)
class Area:
    """One area: its name, its codes (system, code) and its outline (GeoJSON, WGS84) if known."""

    name: str
    codes: Sequence[tuple[str, str]] = ()
    geometry: dict[str, Any] | None = None


@dataclass(frozen=True)
class Message:
    """The envelope. references = (sender, identifier, sent) of what this message updates or cancels."""

    identifier: str
    sender: str
    sent: datetime
    content: Content
    areas: Sequence[Area]
    status: str = "Actual"
    kind: str = "Alert"
    scope: str = "Public"
    references: Sequence[tuple[str, str, datetime]] = field(default_factory=tuple)


def stamp(moment: datetime) -> str:
    """CAP dateTime: seconds and a numeric zone, never `Z` (3.3.2)."""
    return moment.astimezone(BEIJING).isoformat(timespec="seconds")


def rings(geometry: dict[str, Any]) -> list[str]:
    """Outer rings as CAP polygons: `lat,lon` pairs, first = last."""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates", [])
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(str(kind), [])
    return [" ".join(f"{lat:.6f},{lon:.6f}" for lon, lat, *_ in polygon[0]) for polygon in polygons if polygon]


def add(parent: Element, name: str, value: str) -> None:
    SubElement(parent, name).text = value


def urgency(content: Content, sent: datetime) -> str:
    return "Immediate" if content.onset <= sent else "Expected"


def to_xml(message: Message) -> str:
    """The message as CAP 1.2 XML."""
    alert = Element("alert", xmlns=NAMESPACE)
    for name, value in (
        ("identifier", message.identifier),
        ("sender", message.sender),
        ("sent", stamp(message.sent)),
        ("status", message.status),
        ("msgType", message.kind),
        ("scope", message.scope),
    ):
        add(alert, name, value)
    if message.scope == "Restricted":
        add(alert, "restriction", "内部研判，不对公众发布")
    if message.references:
        add(alert, "references", " ".join(f"{who},{what},{stamp(when)}" for who, what, when in message.references))
    add_info(alert, message)
    indent(alert)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(alert, encoding="unicode")


def add_info(alert: Element, message: Message) -> None:
    content = message.content
    info = SubElement(alert, "info")
    for name, value in (
        ("language", "zh-CN"),
        ("category", CATEGORY.get(content.event_code[:3], "Safety")),
        ("event", event_name(content.event_code)),
        ("urgency", urgency(content, message.sent)),
        ("severity", SEVERITY_OF[content.level]),
        ("certainty", "Likely"),
    ):
        add(info, name, value)
    code = SubElement(info, "eventCode")
    add(code, "valueName", "国家应急平台体系事件类型码")
    add(code, "value", content.event_code)
    for name, value in (
        ("effective", stamp(message.sent)),
        ("onset", stamp(content.onset)),
        ("expires", stamp(content.expires)),
        ("senderName", content.sender),
        ("headline", content.headline),
        ("description", text(content)),
        ("instruction", content.instruction),
    ):
        add(info, name, value)
    for area in message.areas:
        add_area(info, area)


def add_area(info: Element, area: Area) -> None:
    element = SubElement(info, "area")
    add(element, "areaDesc", area.name)
    for ring in rings(area.geometry or {}):
        add(element, "polygon", ring)
    for system, value in area.codes:
        code = SubElement(element, "geocode")
        add(code, "valueName", system)
        add(code, "value", value)
