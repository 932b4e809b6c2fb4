"""Writing CAP 1.2 (OASIS, 2010) and the Atom index of it. Pure: values in, bytes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
BEIJING = timezone(timedelta(hours=8))
#: GB/T 27962 colours by CAP's words; the reader of `feeds/cap` turns them the other way round.
SEVERITIES = {"红": "Extreme", "橙": "Severe", "黄": "Moderate", "蓝": "Minor"}
COLOURS = {"红": "Red", "橙": "Orange", "黄": "Yellow", "蓝": "Blue"}
#: First letters of the event code -> CAP category (our reading of the class names, 待核对).
CATEGORIES = {
    "11A": "Met", "11B": "Met", "11C": "Met", "11D": "Geo", "11E": "Geo", "11F": "Met", "11G": "Env", "11H": "Fire",
    "12": "Safety", "12C": "Transport", "12D": "CBRNE", "13": "Health", "14": "Security",
}  # fmt: skip

register_namespace("", CAP)
register_namespace("atom", ATOM)
Ring = list[tuple[float, float]]


@dataclass(frozen=True)
class CapArea:
    """rings: closed outer rings of (lon, lat), only of limits that somebody has surveyed or drawn for this warning."""

    description: str
    rings: list[Ring] = field(default_factory=list)
    geocodes: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class CapAlert:
    """One alert. references: (sender, identifier, sent) of the alerts it updates or cancels."""

    identifier: str
    sender: str
    sender_name: str
    sent: datetime
    status: str
    message_type: str
    event: str
    event_code: str
    level: str
    headline: str
    description: str
    instruction: str
    onset: datetime
    expires: datetime
    areas: list[CapArea]
    references: list[tuple[str, str, datetime]] = field(default_factory=list)


def moment(at: datetime) -> str:
    """3.2.1: seconds, with offset."""
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


def category(event_code: str) -> str:
    return CATEGORIES.get(event_code[:3]) or CATEGORIES.get(event_code[:2], "Other")


def add(parent: Element, name: str, text: str, namespace: str = CAP) -> Element:
    child = SubElement(parent, f"{{{namespace}}}{name}")
    child.text = text
    return child


def pair(parent: Element, name: str, key: str, value: str) -> None:
    child = SubElement(parent, f"{{{CAP}}}{name}")
    add(child, "valueName", key)
    add(child, "value", value)


def alert_element(alert: CapAlert) -> Element:
    root = Element(f"{{{CAP}}}alert")
    for name, text in (
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("sent", moment(alert.sent)),
        ("status", alert.status),
        ("msgType", alert.message_type),
        ("scope", "Public"),
    ):
        add(root, name, text)
    if alert.references:
        add(root, "references", " ".join(f"{who},{key},{moment(at)}" for who, key, at in alert.references))
    info_element(root, alert)
    return root


def info_element(root: Element, alert: CapAlert) -> None:
    over = alert.message_type == "Cancel"
    info = SubElement(root, f"{{{CAP}}}info")
    for name, text in (
        ("language", "zh-CN"),
        ("category", category(alert.event_code)),
        ("event", alert.event),
        ("responseType", "AllClear" if over else "Prepare"),
        ("urgency", "Past" if over else "Immediate" if alert.onset <= alert.sent else "Expected"),
        ("severity", SEVERITIES[alert.level]),
        ("certainty", "Likely"),
    ):
        add(info, name, text)
    pair(info, "eventCode", "12379", alert.event_code)
    for name, at in (("effective", alert.sent), ("onset", alert.onset), ("expires", alert.expires)):
        add(info, name, moment(at))
    add(info, "senderName", alert.sender_name)
    for name, text in (
        ("headline", alert.headline),
        ("description", alert.description),
        ("instruction", alert.instruction),
    ):
        add(info, name, text)
    pair(info, "parameter", "colour", COLOURS[alert.level])
    for area in alert.areas:
        area_element(info, area)


def area_element(info: Element, area: CapArea) -> None:
    """3.2.4: `lat,lon` pairs."""
    element = SubElement(info, f"{{{CAP}}}area")
    add(element, "areaDesc", area.description)
    for ring in area.rings:
        add(element, "polygon", " ".join(f"{lat:.5f},{lon:.5f}" for lon, lat in ring))
    for name, value in area.geocodes:
        pair(element, "geocode", name, value)


def alert_xml(alert: CapAlert) -> bytes:
    return bytes(tostring(alert_element(alert), encoding="utf-8", xml_declaration=True))


def feed_xml(alerts: Iterable[CapAlert], title: str, address: str, updated: datetime) -> bytes:
    """Atom (RFC 4287) index; each entry holds its alert and points to the document of its own."""
    feed = Element(f"{{{ATOM}}}feed")
    add(feed, "id", address, ATOM)
    add(feed, "title", title, ATOM)
    add(feed, "updated", moment(updated), ATOM)
    SubElement(feed, f"{{{ATOM}}}link", {"rel": "self", "href": address})
    author = SubElement(feed, f"{{{ATOM}}}author")
    add(author, "name", title, ATOM)
    for alert in alerts:
        entry = SubElement(feed, f"{{{ATOM}}}entry")
        place = f"{address}/{alert.identifier}.xml"
        add(entry, "id", place, ATOM)
        add(entry, "title", alert.headline, ATOM)
        add(entry, "updated", moment(alert.sent), ATOM)
        SubElement(entry, f"{{{ATOM}}}link", {"href": place, "type": "application/cap+xml"})
        content = SubElement(entry, f"{{{ATOM}}}content", {"type": "text/xml"})
        content.append(alert_element(alert))
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True))
