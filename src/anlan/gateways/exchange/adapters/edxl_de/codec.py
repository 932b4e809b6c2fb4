"""EDXL-DE 1.0 (OASIS, 2006): the envelope by which emergency messages are routed. Pure.

Order of elements after section 3.2 of the standard; `distributionStatus` and `distributionType` are its closed lists. The
published schema could not be had here: names were held against two public implementations, the order is 待核对.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError, SubElement, register_namespace, tostring

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

DE = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
STATUSES = ("Actual", "Exercise", "System", "Test")
TYPES = (
    "Report", "Update", "Cancel", "Request", "Response", "Dispatch", "Ack", "Error", "SensorConfiguration",
    "SensorControl", "SensorStatus", "SensorDetection",
)  # fmt: skip
MOST_CONTENTS = 1000


class EdxlError(ValueError):
    """Why the document is no EDXL-DE; names the element."""


@dataclass(frozen=True)
class Target:
    """targetArea. polygons: closed rings of (lon, lat); circles: (lon, lat, km); codes: UN/LOCODE and the like."""

    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    circles: tuple[tuple[float, float, float], ...] = ()
    country: str = ""
    subdivisions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContentObject:
    """One content: what it is about, and the XML in it."""

    description: str = ""
    incident_id: str = ""
    incident_description: str = ""
    confidentiality: str = ""
    embedded: tuple[Element, ...] = ()
    #: The kind of what is no XML (3.2.6 nonXMLContent), "" for XML.
    mime: str = ""


@dataclass(frozen=True)
class Distribution:
    number: str
    sender: str
    sent: datetime
    status: str
    kind: str
    confidentiality: str
    language: str = ""
    keywords: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    targets: tuple[Target, ...] = ()
    contents: tuple[ContentObject, ...] = field(default_factory=tuple)


def q(name: str) -> str:
    return f"{{{DE}}}{name}"


def root_of(data: bytes) -> Element:
    """Raises EdxlError for what is no XML, or has a DTD or an entity."""
    try:
        found: Element = ElementTree.fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise EdxlError(f"文件带有文档类型声明或实体，出于安全拒绝：{type(error).__name__}") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise EdxlError(f"不是有效的 XML：{error}") from error
    return found


def text(element: Element, name: str) -> str:
    return (element.findtext(q(name)) or "").strip()


def texts(element: Element, name: str) -> tuple[str, ...]:
    return tuple((one.text or "").strip() for one in element.findall(q(name)))


def chosen(element: Element, name: str, allowed: tuple[str, ...]) -> str:
    found = text(element, name)
    if found not in allowed:
        raise EdxlError(f"{name} 的值“{found[:20]}”不在 {'、'.join(allowed)} 内")
    return found


def read(data: bytes) -> Distribution:
    """Raises EdxlError naming what is missing or wrong."""
    root = root_of(data)
    if root.tag != q("EDXLDistribution"):
        raise EdxlError(f"根元素是 {str(root.tag)[:80]}，应为 EDXLDistribution（{DE}）")
    for name in ("distributionID", "senderID", "dateTimeSent", "combinedConfidentiality"):
        if not text(root, name):
            raise EdxlError(f"缺少 {name}")
    try:
        sent = datetime.fromisoformat(text(root, "dateTimeSent"))
    except ValueError:
        raise EdxlError(f"dateTimeSent 的值“{text(root, 'dateTimeSent')[:40]}”不是时间") from None
    if sent.tzinfo is None:
        raise EdxlError("dateTimeSent 没有时区")
    contents = root.findall(q("contentObject"))
    if len(contents) > MOST_CONTENTS:
        raise EdxlError(f"contentObject 有 {len(contents)} 个，至多 {MOST_CONTENTS} 个")
    return Distribution(
        number=text(root, "distributionID"), sender=text(root, "senderID"), sent=sent,
        status=chosen(root, "distributionStatus", STATUSES), kind=chosen(root, "distributionType", TYPES),
        confidentiality=text(root, "combinedConfidentiality"), language=text(root, "language"),
        keywords=tuple(value for one in root.findall(q("keyword")) for value in texts(one, "value")),
        references=texts(root, "distributionReference"),
        addresses=tuple(
            (text(one, "explicitAddressScheme"), value)
            for one in root.findall(q("explicitAddress")) for value in texts(one, "explicitAddressValue")
        ),
        targets=tuple(target(one) for one in root.findall(q("targetArea"))),
        contents=tuple(content(one) for one in contents),
    )  # fmt: skip


def pairs(name: str, value: str) -> tuple[tuple[float, float], ...]:
    """`lat,lon lat,lon …` as (lon, lat)."""
    try:
        points = [tuple(map(float, part.split(","))) for part in value.split()]
        found = tuple((lon, lat) for lat, lon in points)
    except ValueError:
        raise EdxlError(f"{name} 的值“{value[:40]}”不是“纬度,经度”") from None
    for lon, lat in found:
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise EdxlError(f"{name} 中的 {lat},{lon} 不在地球上")
    return found


def circle(value: str) -> tuple[float, float, float]:
    place, _, radius = value.strip().partition(" ")
    ((lon, lat),) = pairs("circle", place) or ((0.0, 0.0),)
    try:
        return lon, lat, float(radius)
    except ValueError:
        raise EdxlError(f"circle 的值“{value[:40]}”没有半径（单位：km）") from None


def target(element: Element) -> Target:
    rings = tuple(pairs("polygon", value) for value in texts(element, "polygon"))
    if any(len(ring) < 4 or ring[0] != ring[-1] for ring in rings):
        raise EdxlError("polygon 至少四点，且首尾相同")
    return Target(
        rings,
        tuple(circle(value) for value in texts(element, "circle")),
        text(element, "country"),
        texts(element, "subdivision"),
    )


def content(element: Element) -> ContentObject:
    xml, other = element.find(q("xmlContent")), element.find(q("nonXMLContent"))
    embedded = [child for one in (xml.findall(q("embeddedXMLContent")) if xml is not None else []) for child in one]
    return ContentObject(
        text(element, "contentDescription"), text(element, "incidentID"), text(element, "incidentDescription"),
        text(element, "confidentiality"), tuple(embedded), text(other, "mimeType") if other is not None else "",
    )  # fmt: skip


def add(parent: Element, name: str, value: str) -> Element:
    made = SubElement(parent, q(name))
    made.text = value
    return made


def written(ring: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{lat},{lon}" for lon, lat in ring)


def write_target(root: Element, one: Target) -> None:
    made = SubElement(root, q("targetArea"))
    for lon, lat, km in one.circles:
        add(made, "circle", f"{lat},{lon} {km}")
    for ring in one.polygons:
        add(made, "polygon", written(ring))
    if one.country:
        add(made, "country", one.country)
    for code in one.subdivisions:
        add(made, "subdivision", code)


def write_content(root: Element, one: ContentObject) -> None:
    made = SubElement(root, q("contentObject"))
    for name, value in (
        ("contentDescription", one.description), ("incidentID", one.incident_id),
        ("incidentDescription", one.incident_description), ("confidentiality", one.confidentiality),
    ):  # fmt: skip
        if value:
            add(made, name, value)
    xml = SubElement(made, q("xmlContent"))
    for element in one.embedded:
        SubElement(xml, q("embeddedXMLContent")).append(element)


def head(said: Distribution) -> Iterator[tuple[str, str]]:
    yield "distributionID", said.number
    yield "senderID", said.sender
    yield "dateTimeSent", said.sent.isoformat(timespec="seconds")
    yield "distributionStatus", said.status
    yield "distributionType", said.kind
    yield "combinedConfidentiality", said.confidentiality
    if said.language:
        yield "language", said.language


def write(said: Distribution) -> bytes:
    register_namespace("de", DE)
    root = Element(q("EDXLDistribution"))
    for name, value in head(said):
        add(root, name, value)
    for reference in said.references:
        add(root, "distributionReference", reference)
    for scheme, value in said.addresses:
        address = SubElement(root, q("explicitAddress"))
        add(address, "explicitAddressScheme", scheme)
        add(address, "explicitAddressValue", value)
    for one in said.targets:
        write_target(root, one)
    for each in said.contents:
        write_content(root, each)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
