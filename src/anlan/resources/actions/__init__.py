"""Verbs of the resources room."""

from anlan.resources.actions.allocations import (
    approve_allocation,
    change_allocation,
    draft_allocation,
    drop_allocation,
)
from anlan.resources.actions.consignments import depart, hand_over, send_to_store, withdraw
from anlan.resources.actions.convoys import move_convoy, plan_convoy
from anlan.resources.actions.presence import answer_roll_call, enter_zone, leave_zone, report_overdue
from anlan.resources.actions.requisitions import requisition, settle_requisition
from anlan.resources.actions.roads import close_area, reopen_area, replace_roads
from anlan.resources.actions.stock import (
    NewLot,
    count_sheet,
    count_stock,
    issue_stock,
    lot_by_code,
    move_stock,
    open_books,
    receive_lot,
    receive_sheet,
    receive_stock,
    reverse_movement,
    rotate_stock,
    tell_expiry,
    write_off,
)
from anlan.resources.actions.teams import (
    Fix,
    commit_team,
    release_team,
    report_fixes,
    report_position,
    set_readiness,
)

__all__ = [
    "Fix",
    "NewLot",
    "answer_roll_call",
    "approve_allocation",
    "change_allocation",
    "close_area",
    "commit_team",
    "count_sheet",
    "count_stock",
    "depart",
    "draft_allocation",
    "drop_allocation",
    "enter_zone",
    "hand_over",
    "issue_stock",
    "leave_zone",
    "lot_by_code",
    "move_convoy",
    "move_stock",
    "open_books",
    "plan_convoy",
    "receive_lot",
    "receive_sheet",
    "receive_stock",
    "release_team",
    "reopen_area",
    "replace_roads",
    "report_fixes",
    "report_overdue",
    "report_position",
    "requisition",
    "reverse_movement",
    "rotate_stock",
    "send_to_store",
    "set_readiness",
    "settle_requisition",
    "tell_expiry",
    "withdraw",
    "write_off",
]
