"""Verbs of stress tests: order one, and what the worker does with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from anlan.command.events import StressTested
from anlan.command.models import Plan, StressRun
from anlan.command.plans.stress import MOST_INCIDENTS, Assumptions
from anlan.hazards.contract import InputError
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.actions import action, record
from anlan.kernel.audit.journal import snapshot
from anlan.kernel.errors import Conflict, Invalid


@action("command.edit")
def order_stress(
    by: Actor, plan_id: int, incidents: int, seed: int = 1, given: dict[str, Any] | None = None
) -> StressRun:
    """下达压力试验 of the version in force; one at a time for a plan."""
    plan = Plan.objects.visible_to(by, "command.edit").one(plan_id)
    version = plan.current()
    if version is None:
        raise Conflict(f"{plan}没有已发布的版本", rule="先发布预案")
    if not 1 <= incidents <= MOST_INCIDENTS:
        raise Invalid("incidents", incidents, f"1 至 {MOST_INCIDENTS}", label="模拟事件数", unit="起")
    try:
        assumptions = Assumptions(**(given or {}))
        assumptions.check()
    except InputError as error:
        raise Invalid(error.field, error.value, error.allowed, label="假设") from error
    except TypeError as error:
        raise Invalid("assumptions", str(given), "Assumptions 中的名称", label="假设") from error
    runs = StressRun.objects.visible_to(by, "command.edit").filter(plan_version__plan=plan)
    if runs.filter(state__in=["queued", "running"]).exists():
        raise Conflict(f"{plan}的上一次压力试验还在计算", rule="同一预案一次只算一个")
    row = StressRun.objects.create(
        plan_version=version, incidents=incidents, seed=seed, assumptions=asdict(assumptions),
        ordered_at=clock.now(), ordered_by=by.name,
    )  # fmt: skip
    record(by, "下达压力试验", row)
    return row


@action("command.edit")
def keep_stress(by: Actor, run_id: int, result: dict[str, Any], took_s: float) -> StressRun:
    """The outcome of a run; `result` without content means it failed, `result["error"]` says why."""
    row = StressRun.objects.visible_to(by, "command.edit").one(run_id, lock=True)
    before = snapshot(row)
    row.error = str(result.get("error", ""))[:300]
    row.state = StressRun.State.FAILED if row.error else StressRun.State.DONE
    row.result, row.took_s, row.done_count = ({} if row.error else result), took_s, row.incidents
    row.save()
    fact = StressTested(row.pk, row.plan_version.plan_id, row.state)
    record(by, "压力试验完成" if not row.error else "压力试验未能完成", row, fact, before=before)
    return row
