"""各方报告时限: every party of an incident has its own clocks, from when it knew until it is proved that it reported."""

from __future__ import annotations

from datetime import datetime

from anlan.command.common import hm
from anlan.command.models import Incident, LocalReportRule, Report, ReportClock, ReportKind
from anlan.command.rules.regrading import window_ends
from anlan.command.rules.reporting import PARTIES, ReportRule, deadlines, national, supplement_due, with_local
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.clock import BEIJING

#: Which of the two windows of 国务院令第493号 art 13 applies, by group of event type.
WINDOW = {"12H": "road_traffic", "12G": "fire"}
SUPPLEMENT_RULE = "493-13"
SUPPLEMENT_BASIS = "国务院令第493号第十三条、安监总局令第21号（伤亡变化当日补报）"


def rules_for(incident: Incident) -> tuple[ReportRule, ...]:
    """The platform's records and, before them, those that areas around this incident have set for themselves."""
    rows = LocalReportRule.objects.unscoped(HELD).select_related("area")
    return with_local([row.as_rule() for row in rows if incident.area.path.startswith(row.area.path)])


def desk_of(by: Actor, area: Area) -> str:
    """Whose desk this is: the city's for whoever may act on the city, else the district's."""
    top: Area | None = area
    while top is not None and top.level > Level.CITY:
        top = top.parent
    return "city" if top is not None and by.may("command.incident", top.path) else "district"


def start(incident: Incident, known_at: datetime | None = None) -> None:
    """Start the duties of our own desk and its government that this grade brings; running ones go on as they are."""
    known_at = known_at or incident.received_at
    begin(incident, incident.desk, known_at)
    begin(incident, f"{incident.desk}_gov", known_at)


def begin(
    incident: Incident, party: str, known_at: datetime, met_at: datetime | None = None, proof: str = ""
) -> list[ReportClock]:
    """The clocks of one party that are not running yet; `met_at` when it is known that it has reported."""
    rows = ReportClock.objects.unscoped(HELD).filter(incident=incident, party=party)
    running = set(rows.values_list("rule_id", flat=True))
    grade = incident.working_grade or "一般"
    found = deadlines(rules_for(incident), PARTIES[party][1], "首报", known_at, grade, incident.event_code)
    return [
        ReportClock.objects.create(
            incident=incident,
            party=party,
            rule_id=duty.rule_id,
            rule_version=duty.version,
            kind=ReportKind.INITIAL,
            channel=duty.channel,
            receiver=duty.receiver,
            known_at=known_at,
            due_at=duty.due_at,
            basis=duty.basis,
            to_check=duty.to_check,
            met_at=met_at,
            proof=proof[:200],
        )
        for duty in found
        if duty.rule_id not in running
    ]


def meet(incident: Incident, party: str, at: datetime, proof: str) -> list[ReportClock]:
    """The first report of this party has been received: its clocks stop, with the proof."""
    rows = ReportClock.objects.unscoped(HELD).filter(
        incident=incident, party=party, kind=ReportKind.INITIAL, met_at__isnull=True
    )
    met = list(rows.select_for_update(of=("self",)))
    for row in met:
        row.met_at, row.proof = at, proof[:200]
        row.save()
    return met


def at_opening(incident: Incident, from_party: str, told_at: datetime | None) -> None:
    """The responsible unit's clock runs from when its head was told, else from when it happened; then our own.

    Whoever told us has reported: his clock is met with the call as its proof.
    """
    proof = f"{hm(incident.received_at)} 接报登记 {incident.number}（{incident.source}，{incident.reported_by}）"
    known = told_at or incident.occurred_at
    if known is not None:
        met = incident.received_at if from_party == "enterprise" else None
        begin(incident, "enterprise", known, met, proof if met else "")
    if from_party == "district" and incident.desk == "city":
        begin(incident, "district", known or incident.received_at, incident.received_at, proof)
    start(incident)


def window(incident: Incident) -> datetime | None:
    """The end of the last day on which late deaths still count (30 days; road traffic and fire 7), accidents only."""
    if not incident.event_code.startswith("12"):
        return None
    began = (incident.occurred_at or incident.received_at).astimezone(BEIJING).date()
    last = window_ends(began, WINDOW.get(incident.event_code[:3], "general"))
    return supplement_due(datetime(last.year, last.month, last.day, 12, tzinfo=BEIJING))


def supplement(incident: Incident, changed_at: datetime) -> ReportClock | None:
    """补报: casualties changed after the first report and inside the window, so it is reported the same day."""
    ends = window(incident)
    sent = Report.objects.unscoped(HELD).filter(incident=incident, sent_at__isnull=False).exists()
    if ends is None or changed_at > ends or not sent:
        return None
    due = supplement_due(changed_at)
    row, _ = ReportClock.objects.unscoped(HELD).get_or_create(
        incident=incident,
        party=incident.desk,
        rule_id=SUPPLEMENT_RULE,
        due_at=due,
        defaults={
            "kind": ReportKind.SUPPLEMENT,
            "channel": "text",
            "receiver": "上一级应急管理部门和本级政府",
            "known_at": changed_at,
            "basis": SUPPLEMENT_BASIS,
            "rule_version": f"{SUPPLEMENT_RULE}@2007-06-01",
        },
    )
    if row.met_at is not None:  # a second change on the same day, after that day's supplement went out
        row.met_at, row.met_by, row.proof = None, None, ""
        row.save()
    return row


def take_over(incident: Incident, other: Incident, number: str) -> None:
    """Merging: the duty runs from when either was first known; the other's open clocks are met by the one kept."""
    kept = {
        (row.party, row.rule_id, row.channel): row
        for row in ReportClock.objects.unscoped(HELD).select_for_update(of=("self",)).filter(incident=incident)
    }
    for row in ReportClock.objects.unscoped(HELD).filter(incident=other, met_at__isnull=True):
        mine = kept.get((row.party, row.rule_id, row.channel))
        if mine is not None and mine.met_at is None and row.due_at < mine.due_at:
            mine.known_at, mine.due_at = row.known_at, row.due_at
            mine.save()
    ReportClock.objects.unscoped(HELD).filter(incident=other, met_at__isnull=True, kind=ReportKind.FOLLOW_UP).delete()


def kept_rules() -> list[ReportRule]:
    """All records with every version, for the page of rules."""
    local = [row.as_rule() for row in LocalReportRule.objects.unscoped("rules are common knowledge")]
    return sorted([*local, *national()], key=lambda rule: (rule.role, rule.rule_id, rule.valid_from))
