"""Cursor on Target (MITRE, "Cursor on Target Message Router User's Guide", MP090284, 2009; event schema version 2.0): one
`<event>` as XML. Pure: bytes and times in, bytes out. Document types, entities and references outside are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from anlan.gateways.devices.contract import Chunk, Decoded, FrameError, Place, Sketch
from anlan.gateways.devices.cot import shapes

DECLARATION = re.compile(rb"<\?xml[^<>]{0,200}\?>")
#: How much of what may become a declaration or an event is waited for, bytes.
MOST_HEAD = 250
START, END = b"<event", b"</event>"
#: The longest event taken, bytes; drawings of TAK clients have a few hundred corners.
MOST_BYTES = 60_000
#: "Unknown" of hae, ce and le (MP090284, point entity).
UNKNOWN = 9_999_999.0
PING, PONG = "t-x-c-t", "t-x-c-t-r"


@dataclass(frozen=True)
class Happening:
    """One event. `places` are the further corners of a line or surface as (lon, lat); `closed` = a surface."""

    uid: str
    type: str
    lon: float
    lat: float
    at: datetime
    stale: datetime
    callsign: str = ""
    remarks: str = ""
    speed_m_s: float | None = None
    course_deg: float | None = None
    places: Sequence[tuple[float, float]] = field(default_factory=tuple)
    closed: bool = False
    how: str = "h-e"
    colour: str = ""
    #: What was drawn; `gone` names what was taken away.
    geometry: dict[str, Any] | None = None
    gone: str = ""


def stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def encode(one: Happening, now: datetime) -> bytes:
    """The event as clients read it: `detail` with contact, and the corners as `link` of a drawn shape."""
    event = Element("event", {
        "version": "2.0", "uid": one.uid, "type": one.type, "how": one.how, "time": stamp(now), "start": stamp(one.at),
        "stale": stamp(one.stale),
    })  # fmt: skip
    place = {"lat": f"{one.lat:.7f}", "lon": f"{one.lon:.7f}", **dict.fromkeys(("hae", "ce", "le"), str(UNKNOWN))}
    SubElement(event, "point", place)
    detail = SubElement(event, "detail")
    if one.callsign:
        SubElement(detail, "contact", {"callsign": clean(one.callsign)})
    corners = [*one.places, one.places[0]] if one.closed and one.places else one.places
    for lon, lat in corners:
        SubElement(detail, "link", {"point": f"{lat:.7f},{lon:.7f}"})
    if one.colour:
        SubElement(detail, "strokeColor", {"value": str(argb(one.colour))})
        SubElement(detail, "fillColor", {"value": str(argb(one.colour, 0x40))})
    if one.speed_m_s is not None and one.course_deg is not None:
        SubElement(detail, "track", {"speed": f"{one.speed_m_s:.2f}", "course": f"{one.course_deg:.1f}"})
    if one.remarks:
        SubElement(detail, "remarks").text = clean(one.remarks)
    return bytes(tostring(event, encoding="utf-8", xml_declaration=True)) + b"\n"


def clean(text: str) -> str:
    """Without what XML 1.0 cannot carry."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n")


def argb(colour: str, opacity: int = 0xFF) -> int:
    """#rrggbb as the signed number TAK clients use."""
    number = (opacity << 24) | int(colour.lstrip("#"), 16)
    return number - (1 << 32) if number >= 1 << 31 else number


def read(data: bytes) -> Happening:
    """FrameError says which attribute is wrong and what is allowed."""
    if len(data) > MOST_BYTES:
        raise FrameError(f"CoT 事件 {len(data)} 字节，超过 {MOST_BYTES}")
    try:
        event: Element = ElementTree.fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise FrameError("CoT 事件含有文档类型或实体声明，不接受") from error
    except (ParseError, ValueError, LookupError) as error:
        raise FrameError(f"CoT 事件不是完整的 XML：{error}"[:200]) from error
    point = event.find("point")
    if event.tag != "event" or point is None:
        raise FrameError("CoT 事件须为 <event>，内有 <point>")
    uid, kind = event.get("uid", ""), event.get("type", "")
    if not 0 < len(uid) <= 100 or not 0 < len(kind) <= 40:
        raise FrameError(f"uid（1~100 字）或 type（1~40 字）不正确：{uid[:20]!r}、{kind[:20]!r}")
    lon, lat = number(point, "lon", 180), number(point, "lat", 90)
    contact, track, remarks = event.find("detail/contact"), event.find("detail/track"), event.find("detail/remarks")
    return Happening(
        uid, kind, lon, lat, moment(event, "start"), moment(event, "stale"),
        (contact.get("callsign", "") if contact is not None else "")[:60],
        (remarks.text or "")[:400] if remarks is not None else "",
        measured(track, "speed"), measured(track, "course"), how=event.get("how", "")[:10],
        geometry=shapes.geometry_of(event, kind, lon, lat) if shapes.is_drawing(kind) else None,
        gone=shapes.deleted(event) if kind == shapes.DELETED else "",
    )  # fmt: skip


