"""The verbs of the command room. Only these write."""

from anlan.command.actions.bulletins import (
    check_bulletin,
    draft_bulletin,
    edit_bulletin,
    receive_bulletin,
    send_bulletin,
    sign_bulletin,
)
from anlan.command.actions.calling import attempt_call, close_calling, escalate_callee, start_calling
from anlan.command.actions.calls import take_call
from anlan.command.actions.clocks import announce_due, escalate_clock, note_receipt
from anlan.command.actions.drills import (
    cancel_drill,
    evaluate_drill,
    evaluate_incident,
    finish_lesson,
    inject,
    keep_drill,
    open_lesson,
    plan_drill,
    tell_late_lesson,
    verify_lesson,
)
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
from anlan.command.actions.instructions import chase_item, feed_back, finish_item, record_instruction
from anlan.command.actions.merging import merge_incident, restore_incident, split_incident
from anlan.command.actions.plans import publish_plan
from anlan.command.actions.quakes import assess_quake, report_felt
from anlan.command.actions.reports import draft_report, edit_report, send_report, sign_report
from anlan.command.actions.responses import activate_response, adjust_response, end_response
from anlan.command.actions.reviews import complete_review
from anlan.command.actions.sketches import Drawn, take_sketch
from anlan.command.actions.stress import order_stress
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
    "Drawn",
    "accept_proposal",
    "acknowledge_task",
    "activate_response",
    "adjust_response",
    "announce_due",
    "arrive_task",
    "assess_quake",
    "attempt_call",
    "cancel_drill",
    "chase_item",
    "check_bulletin",
    "close_calling",
    "close_incident",
    "complete_review",
    "confirm_grade",
    "dismiss_proposal",
    "dispatch_team",
    "draft_bulletin",
    "draft_report",
    "edit_bulletin",
    "edit_report",
    "end_response",
    "escalate_callee",
    "escalate_clock",
    "escalate_task",
    "evaluate_drill",
    "evaluate_incident",
    "feed_back",
    "finish_item",
    "finish_lesson",
    "finish_task",
    "inject",
    "keep_drill",
    "merge_incident",
    "merge_proposal",
    "note",
    "note_receipt",
    "open_from_alarm",
    "open_from_event",
    "open_incident",
    "open_lesson",
    "order_stress",
    "plan_drill",
    "publish_plan",
    "receive_bulletin",
    "record_instruction",
    "refuse_task",
    "report_felt",
    "report_late_completion",
    "restore_incident",
    "send_bulletin",
    "send_report",
    "set_factor",
    "sign_bulletin",
    "sign_report",
    "split_incident",
    "start_calling",
    "start_task",
    "take_call",
    "take_sketch",
    "tell_late_lesson",
    "update_casualties",
    "update_incident",
    "verify_lesson",
    "withdraw_task",
]
