"""一键调派: the teams of an accepted suggestion at once, or another choice with its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from anlan.command.actions.tasks import send_team
from anlan.command.common import Kind, hold_open, required, tell
from anlan.command.models import Task
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action
from anlan.kernel.errors import Conflict, Invalid

MOST = 50


@dataclass(frozen=True)
class Order:
    """One team for one thing; `suggested` is the team the computer named first, None when it named none."""

    team_id: int
    what: str
    suggested: int | None = None


@action("command.dispatch")
def dispatch_teams(
    by: Actor, incident_id: int, orders: list[Order], reason: str = "", *, version: int | None = None
) -> list[Task]:
    """调派: all of them or none. Who chooses other teams than the suggestion says why."""
    incident = hold_open(by, "command.dispatch", incident_id, version)
    if not 0 < len(orders) <= MOST:
        raise Invalid("orders", len(orders), f"1~{MOST}", label="调派项", unit="项")
    twice = [team for team, times in Counter(order.team_id for order in orders).items() if times > 1]
    if twice:
        raise Conflict("同一支队伍被派往两处", rule="一支队伍同时只派一处", teams=twice)
    changed = [order for order in orders if order.suggested is not None and order.suggested != order.team_id]
    if changed and not reason.strip():
        raise Conflict(f"{len(changed)} 项与建议不同，须说明理由", rule="改派须说明理由", changed=len(changed))
    # Always in the same order, so that two who dispatch at once never wait for each other in a circle.
    tasks = [
        send_team(by, incident, order.team_id, required("what", order.what, "任务内容", 60))
        for order in sorted(orders, key=lambda one: one.team_id)
    ]
    how = f"与建议不同 {len(changed)} 项：{reason.strip()}" if changed else "按指派建议"
    tell(incident, Kind.RESOURCE, f"一次调派 {len(tasks)} 支队伍（{how}）"[:400], by.name)
    return tasks
