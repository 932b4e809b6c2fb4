"""Between an event message and our own words."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from anlan.gateways.exchange.adapters.contract import Envelope, FormError, Item, Read
from anlan.gateways.exchange.adapters.gbt35965 import codec
from anlan.gateways.exchange.adapters.gbt35965.codec import FIGURES, EventError, EventInfo

#: Several events in one file; the standard has one a message (待核对).
MANY = "eventInfos"


@cache
def names() -> dict[str, str]:
    """Element names of this installation. Raises FormError that names the setting."""
    file = os.environ.get("ANLAN_GBT35965_NAMES", "")
    if not file:
        return codec.NAMES
    try:
        given = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormError(f"ANLAN_GBT35965_NAMES={file}：{error}") from error
    strange = set(given) - set(codec.NAMES)
    if strange:
        raise FormError(f"ANLAN_GBT35965_NAMES 中不认识的名称：{'、'.join(sorted(strange))}")
    return {word: str(given.get(word, name)) for word, name in codec.NAMES.items()}


def item_of(said: EventInfo) -> Item:
    figures = {name: getattr(said, name) for name in FIGURES if getattr(said, name) is not None}
    payload: dict[str, Any] = {
        "number": said.number, "title": said.title, "event_code": said.event_code, "lon": said.lon, "lat": said.lat,
        "at": said.at.isoformat(), "place": said.place, "grade": said.grade, "status": said.state, "closed": said.closed,
        "description": said.description, "measures": said.measures, "figures": figures,
    }  # fmt: skip
    return Item("incident", f"incident:{said.number}", said.sent, said.area, payload, said.status != "Actual")


def event_of(envelope: Envelope, item: Item) -> EventInfo:
    said, figures = item.payload, item.payload.get("figures") or {}
    return EventInfo(
        identifier=f"{envelope.number}:{said['number']}", sender=envelope.sender, sent=item.said_at, number=said["number"],
        title=said["title"], event_code=said["event_code"], lon=said["lon"], lat=said["lat"],
        at=datetime.fromisoformat(said["at"]), status="Exercise" if item.exercise else "Actual",
        grade=said.get("grade") or "", area=item.area, place=said.get("place") or "", state=said.get("status") or "",
        description=said.get("description") or "", measures=said.get("measures") or "", closed=said.get("closed") is True,
        **{name: figures.get(name) for name in FIGURES},
    )  # fmt: skip


def events_in(root: Element) -> Read:
    found = Read()
    for index, one in enumerate([root] if codec.local(root) == names()["root"] else list(root)):
        try:
            found.items.append(item_of(codec.read(one, names())))
        except EventError as error:
            found.refused.append((f"[{index}]", str(error)))
    return found


def read(data: bytes, now: datetime) -> Read:
    del now
    try:
        return events_in(codec.root_of(data))
    except EventError as error:
        raise FormError(str(error)) from error


def write(envelope: Envelope, items: Sequence[Item]) -> bytes:
    root = Element(MANY)
    for item in items:
        root.append(codec.element(event_of(envelope, item), names()))
    if len(items) != 1:
        return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
    return bytes(tostring(root[0], encoding="utf-8", xml_declaration=True))


__all__ = ["event_of", "events_in", "item_of", "names", "read", "write"]
