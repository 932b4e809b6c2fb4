"""Verbs of the legal clock: announce, escalate, and write down when other parties reported."""

from __future__ import annotations

from datetime import datetime, timedelta

from anlan.administration import queries as administration
from anlan.command.common import Kind, hm, hold, required, tell
from anlan.command.duty import clocks
from anlan.command.events import ReportDue
from anlan.command.models import Incident, ReportClock
from anlan.command.rules.reporting import PARTIES
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid
from anlan.kernel.events.facts import NoticeRequested
from anlan.kernel.models import Person

#: A duty that runs out within this time is announced.
SOON = timedelta(minutes=30)
#: An overdue duty goes one step further up after each of these. The platform's own figure.
ESCALATE = timedelta(minutes=15)
MOST_ESCALATIONS = 2


def desk_area(incident: Incident) -> Area:
    """The area of the desk that has this incident: the city or the district."""
    level = Level.CITY if incident.desk == "city" else Level.DISTRICT
    area = incident.area
    while area.level > level and area.parent is not None:
        area = area.parent
    return area


def receivers(incident: Incident, step: int, at: datetime) -> tuple[str, list[Person]]:
    """Who is told: officers first (0), then the duty leader (1), then the leader of the level above (2)."""
    area = desk_area(incident)
    if step >= 2 and area.parent is not None:
        area = area.parent
    watch = administration.watch(area, at)
    if watch is None:
        return f"{area.name}应急值班室", []
    people = watch.officers if step == 0 else watch.leaders
    return (
        f"{watch.organisation.name}{'值班员' if step == 0 else '带班领导'}",
        people or watch.leaders or watch.officers,
    )


def notices(duty: ReportClock, text: str, purpose: str, step: int, at: datetime) -> list[NoticeRequested]:
    title, people = receivers(duty.incident, step, at)
    to: list[tuple[str, str, int | None]] = [
        (f"{title} {person.name}", person.phone, person.pk) for person in people
    ] or [(title, "", None)]
    return [
        NoticeRequested(
            to_name=name,
            phone=phone,
            to_person_id=person_id,
            text=f"【信息报告】{duty.incident.title}：{text}",
            purpose=purpose,
            subject_type="command.ReportClock",
            subject_id=str(duty.pk),
            urgency="high",
            correlation_id=str(duty.incident.correlation_id),
        )
        for name, phone, person_id in to[:1]
    ]


def ours(duty: ReportClock) -> bool:
    return duty.party in {duty.incident.desk, f"{duty.incident.desk}_gov"}


@action("command.report")
def announce_due(by: Actor, clock_id: int) -> ReportClock:
    """临期与超期提醒, once each: our own to the officer, then the leader; another party's only when overdue, as 催报."""
    duty = ReportClock.objects.visible_to(by, "command.report").one(clock_id, lock=True)
    before, now, overdue = snapshot(duty), clock.now(), duty.due_at <= clock.now()
    early = not overdue and (not ours(duty) or duty.soon_at or duty.due_at - SOON > now)
    if duty.met_at or early or (overdue and duty.overdue_at):
        raise Conflict(f"{duty}无须提醒", rule="临期、超期各提醒一次")
    if overdue:
        duty.overdue_at = now
    duty.soon_at = duty.soon_at or now
    duty.save()
    minutes = abs((duty.due_at - now).total_seconds()) / 60
    state = f"已超期 {minutes:.0f} 分钟" if overdue else f"还剩 {minutes:.0f} 分钟"
    chase = "" if ours(duty) else f"催报 {duty.party_name}："
    text = f"{chase}{duty}{state}（{hm(duty.due_at)}，{duty.basis}）"
    tell(duty.incident, Kind.REPORT, text, by.name, clock_id=duty.pk)
    fact = ReportDue(duty.pk, duty.incident_id, duty.kind, duty.due_at.isoformat(), overdue)
    purpose = "报送超期" if overdue else "报送临期"
    told = notices(duty, text, purpose, 1 if overdue and ours(duty) else 0, now)
    record(by, "报告时限提醒", duty, fact, *told, before=before, correlation_id=duty.incident.correlation_id)
    return duty


@action("command.report")
def escalate_clock(by: Actor, clock_id: int) -> ReportClock:
    """升级: still not reported some time after the deadline; told one step further up, each step with its time."""
    duty = ReportClock.objects.visible_to(by, "command.report").one(clock_id, lock=True)
    before, now = snapshot(duty), clock.now()
    last = duty.escalated_at or duty.overdue_at
    if duty.met_at or last is None or last + ESCALATE > now or duty.escalation >= MOST_ESCALATIONS or not ours(duty):
        raise Conflict(f"{duty}无须升级", rule="超期后逐级升级")
    duty.escalation, duty.escalated_at = duty.escalation + 1, now
    duty.save()
    minutes = (now - duty.due_at).total_seconds() / 60
    title, _ = receivers(duty.incident, duty.escalation, now)
    text = f"{duty}超期 {minutes:.0f} 分钟仍未报送，升级至{title}"
    tell(duty.incident, Kind.REPORT, text, by.name, clock_id=duty.pk)
    told = notices(duty, text, "超期升级", duty.escalation, now)
    record(by, "报告超期升级", duty, *told, before=before, correlation_id=duty.incident.correlation_id)
    return duty


@action("command.report")
def note_receipt(
    by: Actor, incident_id: int, party: str, known_at: datetime | None, met_at: datetime | None, proof: str
) -> Incident:
    """登记他方报告: when another party knew, and when its report came in; the proof says how that is known."""
    incident = hold(by, "command.report", incident_id)
    if party not in PARTIES or party in {incident.desk, f"{incident.desk}_gov"}:
        others = " ".join(one for one in PARTIES if one.removesuffix("_gov") != incident.desk)
        raise Invalid("party", party, others, label="责任方")
    now, name = clock.now(), PARTIES[party][0]
    for field, value, label in (("known_at", known_at, "知悉时间"), ("met_at", met_at, "报告时间")):
        if value is not None and value > now:
            raise Invalid(field, hm(value), f"不晚于现在（{hm(now)}）", label=label)
    if known_at and met_at and known_at > met_at:
        raise Invalid("known_at", hm(known_at), f"不晚于报告时间（{hm(met_at)}）", label="知悉时间")
    proof = required("proof", proof, "凭据（来电记录号、文号、录音号等）", 200)
    if known_at is not None:
        restart(incident, party, known_at)
    if met_at is not None:
        clocks.meet(incident, party, met_at, proof)
    said = [f"{hm(known_at)}知悉" if known_at else "", f"{hm(met_at)}报告" if met_at else ""]
    tell(incident, Kind.REPORT, f"{name}{'，'.join(filter(None, said))}（凭据：{proof}）", by.name, party=party)
    record(by, "登记他方报告", incident, reason=f"{name}：{proof}"[:400], correlation_id=incident.correlation_id)
    return incident


def restart(incident: Incident, party: str, known_at: datetime) -> None:
    """The party's clock from when it really knew: new, or corrected with the journal keeping what stood there."""
    rows = ReportClock.objects.unscoped(HELD).select_for_update(of=("self",)).filter(incident=incident, party=party)
    for row in rows.filter(kind="首报"):
        row.due_at += known_at - row.known_at
        row.known_at = known_at
        row.save()
    clocks.begin(incident, party, known_at)
