"""The verbs of the command room. Only these write."""

from anlan.command.actions.incidents import (
    accept_proposal,
    close_incident,
    confirm_grade,
    dismiss_proposal,
    merge_proposal,
    note,
    open_from_alarm,
    open_from_event,
    open_incident,
    set_factor,
    update_casualties,
    update_incident,
)
from anlan.command.actions.plans import publish_plan
from anlan.command.actions.reports import announce_due, draft_report, edit_report, send_report, sign_report
from anlan.command.actions.responses import activate_response, adjust_response, end_response
from anlan.command.actions.reviews import complete_review
from anlan.command.actions.tasks import (
    acknowledge_task,
    arrive_task,
    dispatch_team,
    escalate_task,
    finish_task,
    refuse_task,
    report_late_completion,
    start_task,
    withdraw_task,
)

__all__ = [
    "accept_proposal",
    "acknowledge_task",
    "activate_response",
    "adjust_response",
    "announce_due",
    "arrive_task",
    "close_incident",
    "complete_review",
    "confirm_grade",
    "dismiss_proposal",
    "dispatch_team",
    "draft_report",
    "edit_report",
    "end_response",
    "escalate_task",
    "finish_task",
    "merge_proposal",
    "note",
    "open_from_alarm",
    "open_from_event",
    "open_incident",
    "publish_plan",
    "refuse_task",
    "report_late_completion",
    "send_report",
    "set_factor",
    "sign_report",
    "start_task",
    "update_casualties",
    "update_incident",
    "withdraw_task",
]
