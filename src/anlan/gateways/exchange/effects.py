"""What a taken parcel changes here. Others' things are kept apart from our own; only people turn one into the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from anlan.command.actions.losses import keep_loss_receipt
from anlan.command.actions.needs import aid_answered
from anlan.command.actions.proposals import propose_foreign
from anlan.command.actions.reports import keep_receipt
from anlan.gateways.events import ForeignInformationReceived
from anlan.gateways.exchange import offers, platform
from anlan.gateways.exchange.models import ForeignRecord, Peer, SentParcel
from anlan.gateways.exchange.parcel import Kind, Parcel, Refused
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import record
from anlan.kernel.areas.models import Area
from anlan.kernel.audit.journal import snapshot

#: Keys of tasks that ask for aid; the rest is the number of the request.
AID = "task:aid:"
#: Keys of 灾情 reports; the rest is the number of the return.
LOSSES = "losses:"
HELD = "rows of the peer whose parcel it is"


def apply(by: Actor, peer: Peer, parcel: Parcel) -> None:
    """Raises `Refused` or an error of the rooms below; the caller undoes everything then."""
    kind = Kind(parcel.kind)
    if kind == Kind.VOID:
        return
    if kind in ABOUT_OURS:
        ABOUT_OURS[kind](by, peer, parcel)
        return
    row = keep(by, peer, parcel)
    if row is not None and kind in FURTHER:
        FURTHER[kind](by, row, parcel)


def time_of(text: Any, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise Refused(f"{name} 的值 {text!r} 不是 ISO 8601 时间", final=True) from None
    if found.tzinfo is None:
        raise Refused(f"{name} 的值 {text} 没有时区", final=True)
    return found


def correlation(parcel: Parcel) -> UUID | None:
    try:
        return UUID(parcel.correlation_id) if parcel.correlation_id else None
    except ValueError:
        raise Refused(f"关联号 {parcel.correlation_id!r} 不是 UUID", final=True) from None


def title_of(parcel: Parcel) -> str:
    said = parcel.payload
    found = said.get("title") or said.get("headline") or said.get("name") or f"{said.get('kind', '')} {parcel.key}"
    return str(found).strip()[:200]


def keep(by: Actor, peer: Peer, parcel: Parcel) -> ForeignRecord | None:
    """The latest state of the thing; an older revision than the known one changes nothing."""
    rows = ForeignRecord.objects.unscoped(HELD).filter(peer=peer, kind=parcel.kind, key=parcel.key[:120])
    row = rows.select_for_update().first()
    if row is not None and row.revision >= parcel.revision:
        return None
    before = snapshot(row) if row else None
    row = row or ForeignRecord(peer=peer, kind=parcel.kind, key=parcel.key[:120])
    row.area = platform.area_of(parcel.area) or peer.area
    row.data_class, row.revision, row.title = parcel.data_class, parcel.revision, title_of(parcel)
    row.payload, row.exercise, row.correlation_id = parcel.payload, parcel.exercise, correlation(parcel)
    row.lon, row.lat = parcel.payload.get("lon"), parcel.payload.get("lat")
    row.said_at, row.taken_at = time_of(parcel.sent_at, "sent_at"), clock.now()
    row.save()
    fact = ForeignInformationReceived(row.pk, row.kind, row.title, peer.name, row.exercise)
    record(by, f"收到{Kind(row.kind).words}", row, fact, before=before, correlation_id=row.correlation_id)
    return row


def incident(by: Actor, row: ForeignRecord, parcel: Parcel) -> None:
    """A clue for the duty desk, unless it is an exercise, over, or the incident is ours already."""
    said = parcel.payload
    if row.exercise or said.get("closed") is True or row.lon is None or row.lat is None:
        return
    propose_foreign(
        by, kind=f"{row.peer.get_relation_display()}平台", title=row.title, event_code=str(said["event_code"])[:5],
        lon=row.lon, lat=row.lat, at=time_of(said["at"], "at"), area=row.area, correlation_id=row.correlation_id,
        reported_by=row.peer.name, place=str(said.get("place", "")),
    )  # fmt: skip


def report(by: Actor, row: ForeignRecord, parcel: Parcel) -> None:
    """A report is answered at once by its receipt: the lower level's proof of when."""
    now = clock.now()
    number = f"HZ-{platform.code().replace(':', '')}-{now.astimezone(clock.BEIJING):%Y%m%d%H%M%S}-{row.pk}"
    said = {"about": parcel.key, "number": number, "at": now.isoformat(), "by": platform_name(row.area)}
    offer = offers.Offer(
        Kind.RECEIPT, f"receipt:{parcel.key}"[:120], parcel.revision, f"回执 {row.title}", row.area, row.data_class,
        said, row.correlation_id, row.exercise,
    )  # fmt: skip
    offers.post(by, row.peer_id, offer)


def platform_name(area: Area) -> str:
    top = Area.objects.filter(path=f"/{area.path.split('/')[1]}/").first()
    return f"{top.name if top else ''}应急指挥平台"


def receipt(by: Actor, peer: Peer, parcel: Parcel) -> None:
    said = parcel.payload
    at = time_of(said["at"], "at")
    answered(by, peer, Kind.REPORT, str(said["about"]), {"number": said["number"], "at": said["at"]})
    about, number = str(said["about"]), str(said["number"])
    if about.startswith(LOSSES):
        keep_loss_receipt(by, int(about.removeprefix(LOSSES)), number, peer.name, at)
    else:
        keep_receipt(by, about.removeprefix("report:"), number, f"{peer.name}回执", at)


def answer(by: Actor, peer: Peer, parcel: Parcel) -> None:
    said = parcel.payload
    words = {name: str(said.get(name, ""))[:400] for name in ("state", "by", "note", "at")}
    about = str(said["about"])
    answered(by, peer, Kind.TASK, about, words)
    if about.startswith(AID):
        aid_answered(by, about.removeprefix(AID), peer.name, words["state"], words["note"])


def answered(by: Actor, peer: Peer, kind: Kind, key: str, words: dict[str, Any]) -> None:
    """The peer's word about something that we sent it."""
    row = SentParcel.objects.unscoped(HELD).filter(peer=peer, kind=kind, key=key).order_by("-revision").first()
    if row is None:
        raise Refused(f"所答的{kind.words} {key} 不是本平台发给{peer.name}的", final=True)
    before = snapshot(row)
    row.answer = words
    row.save()
    fact = ForeignInformationReceived(row.pk, f"{kind.value}_answer", row.title, peer.name, False)
    record(by, f"收到{kind.words}的回复", row, fact, before=before)


Further = Callable[[Actor, ForeignRecord, Parcel], None]
AboutOurs = Callable[[Actor, Peer, Parcel], None]
FURTHER: dict[Kind, Further] = {Kind.INCIDENT: incident, Kind.REPORT: report}
ABOUT_OURS: dict[Kind, AboutOurs] = {Kind.RECEIPT: receipt, Kind.ANSWER: answer}


@dataclass(frozen=True)
class Reply:
    """Our answer to a task of another platform."""

    about: str
    state: str
    by: str
    note: str
    at: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
