"""事件信息 (GB/T 35965.2-2018 应急信息交互协议 第 2 部分): an event as XML. Pure.

The standard says what an event message holds; its element names could not be verified here, so every one of them is a
parameter (`NAMES`, 待核对): an installation that has the text gives its own (`ANLAN_GBT35965_NAMES`, a JSON object).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

#: Our word -> element name, all 待核对. The order is the order in which they are written.
NAMES = {
    "root": "eventInfo", "identifier": "identifier", "sender": "sender", "sent": "sendTime", "status": "status",
    "number": "eventId", "title": "eventTitle", "event_code": "eventType", "grade": "eventLevel", "at": "occurTime",
    "area": "areaCode", "place": "address", "lon": "longitude", "lat": "latitude", "description": "description",
    "measures": "measures", "state": "eventStatus", "closed": "closed", "deaths": "deaths", "missing": "missing",
    "serious": "seriousInjured", "minor": "minorInjured", "trapped": "trapped", "evacuated": "evacuated",
}  # fmt: skip
FIGURES = ("deaths", "missing", "serious", "minor", "trapped", "evacuated")
PLAIN = ("grade", "area", "place", "description", "measures", "state")
NEEDED = ("number", "title", "event_code", "sent", "lon", "lat")
#: Words of the head, shared with part 1 (预警信息) and CAP.
STATUSES = ("Actual", "Exercise", "Test")


class EventError(ValueError):
    """Why the element is no event; names the field."""


@dataclass(frozen=True)
class EventInfo:
    """One event as the message tells it. figures: None = unknown, which is not 0."""

    identifier: str
    sender: str
    sent: datetime
    number: str
    title: str
    event_code: str
    lon: float
    lat: float
    at: datetime
    status: str = "Actual"
    grade: str = ""
    area: str = ""
    place: str = ""
    description: str = ""
    measures: str = ""
    state: str = ""
    closed: bool = False
    deaths: int | None = None
    missing: int | None = None
    serious: int | None = None
    minor: int | None = None
    trapped: int | None = None
    evacuated: int | None = None


def root_of(data: bytes) -> Element:
    """Raises EventError for what is no XML, or has a DTD or an entity."""
    try:
        found: Element = ElementTree.fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise EventError(f"文件带有文档类型声明或实体，出于安全拒绝：{type(error).__name__}") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise EventError(f"不是有效的 XML：{error}") from error
    return found


def local(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def moment(name: str, text: str) -> datetime:
    """ISO 8601, or `YYYY-MM-DD HH:MM:SS+08:00`; never without its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise EventError(f"{name} 的值“{text[:40]}”不是时间") from None
    if found.tzinfo is None:
        raise EventError(f"{name} 的值“{text[:40]}”没有时区")
    return found


def number(name: str, text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise EventError(f"{name} 的值“{text[:40]}”不是数") from None
    if not abs(value) <= most:
        raise EventError(f"{name} 的值 {text[:40]} 超出 -{most:g}～{most:g}（单位：度）")
    return value


def count(name: str, text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise EventError(f"{name} 的值“{text[:40]}”不是人数（不小于 0 的整数）")
    return int(text)


def read(element: Element, names: Mapping[str, str] = NAMES) -> EventInfo:
    """Raises EventError naming the element that is missing or wrong."""
    if local(element) != names["root"]:
        raise EventError(f"根元素是 {local(element)}，应为 {names['root']}")
    found = {local(child): (child.text or "").strip() for child in element}
    text = {word: found.get(name, "") for word, name in names.items()}
    for word in NEEDED:
        if not text[word]:
            raise EventError(f"缺少 {names[word]}")
    if text["status"] and text["status"] not in STATUSES:
        raise EventError(f"{names['status']} 的值“{text['status'][:20]}”不在 {'、'.join(STATUSES)} 内")
    sent = moment(names["sent"], text["sent"])
    words: dict[str, Any] = {word: text[word][:2000] for word in PLAIN}
    figures: dict[str, Any] = {word: count(names[word], text[word]) for word in FIGURES}
    return EventInfo(
        identifier=text["identifier"] or text["number"], sender=text["sender"], sent=sent, number=text["number"][:60],
        title=text["title"][:120], event_code=text["event_code"][:5], lon=number(names["lon"], text["lon"], 180),
        lat=number(names["lat"], text["lat"], 90), at=moment(names["at"], text["at"]) if text["at"] else sent,
        status=text["status"] or "Actual", closed=text["closed"] == "true", **words, **figures,
    )  # fmt: skip


def element(said: EventInfo, names: Mapping[str, str] = NAMES) -> Element:
    root = Element(names["root"])
    for word, name in names.items():
        value = getattr(said, word, None)
        if word == "root" or value is None or value == "" or value is False:
            continue
        written = (
            value.isoformat(timespec="seconds")
            if isinstance(value, datetime)
            else "true"
            if value is True
            else str(value)
        )
        SubElement(root, name).text = written
    return root


def write(said: EventInfo, names: Mapping[str, str] = NAMES) -> bytes:
    return bytes(tostring(element(said, names), encoding="utf-8", xml_declaration=True))
