"""Reads of the gateways."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from anlan.gateways import feeds
from anlan.gateways.actions import require_city
from anlan.gateways.devices import discover
from anlan.gateways.devices.contract import FrameError
from anlan.gateways.models import Quarantined
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import NotFound

LINE_BYTES = 16
SHOWN_BYTES = 4096


def quarantined(actor: Actor, protocol: str = "", state: str = "", text: str = "") -> QuerySet[Quarantined]:
    """What was refused, newest first; `text` looks in reason and sender."""
    require_city(actor, "gateways.view")
    rows = Quarantined.objects.order_by("-log_seq")
    if protocol:
        rows = rows.filter(protocol=protocol)
    if state in Quarantined.State.values:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(reason__icontains=text) | rows.filter(peer__icontains=text)
    return rows


def quarantined_one(actor: Actor, pk: int) -> Quarantined:
    row = quarantined(actor).filter(pk=pk).first()
    if row is None:
        raise NotFound(f"隔离报文 {pk} 不存在")
    return row


def waiting(actor: Actor) -> list[dict[str, Any]]:
    """How many wait for somebody, by protocol."""
    rows = quarantined(actor, state=Quarantined.State.KEPT).order_by("protocol")
    return [dict(row) for row in rows.values("protocol").annotate(count=Count("pk"))]


def protocols() -> list[tuple[str, str]]:
    """(name, title) of everything that may be refused."""
    devices = [(protocol.name, protocol.title) for protocol in discover().values()]
    return devices + [(f"feed.{feed.name}", feed.title) for feed in feeds.discover().values()] + [
        ("sensorthings", "SensorThings")
    ]  # fmt: skip


@dataclass(frozen=True)
class HexLine:
    """Sixteen bytes as people read them."""

    offset: str
    hex: str
    text: str


def hex_lines(data: bytes) -> list[HexLine]:
    found = []
    for start in range(0, min(len(data), SHOWN_BYTES), LINE_BYTES):
        part = data[start : start + LINE_BYTES]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        found.append(HexLine(f"{start:04X}", part.hex(" ").upper(), shown))
    return found


def as_read(row: Quarantined) -> str:
    """What our decoder makes of the bytes today, as indented JSON; "" where the protocol has none."""
    protocol = discover().get(row.protocol)
    if protocol is None:
        return ""
    try:
        decoded = protocol.decode(bytes(row.raw))
    except FrameError as error:
        return str(error)
    shown = {
        "valid": decoded.valid,
        "reason": decoded.reason,
        "frame": decoded.frame,
        "readings": [
            f"{r.address}/{r.code} {r.name} = {r.value} {r.unit} @ {r.at.isoformat()}" for r in decoded.readings
        ],
    }
    return json.dumps(shown, ensure_ascii=False, indent=1, default=str)
