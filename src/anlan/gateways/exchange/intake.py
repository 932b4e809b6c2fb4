"""What comes in from a peer: proved, in order, once. The answer says, signed, how far it is safely here."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import DataError, transaction
from django.db.models import F

from anlan.gateways.exchange import effects, platform, sealing
from anlan.gateways.exchange.models import Peer, Relation, TakenParcel, TurnedAway, split
from anlan.gateways.exchange.parcel import (
    MOST_BYTES,
    Acknowledgement,
    Kind,
    Parcel,
    Refused,
    Verdict,
    canonical,
    check,
    content,
    read,
)
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor, system
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import AnlanError, Forbidden

log = logging.getLogger(__name__)
#: The same stranger with the same reason within this time counts up one row instead of filling the table.
SAME_STRANGER = timedelta(hours=1)
#: So many different stories of one origin within that time are one row; what is older than this is forgotten.
MOST_STRANGE, KEPT = 20, timedelta(days=30)


def actor_for(peer: Peer) -> Actor:
    return system(f"互联·{peer.name}")


def plain(text: str) -> str:
    """As the database can keep it."""
    return text.replace("\x00", "\ufffd")


def turn_away(sender: str, origin: str, reason: str, excerpt: bytes) -> None:
    """Keep what could not be believed, where an operator sees it."""
    now = clock.real_now()
    sender, reason = plain(sender), plain(reason)
    TurnedAway.objects.filter(at__lt=now - KEPT).delete()
    if TurnedAway.objects.filter(origin=origin[:80], at__gte=now - SAME_STRANGER).count() >= MOST_STRANGE:
        sender, reason = "", "同一来源反复投递"
    same = TurnedAway.objects.filter(sender=sender[:40], origin=origin[:80], reason=reason[:300])
    if same.filter(at__gte=now - SAME_STRANGER).update(count=F("count") + 1, at=now):
        return
    shown = excerpt[:400].decode("utf-8", "replace").replace("\x00", "�")
    TurnedAway.objects.create(sender=sender[:40], origin=origin[:80], reason=reason[:300], excerpt=shown[:400], at=now)


def peer_named(code: str, origin: str, excerpt: bytes) -> Peer:
    peer = Peer.objects.unscoped("the peer's signature is its scope").filter(code=code, enabled=True).first()
    if peer is None:
        turn_away(code, origin, "未登记或已停用的平台", excerpt)
        raise Forbidden(f"平台 {code[:40]} 未登记或已停用", permission="gateways.exchange")
    return peer


def take(peer: Peer, sealed: Sequence[object], origin: str) -> dict[str, object]:
    """Take a batch; returns the sealed acknowledgement. All of it commits together, or nothing does."""
    word, doubts = take_in(actor_for(peer), peer.pk, sealed)
    for reason, excerpt in doubts:
        turn_away(peer.code, origin, reason, excerpt)
    return sealing.seal(platform.key(peer.algorithm), asdict(word))


@action("gateways.exchange")
def take_in(by: Actor, peer_id: int, sealed: Sequence[object]) -> tuple[Acknowledgement, list[tuple[str, bytes]]]:
    """收报: (how far it is, what gave reason to doubt)."""
    peer = Peer.objects.visible_to(by, "gateways.exchange").one(peer_id, lock=True)
    before, doubts, verdicts, halted = snapshot(peer), [], [], ""
    for one in sealed:
        try:
            verdicts.append(take_one(by, peer, one))
        except Refused as refusal:
            halted = refusal.reason
            doubts.append((refusal.reason, str(one).encode()))
            break
    peer.contact_at = clock.real_now()
    peer.save()
    if any(verdict.verdict != "repeated" for verdict in verdicts):
        record(by, "收取互联报文", peer, before=before)
    own, at = platform.code(), clock.real_now().isoformat()
    return Acknowledgement(own, peer.code, peer.last_taken, at, halted, verdicts), doubts


def take_one(by: Actor, peer: Peer, sealed: object) -> Verdict:
    """Raises `Refused` when the stream cannot go on with it: whose word it is or its place in the order is in doubt."""
    parcel = read(sealing.opened(sealed, peer.keys))
    if (parcel.sender, parcel.receiver) != (peer.code, platform.code()):
        raise Refused(f"报文由 {parcel.sender} 发往 {parcel.receiver}，不是这一对平台", final=False)
    if parcel.seq <= peer.last_taken:
        return repeated(peer, parcel)
    if parcel.seq != peer.last_taken + 1:
        raise Refused(f"缺少第 {peer.last_taken + 1} 号报文，先收到第 {parcel.seq} 号", final=False)
    verdict = judge(by, peer, parcel)
    TakenParcel.objects.create(
        peer=peer, seq=parcel.seq, kind=plain(parcel.kind)[:20], key=plain(parcel.key)[:120], digest=content(parcel),
        verdict=verdict.verdict, reason=plain(verdict.reason)[:300], sent_at=plain(parcel.sent_at)[:40], at=clock.now(),
    )  # fmt: skip
    peer.last_taken = parcel.seq
    return verdict


def repeated(peer: Peer, parcel: Parcel) -> Verdict:
    """A number had before: the same again is acknowledged again, something else under it is a forgery or a broken sender."""
    known = TakenParcel.objects.unscoped("of this peer").filter(peer=peer, seq=parcel.seq).first()
    if known is not None and known.digest != content(parcel):
        raise Refused(f"第 {parcel.seq} 号报文与先前收到的内容不同（重放或篡改）", final=False)
    return Verdict(parcel.seq, "repeated")


def judge(by: Actor, peer: Peer, parcel: Parcel) -> Verdict:
    """Take it, or refuse it for good with the reason; the effect of a refused one is undone."""
    try:
        check(parcel, clock.real_now() if clock.scenario() is None else max(clock.now(), clock.real_now()))
        agreed(peer, parcel)
        with transaction.atomic():
            effects.apply(by, peer, parcel)
    except Refused as refusal:
        if not refusal.final:
            raise
        return Verdict(parcel.seq, "refused", refusal.reason)
    except AnlanError as error:
        return Verdict(parcel.seq, "refused", error.message)
    except (DataError, ValueError, TypeError, KeyError) as error:
        # A content we cannot keep must not hold up what comes after it.
        log.exception("parcel %s of %s cannot be kept", parcel.seq, peer.code)
        return Verdict(parcel.seq, "refused", f"内容无法保存：{type(error).__name__}")
    return Verdict(parcel.seq, "taken")


def agreed(peer: Peer, parcel: Parcel) -> None:
    """Kind, data class, size and place are within what was agreed. Raises `Refused` (final)."""
    if len(canonical(parcel.as_json())) > MOST_BYTES:
        raise Refused(f"报文超过 {MOST_BYTES // 1024} KB", final=True)
    if parcel.kind == Kind.VOID:
        return
    if parcel.kind not in split(peer.takes):
        raise Refused(f"未约定接收“{Kind(parcel.kind).words}”", final=True)
    if parcel.data_class > peer.top_class:
        raise Refused(f"数据级 {parcel.data_class} 高于约定的 {peer.top_class}", final=True)
    area = platform.area_of(parcel.area)
    if area is not None and peer.relation == Relation.LOWER and not area.path.startswith(peer.area.path):
        raise Refused(f"{area.name}不在{peer.name}的辖区{peer.area.name}内", final=True)
    if area is None and peer.relation == Relation.LOWER:
        raise Refused(f"区划 {parcel.area} 不是本级所辖", final=True)


def said_at(parcel: Parcel) -> datetime:
    return datetime.fromisoformat(parcel.sent_at)
