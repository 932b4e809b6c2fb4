"""The one writer of CAP 1.2 and of the Atom index of it. Walks the element table: what is empty is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from anlan.monitoring.rules.cap.model import Alert
from anlan.monitoring.rules.cap.table import CAP, PARTS, Line

ATOM = "http://www.w3.org/2005/Atom"
register_namespace("", CAP)
register_namespace("atom", ATOM)


def moment(at: datetime) -> str:
    """3.2.1: seconds, with offset; UTC is written -00:00 (3.3.2)."""
    written = at.isoformat(timespec="seconds")
    return written if at.utcoffset() != timedelta(0) else f"{written[:19]}-00:00"


def number(value: float) -> str:
    """Every digit there is, and never an exponent."""
    return format(Decimal(repr(value)), "f")


def ring(points: Iterable[tuple[float, float]]) -> str:
    """3.2.4: `lat,lon` pairs."""
    return " ".join(f"{number(lat)},{number(lon)}" for lon, lat in points)


def circle(value: tuple[float, float, float]) -> str:
    lon, lat, radius_km = value
    return f"{number(lat)},{number(lon)} {number(radius_km)}"


WRITTEN: dict[str, Callable[[Any], str]] = {"moment": moment, "words": " ".join, "ring": ring, "circle": circle}


def add(parent: Element, name: str, text: str, namespace: str = CAP) -> Element:
    child = SubElement(parent, f"{{{namespace}}}{name}")
    child.text = text
    return child


def alert_element(alert: Alert) -> Element:
    root = Element(f"{{{CAP}}}alert")
    fill(root, alert, "alert")
    return root


def fill(parent: Element, thing: object, part: str) -> None:
    for line in PARTS[part]:
        value = getattr(thing, line.attribute)
        for one in value if line.many else [value]:
            if one or one == 0:
                write(parent, line, one)


def write(parent: Element, line: Line, value: Any) -> None:
    if line.kind in PARTS:
        fill(SubElement(parent, f"{{{CAP}}}{line.name}"), value, line.kind)
    elif line.kind == "pair":
        pair = SubElement(parent, f"{{{CAP}}}{line.name}")
        add(pair, "valueName", value[0])
        add(pair, "value", value[1])
    else:
        add(parent, line.name, WRITTEN.get(line.kind, str)(value))


def alert_xml(alert: Alert) -> bytes:
    return bytes(tostring(alert_element(alert), encoding="utf-8", xml_declaration=True))


def feed_xml(alerts: Iterable[Alert], title: str, address: str, updated: datetime) -> bytes:
    """Atom (RFC 4287) index; each entry holds its alert and points to the document of its own."""
    feed = Element(f"{{{ATOM}}}feed")
    add(feed, "id", address, ATOM)
    add(feed, "title", title, ATOM)
    add(feed, "updated", moment(updated), ATOM)
    SubElement(feed, f"{{{ATOM}}}link", {"rel": "self", "href": address})
    add(SubElement(feed, f"{{{ATOM}}}author"), "name", title, ATOM)
    for alert in alerts:
        assert alert.sent is not None
        entry = SubElement(feed, f"{{{ATOM}}}entry")
        place = f"{address}/{alert.identifier}.xml"
        add(entry, "id", place, ATOM)
        add(entry, "title", alert.infos[0].headline, ATOM)
        add(entry, "updated", moment(alert.sent), ATOM)
        SubElement(entry, f"{{{ATOM}}}link", {"href": place, "type": "application/cap+xml"})
        content = SubElement(entry, f"{{{ATOM}}}content", {"type": "text/xml"})
        content.append(alert_element(alert))
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True))
