"""Tables of the command room."""

from anlan.command.models.bulletin import Bulletin
from anlan.command.models.calling import CallAttempt, Callee, CallRound
from anlan.command.models.desk import CallRecord, LocalReportRule
from anlan.command.models.drawing import Drawing
from anlan.command.models.drill import Drill, Lesson, SandboxRun
from anlan.command.models.field import FieldEntry
from anlan.command.models.headquarters import (
    AidRequest,
    CommandGroup,
    CommandTransfer,
    Headquarters,
    Need,
    NeedSupply,
    Period,
)
from anlan.command.models.incident import CASUALTIES, Incident, Proposal
from anlan.command.models.instruction import Instruction, InstructionItem
from anlan.command.models.losses import LossEntry, LossProcess, LossReturn, LossRound
from anlan.command.models.plan import Plan, PlanVersion
from anlan.command.models.quake import FeltReport, PastEarthquake
from anlan.command.models.report import OWN, RUNNING, Channel, Report, ReportClock, ReportKind, ReportVersion
from anlan.command.models.response import Response
from anlan.command.models.review import Review
from anlan.command.models.rollcall import ContactMeans, RollAnswer, RollCall
from anlan.command.models.stress import StressRun
from anlan.command.models.task import Task, TaskStep
from anlan.command.models.timeline import TimelineEntry

__all__ = [
    "CASUALTIES",
    "OWN",
    "RUNNING",
    "AidRequest",
    "Bulletin",
    "CallAttempt",
    "CallRecord",
    "CallRound",
    "Callee",
    "Channel",
    "CommandGroup",
    "CommandTransfer",
    "ContactMeans",
    "Drawing",
    "Drill",
    "FeltReport",
    "FieldEntry",
    "Headquarters",
    "Incident",
    "Instruction",
    "InstructionItem",
    "Lesson",
    "LocalReportRule",
    "LossEntry",
    "LossProcess",
    "LossReturn",
    "LossRound",
    "Need",
    "NeedSupply",
    "PastEarthquake",
    "Period",
    "Plan",
    "PlanVersion",
    "Proposal",
    "Report",
    "ReportClock",
    "ReportKind",
    "ReportVersion",
    "Response",
    "Review",
    "RollAnswer",
    "RollCall",
    "SandboxRun",
    "StressRun",
    "Task",
    "TaskStep",
    "TimelineEntry",
]