def number(element: Element, name: str, most: float) -> float:
    try:
        value = float(element.get(name, ""))
    except ValueError:
        value = math.nan
    if not -most <= value <= most:
        raise FrameError(f"point 的 {name} 为 {element.get(name, '')[:20]!r}，应为 -{most:g}~{most:g} 度")
    return value


def measured(element: Element | None, name: str) -> float | None:
    """A figure of the track, None where it is missing or no number."""
    try:
        value = float(element.get(name, "")) if element is not None else math.nan
    except ValueError:
        value = math.nan
    return value if math.isfinite(value) else None


def moment(event: Element, name: str) -> datetime:
    text = event.get(name, "")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FrameError(f"{name} 为 {text[:30]!r}，应为 ISO 8601 时间") from None
    if found.tzinfo is None:
        raise FrameError(f"{name} 的时间 {text[:30]!r} 没有时区")
    return found.astimezone(UTC)


def place_of(one: Happening) -> Place | None:
    """Where an atom (`a-…`: a person, a vehicle) is; None for anything else."""
    if not one.type.startswith("a-"):
        return None
    speed = None if one.speed_m_s is None else one.speed_m_s * 3.6
    return Place(one.uid, one.lon, one.lat, one.at, speed, one.course_deg, one.callsign)


def sketch_of(one: Happening) -> Sketch | None:
    """What was drawn, or taken away; None for anything else."""
    if one.gone:
        return Sketch(one.gone, None, one.at)
    return Sketch(one.uid, one.geometry, one.at, one.callsign, one.remarks) if one.geometry is not None else None


def chat(to: str, callsign: str, text: str, now: datetime) -> bytes:
    """A word to one client, as its GeoChat shows it (`b-t-f`, as public TAK libraries write it)."""
    until = now + timedelta(hours=1)
    event: Element = ElementTree.fromstring(
        encode(Happening(f"GeoChat.anlan.{to}.{now:%H%M%S%f}", "b-t-f", 0, 0, now, until, how="h-g-i-g-o"), now)
    )
    detail = event.find("detail")
    assert detail is not None
    room = SubElement(detail, "__chat", {
        "parent": "RootContactGroup", "groupOwner": "false", "chatroom": clean(callsign or to), "id": clean(to),
        "senderCallsign": "安澜",
    })  # fmt: skip
    SubElement(room, "chatgrp", {"uid0": "anlan", "uid1": clean(to), "id": clean(to)})
    SubElement(detail, "link", {"uid": "anlan", "type": "a-f-G-U-C", "relation": "p-p"})
    SubElement(detail, "remarks", {"source": "anlan", "to": clean(to), "time": stamp(now)}).text = clean(text)
    return bytes(tostring(event, encoding="utf-8", xml_declaration=True)) + b"\n"


def pong(now: datetime) -> bytes:
    return encode(Happening("takPong", PONG, 0, 0, now, now + timedelta(seconds=20), how="h-g-i-g-o"), now)


def decode(data: bytes) -> Decoded:
    one = read(data.strip())
    shown: dict[str, Any] = {
        "uid": one.uid, "type": one.type, "lon": one.lon, "lat": one.lat, "start": stamp(one.at),
        "stale": stamp(one.stale), "callsign": one.callsign, "remarks": one.remarks, "how": one.how,
        "speed_m_s": one.speed_m_s, "course_deg": one.course_deg, "geometry": one.geometry, "gone": one.gone,
    }  # fmt: skip
    return Decoded(True, None, True, True, shown, key=f"{one.uid}@{stamp(one.at)}")


class CotFramer:
    """Events out of a stream: what stands between them (XML declarations, blanks) is left out."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        self.buffer += data
        found: list[Chunk] = []
        while True:
            begin = self.buffer.find(START)
            if begin < 0:
                # The beginning of an event, or of an XML declaration, may have come in part.
                tail = self.buffer.rfind(b"<")
                self.drop(tail if tail >= 0 and len(self.buffer) - tail < MOST_HEAD else len(self.buffer), found)
                return found
            self.drop(begin, found)
            end = self.buffer.find(END)
            if end < 0:
                if len(self.buffer) > MOST_BYTES:
                    found.append(Chunk(bytes(self.buffer[:200]), f"CoT 事件超过 {MOST_BYTES} 字节仍未结束"))
                    del self.buffer[:]
                return found
            found.append(Chunk(bytes(self.buffer[: end + len(END)])))
            del self.buffer[: end + len(END)]

    def drop(self, count: int, found: list[Chunk]) -> None:
        """Bytes before an event; they are worth a word only when they are no XML declaration."""
        if count <= 0:
            return
        lost = DECLARATION.sub(b"", bytes(self.buffer[:count])).strip()
        del self.buffer[:count]
        if lost:
            found.append(Chunk(lost[:200], "不属于任何 CoT 事件的字节"))
