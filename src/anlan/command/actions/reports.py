"""Verbs of reporting: draft, edit, sign, send, on the legal clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from anlan.command import numbering, reporting, rules
from anlan.command.common import Kind, bump, check_version, hm, hold, tell
from anlan.command.events import ReportDrafted, ReportDue, ReportSent, ReportSigned
from anlan.command.models import Channel, Incident, Report, ReportClock, ReportKind, ReportVersion, Response
from anlan.command.states import REPORT, REPORT_LABELS, move
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound
from anlan.kernel.events.facts import NoticeRequested

#: A duty that runs out within this time is announced.
SOON = timedelta(minutes=30)
LOCAL_RECEIPT = "本级留存/待上级平台回执"


def latest(incident: Incident, **which: Any) -> Report | None:
    return Report.objects.unscoped(HELD).filter(incident=incident, **which).order_by("-id").first()


def open_clock(incident: Incident, kind: str, channel: str = "") -> ReportClock | None:
    """The first duty of this kind that is not met yet."""
    clocks = ReportClock.objects.unscoped(HELD).filter(incident=incident, kind=kind, met_at__isnull=True)
    return (clocks.filter(channel=channel) if channel else clocks).order_by("due_at").first()


def check_order(incident: Incident, kind: str) -> None:
    """首报 once and first; 续报 after it; 终报 once, last; one draft at a time."""
    if kind not in ReportKind.values:
        raise Invalid("kind", kind, " / ".join(ReportKind.values), label="报告类型")
    pending = Report.objects.unscoped(HELD).filter(incident=incident, state__in=["drafted", "signed"]).first()
    if pending:
        raise Conflict(f"{pending}尚未报送", rule="上一份报送后再拟下一份", report_id=pending.pk)
    if latest(incident, kind=ReportKind.FINAL):
        raise Conflict("终报已报送，不再续报", rule="终报为最后一份")
    if kind == ReportKind.INITIAL and latest(incident):
        raise Conflict("首报已存在，请拟续报", rule="首报只有一份")
    if kind != ReportKind.INITIAL and not latest(incident):
        raise Conflict("尚无首报", rule="续报、终报须在首报之后")


def check_deaths(report: Report, fields: dict[str, Any], reason: str = "") -> None:
    """Cumulative deaths do not fall from one report to the next without a reason."""
    before = reporting.previous(report)
    was, now_is = (before.fields.get("deaths") if before else None), fields.get("deaths")
    if was is not None and (now_is is None or now_is < was) and not reason.strip():
        shown = "不详" if now_is is None else f"{now_is} 人"
        raise Conflict(f"{before}已报死亡 {was} 人，本次为{shown}，须填写核减理由", rule="累计死亡人数不得无故减少")


@action("command.report")
def draft_report(by: Actor, incident_id: int, kind: str) -> Report:
    """拟稿, filled from the incident as it stands."""
    incident = hold(by, "command.report", incident_id)
    check_order(incident, kind)
    now, due = clock.now(), open_clock(incident, kind)
    response = Response.objects.unscoped(HELD).filter(incident=incident).order_by("-started_at").first()
    template = response.plan_version.document().report if response else None
    before = latest(incident, kind=kind)
    report = Report(
        incident=incident,
        kind=kind,
        serial=before.serial + 1 if before else 1,
        number=numbering.report_number(now),
        superior=template.superior if template else due.receiver if due else "上一级应急管理部门",
        copies=list(template.copies) if template else [],
        known_at=due.known_at if due else incident.received_at,
        due_at=due.due_at if due else None,
        due_basis=due.basis if due else "",
        drafted_at=now,
        drafted_by=by.name,
        fields=reporting.draft(incident, kind, by, now),
    )
    report.save()
    keep_version(report, by, now)
    tell(incident, Kind.REPORT, f"拟稿：{report}", by.name, report_id=report.pk)
    fact = ReportDrafted(report.pk, incident.pk, kind)
    record(by, "报告拟稿", report, fact, correlation_id=incident.correlation_id)
    return report


def keep_version(report: Report, by: Actor, at: datetime) -> None:
    ReportVersion.objects.create(report=report, version=report.version, fields=report.fields, at=at, by=by.name)


def checked_fields(report: Report, fields: dict[str, Any]) -> dict[str, Any]:
    """Texts as texts, counts as whole numbers or null; only known fields."""
    for name, value in fields.items():
        label = reporting.LABELS.get(name)
        if label is None:
            raise Invalid(name, value, " ".join(reporting.LABELS))
        if name in (*reporting.COUNTS, "loss"):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                unit = "元" if name == "loss" else "人"
                raise Invalid(name, value, "不小于 0 的整数，未知则留空", label=label, unit=unit)
        elif not isinstance(value, str):
            raise Invalid(name, value, "文字", label=label)
    return {**report.fields, **fields}


@action("command.report")
def edit_report(
    by: Actor, report_id: int, fields: dict[str, Any], *, version: int | None = None, reason: str = ""
) -> Report:
    """修改: every edit is a version of its own; editing a signed report takes the signature back."""
    report = Report.objects.visible_to(by, "command.report").one(report_id, lock=True)
    check_version(report, version)
    before = snapshot(report)
    if report.sent_at:
        raise Conflict(f"{report}已报送，请拟续报", rule="已报送的报告不得更改")
    new = checked_fields(report, fields)
    check_deaths(report, new, reason)
    if report.state == "signed":
        report.state = move(REPORT, REPORT_LABELS, str(report), report.state, "drafted")
        report.signed_at, report.signed_by = None, ""
    report.fields = new
    bump(report)
    keep_version(report, by, clock.now())
    record(by, "修改报告", report, before=before, reason=reason, correlation_id=report.incident.correlation_id)
    return report


@action("command.report_sign")
def sign_report(by: Actor, report_id: int, *, version: int | None = None) -> Report:
    """签发: by whom the bureau lets sign, who need not be the one who drafts."""
    report = Report.objects.visible_to(by, "command.report_sign").one(report_id, lock=True)
    check_version(report, version)
    before = snapshot(report)
    report.state = move(REPORT, REPORT_LABELS, str(report), report.state, "signed")
    report.signed_at, report.signed_by = clock.now(), by.name
    bump(report)
    tell(report.incident, Kind.REPORT, f"签发：{report}", by.name, report_id=report.pk)
    fact = ReportSigned(report.pk, report.incident_id)
    record(by, "签发报告", report, fact, before=before, correlation_id=report.incident.correlation_id)
    return report


@action("command.report")
def send_report(by: Actor, report_id: int, channel: str) -> Report:
    """报送. By phone a first word may go ahead of the signature; the written report needs it.

    Meets the duties of that channel (a written report meets the phone duty, too); lateness is against them.
    """
    report = Report.objects.visible_to(by, "command.report").one(report_id, lock=True)
    if channel not in Channel.values:
        raise Invalid("channel", channel, "phone（电话） / text（书面）", label="报送方式")
    before, now, incident = snapshot(report), clock.now(), report.incident
    if any(sending["channel"] == channel for sending in report.sendings):
        raise Conflict(f"{report}已{Channel(channel).label}报送", rule="同一方式只报送一次")
    check_deaths(report, report.fields, "已在修改时说明")
    if channel == Channel.TEXT:
        report.state = move(REPORT, REPORT_LABELS, str(report), report.state, "sent")
        report.sent_at, report.sent_by, report.channel = now, by.name, channel
    late = meet_clocks(report, channel, now)
    report.lateness_min = max(late, report.lateness_min or 0)
    report.receipt_number = report.receipt_number or f"HZ-{now.astimezone(clock.BEIJING):%Y%m%d%H%M%S}-{report.pk}"
    report.receipt_note = LOCAL_RECEIPT
    report.sendings = [
        *report.sendings,
        {"channel": channel, "at": now.isoformat(), "by": by.name, "late_min": round(late, 1)},
    ]
    bump(report)
    if report.sent_at:
        next_follow_up(report, now)
    how = "按时" if late == 0 else f"迟报 {late:.0f} 分钟"
    text = f"{Channel(channel).label}报送{report}→{report.superior}（{how}，{LOCAL_RECEIPT}）"
    tell(incident, Kind.REPORT, text, by.name, report_id=report.pk)
    fact = ReportSent(report.pk, incident.pk, report.kind, late == 0)
    record(by, "报送报告", report, fact, before=before, correlation_id=incident.correlation_id)
    return report


@action("command.report")
def keep_receipt(by: Actor, number: str, receipt: str, note: str, at: datetime) -> Report:
    """回执: the superior's platform has the report; its number takes the place of our own note."""
    report = (
        Report.objects.visible_to(by, "command.report").filter(number=number).select_for_update(of=("self",)).first()
    )
    if report is None:
        raise NotFound(f"没有文号为 {number} 的报告")
    before = snapshot(report)
    report.receipt_number, report.receipt_note = receipt[:40], note[:120]
    report.save(update_fields=["receipt_number", "receipt_note"])
    tell(report.incident, Kind.REPORT, f"{report}已获{note} {receipt}", by.name, at=at, report_id=report.pk)
    record(by, "登记回执", report, before=before, correlation_id=report.incident.correlation_id)
    return report


