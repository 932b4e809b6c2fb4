"""Reads of the exchange: always for somebody, except what concerns no area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from anlan.gateways.exchange import sealing
from anlan.gateways.exchange.models import ForeignRecord, Peer, SentParcel, TakenParcel, TurnedAway
from anlan.gateways.exchange.parcel import Kind
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.errors import NotFound

VIEW = "gateways.view"
#: What is kept as a record; answers and receipts stand beside what they answer.
SHOWN = (Kind.INCIDENT, Kind.REPORT, Kind.WARNING, Kind.TASK, Kind.RESOURCE)


@dataclass(frozen=True)
class Link:
    """One peer as the page shows it. `state`: ok, waiting, broken, by hand, off."""

    peer: Peer
    state: str
    title: str
    oldest: SentParcel | None
    refused: int


def state_of(peer: Peer) -> tuple[str, str]:
    if not peer.enabled:
        return "", "停用"
    if not peer.url:
        return "info", "人工摆渡"
    if peer.trouble:
        return "bad", "中断"
    if peer.waiting:
        return "warn", "待发"
    return ("ok", "畅通") if peer.contact_at else ("info", "未联通")


def links(actor: Actor) -> list[Link]:
    """Two queries however many peers there are."""
    rows = list(Peer.objects.visible_to(actor, VIEW).select_related("area").order_by("relation", "code"))
    sent = SentParcel.objects.unscoped(HELD).filter(peer__in=rows)
    first = sent.filter(confirmed_at__isnull=True).order_by("peer_id", "seq").distinct("peer_id").defer("said")
    oldest = {row.peer_id: row for row in first}
    refused = dict(sent.filter(verdict="refused").order_by().values_list("peer_id").annotate(Count("pk")))
    return [Link(peer, *state_of(peer), oldest.get(peer.pk), refused.get(peer.pk, 0)) for peer in rows]


def peers(actor: Actor) -> list[Peer]:
    return list(Peer.objects.visible_to(actor, VIEW).order_by("code"))


def peer(actor: Actor, pk: int) -> Peer:
    return Peer.objects.visible_to(actor, VIEW).select_related("area").one(pk)


def peer_coded(actor: Actor, code: str) -> Peer:
    """The platform of that code, for one who may exchange with it."""
    found = Peer.objects.visible_to(actor, "gateways.exchange").filter(code=code, enabled=True).first()
    if found is None:
        raise NotFound(f"外平台 {code[:40]} 未登记、已停用，或不在您的管辖范围内")
    return found


def sent(actor: Actor, of: Peer) -> QuerySet[SentParcel]:
    return SentParcel.objects.visible_to(actor, VIEW).filter(peer=of).order_by("-seq")


def taken(actor: Actor, of: Peer) -> QuerySet[TakenParcel]:
    return TakenParcel.objects.visible_to(actor, VIEW).filter(peer=of).order_by("-seq")


def records(actor: Actor, kind: str, of: str, text: str) -> QuerySet[ForeignRecord]:
    rows = ForeignRecord.objects.visible_to(actor, VIEW).select_related("peer", "area").order_by("-taken_at", "-pk")
    if kind:
        rows = rows.filter(kind=kind)
    if of.isdigit():
        rows = rows.filter(peer_id=int(of))
    return rows.filter(Q(title__icontains=text) | Q(key__icontains=text)) if text else rows


def turned_away() -> list[TurnedAway]:
    return list(TurnedAway.objects.order_by("-at")[:10])


def own_keys() -> list[tuple[str, str, str]]:
    """(algorithm, fingerprint, line to hand over) of the keys this platform has."""
    folder = settings.VAR / "exchange"
    found = [sealing.own(folder, name) for name in sealing.ALGORITHMS if (folder / f"{name}.key").exists()]
    return [(key.algorithm, key.fingerprint, key.line) for key in found]


def on_map(actor: Actor, bbox: Any) -> dict[str, Any]:
    """Others' incidents and resources with a place, as map features."""
    west, south, east, north = bbox or (-180.0, -90.0, 180.0, 90.0)
    rows = ForeignRecord.objects.visible_to(actor, VIEW).filter(
        kind__in=[Kind.INCIDENT, Kind.RESOURCE], lon__range=(west, east), lat__range=(south, north)
    )
    return {"type": "FeatureCollection", "features": [feature(row) for row in rows.select_related("peer")[:2000]]}


def feature(row: ForeignRecord) -> dict[str, Any]:
    said = {
        "id": row.pk,
        "name": row.title,
        "kind": row.get_kind_display(),
        "source": row.peer.name,
        "at": row.said_at.isoformat(),
        "state": row.state_text,
        "exercise": row.exercise,
    }
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]}, "properties": said}
