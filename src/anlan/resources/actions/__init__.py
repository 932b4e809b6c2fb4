"""Verbs of the resources room."""

from anlan.resources.actions.roads import replace_roads
from anlan.resources.actions.stock import (
    NewLot,
    count_sheet,
    count_stock,
    issue_stock,
    lot_by_code,
    move_stock,
    open_books,
    receive_lot,
    receive_stock,
    reverse_movement,
    rotate_stock,
    write_off,
)
from anlan.resources.actions.teams import commit_team, release_team, report_position, set_readiness

__all__ = [
    "NewLot",
    "commit_team",
    "count_sheet",
    "count_stock",
    "issue_stock",
    "lot_by_code",
    "move_stock",
    "open_books",
    "receive_lot",
    "receive_stock",
    "release_team",
    "replace_roads",
    "report_position",
    "reverse_movement",
    "rotate_stock",
    "set_readiness",
    "write_off",
]
