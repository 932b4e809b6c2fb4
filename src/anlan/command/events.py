"""Facts of the command room. Times are ISO 8601 texts with offset."""

from __future__ import annotations

from dataclasses import dataclass

from anlan.kernel.events.outbox import Fact


@dataclass(frozen=True)
class ProposalReceived(Fact):
    """A clue waits for the duty desk's decision."""

    proposal_id: int
    title: str
    priority: int
    lon: float
    lat: float
    at: str


@dataclass(frozen=True)
class ProposalDecided(Fact):
    proposal_id: int
    state: str
    incident_id: int | None = None


@dataclass(frozen=True)
class IncidentOpened(Fact):
    incident_id: int
    event_code: str
    grade: str
    title: str
    lon: float
    lat: float
    at: str


@dataclass(frozen=True)
class IncidentUpdated(Fact):
    incident_id: int
    what: str


@dataclass(frozen=True)
class ResponseStarted(Fact):
    response_id: int
    incident_id: int
    plan: str
    level: str


@dataclass(frozen=True)
class ResponseAdjusted(Fact):
    response_id: int
    incident_id: int
    level: str


@dataclass(frozen=True)
class ResponseEnded(Fact):
    response_id: int
    incident_id: int


@dataclass(frozen=True)
class TaskIssued(Fact):
    task_id: int
    incident_id: int
    title: str
    due_at: str
    post_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True)
class TaskAcknowledged(Fact):
    task_id: int
    incident_id: int


@dataclass(frozen=True)
class TaskProgressed(Fact):
    task_id: int
    incident_id: int
    state: str


@dataclass(frozen=True)
class CallingStarted(Fact):
    """叫应: a round of calls to so many people began."""

    round_id: int
    title: str
    callees: int


@dataclass(frozen=True)
class CalleeAnswered(Fact):
    callee_id: int
    round_id: int
    at: str


@dataclass(frozen=True)
class CalleeUnanswered(Fact):
    """Nobody answered in time; `passed_to` is the next who is called, None at the end of the chain."""

    callee_id: int
    round_id: int
    minutes: float
    passed_to: int | None


@dataclass(frozen=True)
class DrillPlanned(Fact):
    drill_id: int
    kind: str
    planned_on: str


@dataclass(frozen=True)
class DrillHeld(Fact):
    drill_id: int
    held_at: str


@dataclass(frozen=True)
class SandboxChanged(Fact):
    """A sandbox of a drill was ordered, started, ended."""

    run_id: int
    drill_id: int
    state: str


@dataclass(frozen=True)
class DrillEvaluated(Fact):
    drill_id: int
    score: float


@dataclass(frozen=True)
class LessonOpened(Fact):
    lesson_id: int
    owner: str
    due_on: str


@dataclass(frozen=True)
class LessonVerified(Fact):
    lesson_id: int


@dataclass(frozen=True)
class BulletinSent(Fact):
    bulletin_id: int
    kind: str
    number: str


@dataclass(frozen=True)
class InstructionGiven(Fact):
    instruction_id: int
    items: int


@dataclass(frozen=True)
class InstructionItemLate(Fact):
    item_id: int
    instruction_id: int
    minutes: float


@dataclass(frozen=True)
class InstructionItemDone(Fact):
    item_id: int
    instruction_id: int
    on_time: bool


@dataclass(frozen=True)
class CallTaken(Fact):
    """A call was written down; `outcome`: opened, joined or noted."""

    call_id: int
    outcome: str
    incident_id: int | None


@dataclass(frozen=True)
class TaskLate(Fact):
    """`what`: acknowledge or complete; `step`: how many times it has been escalated."""

    task_id: int
    incident_id: int
    what: str
    step: int
    to_name: str


@dataclass(frozen=True)
class ReportDue(Fact):
    """A duty to report is about to run out, or (`overdue`) has."""

    report_id: int
    incident_id: int
    kind: str
    due_at: str
    overdue: bool


@dataclass(frozen=True)
class ReportDrafted(Fact):
    report_id: int
    incident_id: int
    kind: str


@dataclass(frozen=True)
class ReportSigned(Fact):
    report_id: int
    incident_id: int


@dataclass(frozen=True)
class ReportSent(Fact):
    report_id: int
    incident_id: int
    kind: str
    on_time: bool


@dataclass(frozen=True)
class IncidentClosed(Fact):
    incident_id: int


@dataclass(frozen=True)
class IncidentReviewed(Fact):
    incident_id: int


@dataclass(frozen=True)
class PlanPublished(Fact):
    plan_version_id: int
    code: str
    version: str


@dataclass(frozen=True)
class FeltReported(Fact):
    """Somebody felt an earthquake somewhere."""

    felt_report_id: int
    hazard_event_id: int
    degree: int
    lon: float
    lat: float


@dataclass(frozen=True)
class StressTested(Fact):
    run_id: int
    plan_id: int
    state: str


@dataclass(frozen=True)
class HeadquartersChanged(Fact):
    """现场指挥部 set up, its groups, periods or objectives changed, or dissolved."""

    headquarters_id: int
    incident_id: int
    what: str


@dataclass(frozen=True)
class CommandTransferred(Fact):
    headquarters_id: int
    incident_id: int
    from_name: str
    to_name: str
    at: str


@dataclass(frozen=True)
class NeedChanged(Fact):
    need_id: int
    incident_id: int
    need: str
    what: str


@dataclass(frozen=True)
class AidRequested(Fact):
    """Aid is wanted of the superior or of neighbours: the line between platforms carries it, where one is agreed."""

    key: str
    relation: str
    title: str
    text: str
    due_at: str
    incident_id: int


@dataclass(frozen=True)
class DrawingChanged(Fact):
    """Something was drawn, changed or erased on the incident's map; (lon, lat) is a place in it."""

    drawing_id: int
    incident_id: int
    kind: str
    label: str
    version: int
    what: str
    lon: float
    lat: float


@dataclass(frozen=True)
class RollCalled(Fact):
    roll_call_id: int
    title: str
    posts: int


@dataclass(frozen=True)
class PostLost(Fact):
    """A post answered by none of its means."""

    answer_id: int
    roll_call_id: int
    post: str
    means_tried: int


@dataclass(frozen=True)
class LossRoundOpened(Fact):
    """灾情统计: figures are asked of everybody in the area of a disaster."""

    process_id: int
    round_id: int
    round: str
    title: str


@dataclass(frozen=True)
class LossesReturned(Fact):
    """An area's figures were submitted; `level` as of areas (1 city … 4 village)."""

    return_id: int
    process_id: int
    what: str
    level: int
    on_time: bool


@dataclass(frozen=True)
class LossesDue(Fact):
    """An area has not submitted its figures in time."""

    return_id: int
    process_id: int
    what: str
    due_at: str