def meet_clocks(report: Report, channel: str, now: datetime) -> float:
    """Mark the duties this sending meets; returns the worst lateness, minutes."""
    duties = ReportClock.objects.unscoped(HELD).filter(incident=report.incident, kind=report.kind, met_at__isnull=True)
    if channel == Channel.PHONE:
        duties = duties.filter(channel=Channel.PHONE)
    late = 0.0
    for duty in duties.select_for_update(of=("self",)):
        duty.met_at, duty.met_by = now, report
        duty.save()
        late = max(late, (now - duty.due_at).total_seconds() / 60)
    return late


def next_follow_up(report: Report, now: datetime) -> None:
    """Until the final report the next 续报 has its clock: at least daily, twice daily from 重大 on."""
    incident = report.incident
    if report.kind == ReportKind.FINAL:
        ReportClock.objects.unscoped(HELD).filter(
            incident=incident, kind=ReportKind.FOLLOW_UP, met_at__isnull=True
        ).delete()
        return
    duty = rules.follow_up(now, incident.working_grade or "一般")
    ReportClock.objects.create(
        incident=incident,
        rule_id=duty.rule_id,
        kind=ReportKind.FOLLOW_UP,
        channel=Channel.TEXT,
        receiver=report.superior,
        known_at=now,
        due_at=duty.due_at,
        basis=duty.basis,
        to_check=duty.to_check,
    )


