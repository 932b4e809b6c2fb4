"""What of this platform a peer has a right to: put into its stream in the transaction that made it true."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from anlan.gateways.exchange import platform
from anlan.gateways.exchange.models import Peer, Relation, SentParcel, split
from anlan.gateways.exchange.parcel import MOST_BYTES, Kind, Parcel, canonical
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area
from anlan.kernel.errors import Conflict

WHY = "every peer gets what was agreed with it"


@dataclass(frozen=True)
class Offer:
    """A thing as it stands: `key` and `revision` say which state of which thing."""

    kind: Kind
    key: str
    revision: int
    title: str
    area: Area
    data_class: int
    payload: dict[str, Any]
    correlation_id: UUID | None = None
    #: None: as the clock says now. What has a mark of its own says it here.
    exercise: bool | None = None


def concerns(peer: Peer, offer: Offer) -> bool:
    """By agreement, data class and place: a lower platform hears what touches its own area, the others all of ours."""
    if offer.kind.value not in split(peer.sends) or offer.data_class > peer.top_class:
        return False
    if offer.kind == Kind.REPORT:
        return bool(peer.relation == Relation.UPPER)
    if peer.relation != Relation.LOWER:
        return True
    return offer.area.path.startswith(peer.area.path) or peer.area.path.startswith(offer.area.path)


def offer_to_all(by: Actor, offer: Offer) -> list[SentParcel]:
    """Into the stream of every peer it concerns."""
    peers = Peer.objects.unscoped(WHY).filter(enabled=True).select_related("area").order_by("pk")
    return [post(by, peer.pk, offer) for peer in peers if concerns(peer, offer)]


@action("gateways.exchange")
def post(by: Actor, peer_id: int, offer: Offer) -> SentParcel:
    """投递: number it, in the order of the stream. The same state of the same thing is said once."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").one(peer_id, lock=True)
    sent = SentParcel.objects.visible_to(by, "gateways.exchange")
    known = sent.filter(peer=peer, kind=offer.kind, key=offer.key, revision=offer.revision).first()
    if known is not None:
        return known
    now = clock.now()
    parcel = Parcel(
        sender=platform.code(), receiver=peer.code, seq=peer.last_sent + 1, kind=offer.kind.value, key=offer.key,
        revision=offer.revision, area=platform.area_code(offer.area), data_class=offer.data_class,
        sent_at=now.isoformat(), payload=offer.payload, correlation_id=str(offer.correlation_id or ""),
        exercise=clock.scenario() is not None if offer.exercise is None else offer.exercise,
    )  # fmt: skip
    said = asdict(parcel)
    if len(canonical(said)) > MOST_BYTES:
        raise Conflict(f"{offer.title}超过 {MOST_BYTES // 1024} KB，不能交换", rule="报文长度上限")
    peer.last_sent = parcel.seq
    peer.save(update_fields=["last_sent"])
    row = SentParcel.objects.create(
        peer=peer, seq=parcel.seq, kind=parcel.kind, key=parcel.key, revision=parcel.revision,
        title=offer.title[:200], said=said, at=now,
    )  # fmt: skip
    record(by, "投递互联报文", row, correlation_id=offer.correlation_id)
    return row
