"""Verbs of reporting: draft, edit, sign, send, on the legal clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anlan.command import numbering, reporting, rules
from anlan.command.common import Kind, bump, check_version, hold, tell
from anlan.command.duty import clocks as duty_clocks
from anlan.command.events import ReportDrafted, ReportSent, ReportSigned
from anlan.command.models import Channel, Incident, Report, ReportClock, ReportKind, ReportVersion, Response
from anlan.command.rules.cumulative import Fall, falls
from anlan.command.rules.reporting import informed, next_party
from anlan.command.states import REPORT, REPORT_LABELS, move
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid, NotFound

LOCAL_RECEIPT = "本级留存/待上级平台回执"


def latest(incident: Incident, **which: Any) -> Report | None:
    return Report.objects.unscoped(HELD).filter(incident=incident, **which).order_by("-id").first()


def ours(incident: Incident) -> tuple[str, str]:
    """Our desk reports for itself and for its government."""
    return incident.desk, f"{incident.desk}_gov"


def open_clock(incident: Incident, kind: str, channel: str = "") -> ReportClock | None:
    """The first duty of this kind that is not met yet."""
    clocks = ReportClock.objects.unscoped(HELD).filter(
        incident=incident, party__in=ours(incident), kind=kind, met_at__isnull=True
    )
    return (clocks.filter(channel=channel) if channel else clocks).order_by("due_at").first()


def check_order(incident: Incident, kind: str) -> None:
    """首报 once and first; 续报 after it; 终报 once, last; one draft at a time."""
    if kind not in ReportKind.values:
        raise Invalid("kind", kind, " / ".join(ReportKind.values), label="报告类型")
    pending = Report.objects.unscoped(HELD).filter(incident=incident, state__in=["drafted", "signed"]).first()
    if pending:
        raise Conflict(f"{pending}尚未报送", rule="上一份报送后再拟下一份", report_id=pending.pk)
    if kind != ReportKind.SUPPLEMENT and latest(incident, kind=ReportKind.FINAL):
        raise Conflict("终报已报送，不再续报", rule="终报为最后一份")
    if kind == ReportKind.INITIAL and latest(incident):
        raise Conflict("首报已存在，请拟续报", rule="首报只有一份")
    if kind != ReportKind.INITIAL and not latest(incident):
        raise Conflict("尚无首报", rule="续报、终报须在首报之后")


def fallen(report: Report, fields: dict[str, Any]) -> list[Fall]:
    """Cumulative figures that are lower than in the report before."""
    before = reporting.previous(report)
    return falls(before.fields, fields) if before else []


def check_falls(report: Report, fields: dict[str, Any], reason: str) -> None:
    fell = fallen(report, fields)
    if fell and not reason.strip():
        text = "、".join(one.text for one in fell)
        raise Conflict(
            f"较{reporting.previous(report)}，{text}，须填写核减理由", rule="累计死亡人数等累计数不得无故减少"
        )


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
        copies=[*dict.fromkeys([*(template.copies if template else ()), *informed(incident.event_code)])],
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
    check_falls(report, new, reason or report.correction)
    report.correction = (reason.strip() or report.correction)[:400] if fallen(report, new) else ""
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
    check_falls(report, report.fields, report.correction)
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
    check_falls(report, report.fields, report.correction)
    if channel == Channel.TEXT:
        report.state = move(REPORT, REPORT_LABELS, str(report), report.state, "sent")
        report.sent_at, report.sent_by, report.channel = now, by.name, channel
    report.receipt_number = report.receipt_number or f"HZ-{now.astimezone(clock.BEIJING):%Y%m%d%H%M%S}-{report.pk}"
    late = meet_clocks(report, channel, now, report.receipt_number)
    report.lateness_min = max(late, report.lateness_min or 0)
    report.receipt_note = LOCAL_RECEIPT
    report.sendings = [
        *report.sendings,
        {"channel": channel, "at": now.isoformat(), "by": by.name, "late_min": round(late, 1)},
    ]
    bump(report)
    if report.sent_at:
        next_follow_up(report, now)
        pass_on(report, now)
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


def meet_clocks(report: Report, channel: str, now: datetime, receipt: str) -> float:
    """Mark the duties this sending meets; returns the worst lateness, minutes."""
    duties = ReportClock.objects.unscoped(HELD).filter(
        incident=report.incident, party__in=ours(report.incident), kind=report.kind, met_at__isnull=True
    )
    if channel == Channel.PHONE:
        duties = duties.filter(channel=Channel.PHONE)
    late = 0.0
    for duty in duties.select_for_update(of=("self",)):
        duty.met_at, duty.met_by = now, report
        duty.proof = f"{report.number} {Channel(channel).label}报送，回执 {receipt}"
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
    if report.kind == ReportKind.SUPPLEMENT:
        return
    duty = rules.follow_up(now, incident.working_grade or "一般", duty_clocks.rules_for(incident), incident.event_code)
    ReportClock.objects.create(
        incident=incident,
        party=incident.desk,
        rule_version=duty.version,
        rule_id=duty.rule_id,
        kind=ReportKind.FOLLOW_UP,
        channel=Channel.TEXT,
        receiver=report.superior,
        known_at=now,
        due_at=duty.due_at,
        basis=duty.basis,
        to_check=duty.to_check,
    )


def pass_on(report: Report, now: datetime) -> None:
    """首报: what we sent the next level has received, and its own two hours begin (as far as the grade goes up)."""
    incident = report.incident
    onward = next_party(incident.desk, incident.working_grade or "一般")
    if report.kind == ReportKind.INITIAL and onward:
        duty_clocks.begin(incident, onward, now)