@action("command.report")
def announce_due(by: Actor, clock_id: int) -> ReportClock:
    """临期与超期提醒, once each, to those who report."""
    duty = ReportClock.objects.visible_to(by, "command.report").one(clock_id, lock=True)
    before, now, overdue = snapshot(duty), clock.now(), duty.due_at <= clock.now()
    if duty.met_at or (duty.overdue_at if overdue else duty.soon_at or duty.due_at - SOON > now):
        raise Conflict(f"{duty}无须提醒", rule="临期、超期各提醒一次")
    if overdue:
        duty.overdue_at = now
    duty.soon_at = duty.soon_at or now
    duty.save()
    minutes = abs((duty.due_at - now).total_seconds()) / 60
    state = f"已超期 {minutes:.0f} 分钟" if overdue else f"还剩 {minutes:.0f} 分钟"
    text = f"{duty}{state}（{hm(duty.due_at)}，{duty.basis}）"
    tell(duty.incident, Kind.REPORT, text, by.name, clock_id=duty.pk)
    fact = ReportDue(duty.pk, duty.incident_id, duty.kind, duty.due_at.isoformat(), overdue)
    notice = NoticeRequested(
        to_name=f"{duty.incident.area.name}应急值班室",
        text=f"【信息报告】{duty.incident.title}：{text}",
        purpose="report_overdue" if overdue else "report_due",
        subject_type="command.ReportClock",
        subject_id=str(duty.pk),
        urgency="high",
        correlation_id=str(duty.incident.correlation_id),
    )
    record(by, "报告时限提醒", duty, fact, notice, before=before, correlation_id=duty.incident.correlation_id)
    return duty
