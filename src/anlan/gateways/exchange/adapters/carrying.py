"""By file to and from a platform of another maker 外系统文件. It signs nothing and numbers nothing: who carries the file answers
for where it came from, so every document names the registered platform and the officer, and is held against the same agreement
(kinds, place, data class). The same state of the same thing is taken once, an older one never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import DataError, transaction

from anlan.gateways.exchange import effects, intake, platform
from anlan.gateways.exchange.adapters import discover
from anlan.gateways.exchange.adapters.contract import MOST_BYTES, Adapter, Envelope, FormError, Item
from anlan.gateways.exchange.models import ForeignRecord, Peer, SentParcel
from anlan.gateways.exchange.parcel import MOST_AHEAD, Parcel, Refused, check_payload
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import AnlanError, Conflict, Invalid

#: Things of one file.
MOST = 200
#: What comes by such a file is at least internal.
DATA_CLASS = 2
HELD = "what was sent to this peer"


@dataclass
class Taken:
    """What a document brought: taken, known already, refused with the reason."""

    taken: int = 0
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def adapter_named(name: str) -> Adapter:
    found = discover().get(name)
    if found is None:
        raise Invalid("form", name, "、".join(discover()), label="格式")
    return found


@action("gateways.exchange")
def bring(by: Actor, peer_id: int, name: str, data: bytes) -> Taken:
    """导入外系统文件. Raises `Invalid` for what as a whole is none of this form: then nothing of it is kept."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").select_related("area").one(peer_id, lock=True)
    adapter, now = adapter_named(name), max(clock.now(), clock.real_now())
    if len(data) > MOST_BYTES:
        raise Invalid("file", len(data), f"至多 {MOST_BYTES // 2**20} MB", label="文件大小", unit="字节")
    try:
        found = adapter.read(data, now)
    except FormError as error:
        raise Invalid(
            "file", data[:30].decode("utf-8", "replace"), f"{adapter.title} 文档（{error}）", label="文件"
        ) from error
    # Who may exchange with the platform needs no other right for what it says: as with parcels, the exchange itself keeps it.
    made, exchange = Taken(refused=list(found.refused)), intake.actor_for(peer)
    for item in found.items:
        take(exchange, peer, item, now, made)
    record(by, f"导入{adapter.title}（{made.taken} 件）", peer)
    return made


def take(by: Actor, peer: Peer, item: Item, now: datetime, made: Taken) -> None:
    """One thing, or its refusal; the effect of a refused one is undone."""
    try:
        with transaction.atomic():
            parcel = parcel_of(peer, item, now)
            check_payload(parcel)
            intake.agreed(peer, parcel)
            rows = ForeignRecord.objects.unscoped(HELD).filter(peer=peer, kind=parcel.kind, key=parcel.key)
            if rows.filter(revision__gte=parcel.revision).exists():
                made.known += 1
                return
            effects.apply(by, peer, parcel)
            made.taken += 1
    except Refused as error:
        made.refused.append((item.key, error.reason))
    except AnlanError as error:
        made.refused.append((item.key, error.message))
    except (DataError, ValueError, TypeError, KeyError) as error:
        made.refused.append((item.key, f"内容无法保存：{type(error).__name__}"))


def parcel_of(peer: Peer, item: Item, now: datetime) -> Parcel:
    """Its time is its revision: seconds since 1970. From the future comes nothing."""
    if item.said_at > now + MOST_AHEAD:
        raise Refused(f"发送时间 {item.said_at.isoformat()} 晚于现在，时钟不准或伪造", final=True)
    area = Area.objects.filter(code=item.area).order_by("level").first() if item.area else None
    if item.area and area is None:
        raise Refused(f"区划 {item.area} 不是本级所辖", final=True)
    return Parcel(
        sender=peer.code, receiver=platform.code(), seq=1, kind=item.kind, key=item.key[:120],
        revision=max(1, int(item.said_at.timestamp())), area=platform.area_code(area or peer.area), data_class=DATA_CLASS,
        sent_at=item.said_at.isoformat(), payload=item.payload, exercise=item.exercise,
    )  # fmt: skip


@action("gateways.exchange")
def export(by: Actor, peer_id: int, name: str, exercise: bool = False) -> bytes:
    """导出外系统文件: the latest state of what was offered to this platform, as its own form writes it."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").one(peer_id)
    adapter = adapter_named(name)
    rows = SentParcel.objects.unscoped(HELD).filter(peer=peer, kind__in=adapter.kinds).order_by("-seq")
    latest: dict[str, dict[str, Any]] = {}
    for row in rows[: 10 * MOST]:
        if bool(row.said.get("exercise")) == exercise:
            latest.setdefault(row.key, row.said)
    items = [item_of(said) for said in list(latest.values())[:MOST]]
    if not items:
        raise Conflict(
            f"还没有可以{'演练' if exercise else ''}导出给{peer.name}的事件或预警", rule="只导出按约定应告知对方的内容"
        )
    envelope = Envelope(str(uuid4()), platform.code(), peer.code, clock.now().astimezone(clock.BEIJING))
    try:
        made = adapter.write(envelope, items)
    except FormError as error:
        raise Conflict(str(error)) from error
    record(by, f"导出{adapter.title}（{len(items)} 件）", peer)
    return made


def item_of(said: dict[str, Any]) -> Item:
    at = datetime.fromisoformat(said["sent_at"]).astimezone(clock.BEIJING)
    return Item(
        said["kind"], said["key"], at, said["area"].partition(":")[2], said["payload"], bool(said.get("exercise"))
    )


def forms() -> Sequence[Adapter]:
    return list(discover().values())
