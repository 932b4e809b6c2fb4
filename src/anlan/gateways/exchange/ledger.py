"""How far our stream to each peer is: what is owed, in which words, and the peer's signed word about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from anlan.gateways.exchange import platform
from anlan.gateways.exchange.models import Peer, SentParcel
from anlan.gateways.exchange.parcel import Acknowledgement, Kind, Refused
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot

CARRIER = system("平台互联")
WHY = "the carrier serves every peer"


def owed(peer: Peer, most: int) -> list[SentParcel]:
    rows = SentParcel.objects.unscoped(WHY).filter(peer=peer, confirmed_at__isnull=True)
    return list(rows.order_by("seq")[:most])


def worded(row: SentParcel, schema: int) -> dict[str, Any]:
    """The parcel in a schema the peer speaks. One that cannot tell exercises from the real thing gets none of them."""
    said = {**row.said, "schema": schema}
    if schema < 2:
        exercise = said.pop("exercise", False)
        if exercise:
            said |= {"kind": Kind.VOID.value, "payload": {}}
    return said


def due(now: datetime) -> list[int]:
    """Peers with an address, something that waits, and no pause running."""
    rows = Peer.objects.unscoped(WHY).filter(enabled=True, last_sent__gt=F("last_confirmed")).exclude(url="")
    return list(rows.filter(Q(next_at__isnull=True) | Q(next_at__lte=now)).values_list("pk", flat=True))


@action("gateways.exchange")
def keep_schema(by: Actor, peer_id: int, schema: int) -> None:
    """协商版本."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").one(peer_id, lock=True)
    if peer.schema != schema:
        before = snapshot(peer)
        peer.schema = schema
        peer.save(update_fields=["schema"])
        record(by, "协商报文版本", peer, before=before)


@action("gateways.exchange")
def keep_contact(by: Actor, peer_id: int, trouble: str, pause: timedelta | None = None) -> None:
    """联通或中断. Only a change is journalled: a link down for days is one line, not thousands."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").one(peer_id, lock=True)
    before, now = snapshot(peer), clock.real_now()
    changed = bool(peer.trouble) != bool(trouble)
    peer.trouble = trouble
    peer.failures = peer.failures + 1 if trouble else 0
    peer.next_at = now + pause if pause else None
    if not trouble:
        peer.contact_at = now
    peer.save(update_fields=["trouble", "failures", "next_at", "contact_at"])
    if changed:
        record(by, "互联中断" if trouble else "互联恢复", peer, before=before, reason=trouble)


@action("gateways.exchange")
def keep_word(by: Actor, peer_id: int, word: Acknowledgement) -> int:
    """对方回执: mark what it confirms; returns how many were new. Raises `Refused` when it stands still and says why."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").one(peer_id, lock=True)
    if (word.sender, word.receiver) != (peer.code, platform.code()):
        raise Refused(f"回执由 {word.sender} 发往 {word.receiver}，不是这一对平台", final=False)
    if word.up_to > peer.last_sent:
        raise Refused(f"对方称已收至 {word.up_to} 号，本平台只发到 {peer.last_sent} 号", final=False)
    before, now = snapshot(peer), clock.now()
    rows = SentParcel.objects.visible_to(by, "gateways.exchange").filter(
        peer=peer, seq__lte=word.up_to, confirmed_at__isnull=True
    )
    refused = {verdict.seq: verdict.reason for verdict in word.verdicts if verdict.verdict == "refused"}
    for seq, reason in refused.items():
        rows.filter(seq=seq).update(verdict="refused", reason=reason[:300])
    rows.filter(verdict="").update(verdict="taken")
    confirmed = rows.update(confirmed_at=now)
    if confirmed:
        peer.last_confirmed = word.up_to
        peer.save(update_fields=["last_confirmed"])
        record(by, "对方收妥互联报文", peer, before=before)
    elif word.halted:
        raise Refused(f"对方停收：{word.halted}", final=False)
    return confirmed
