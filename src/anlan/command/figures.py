"""What is known about an incident right now, under the names that plan conditions use."""

from __future__ import annotations

from datetime import datetime

from anlan.command.models import CASUALTIES, Incident, Task
from anlan.command.plans.document import PlanDocument
from anlan.command.plans.expressions import Expression, Judgement, Value
from anlan.command.states import TASK_OVER
from anlan.kernel.accounts.scope import HELD


def of_incident(incident: Incident, now: datetime) -> dict[str, Value]:
    """Casualties, grade, entered factors, and what is computed from `now`. Unknown figures are None."""
    figures: dict[str, Value] = {name: getattr(incident, name) for name in CASUALTIES}
    figures |= {name: entry.get("value") for name, entry in incident.factors.items()}
    figures |= {
        "loss_cny": incident.loss_cny,
        "grade": incident.working_grade or None,
        "event_code": incident.event_code,
        "hours_uncontrolled": hours_uncontrolled(incident, now),
        "open_tasks": Task.objects.unscoped(HELD).filter(incident=incident).exclude(state__in=TASK_OVER).count(),
    }
    return figures


def hours_uncontrolled(incident: Incident, now: datetime) -> float:
    """Hours since it occurred, standing still once the response has ended."""
    if incident.status not in {"opened", "responding"}:
        return 0.0
    return round((now - (incident.occurred_at or incident.received_at)).total_seconds() / 3600, 2)


def judge_levels(plan: PlanDocument, figures: dict[str, Value]) -> list[tuple[str, Judgement]]:
    """Every level of the plan, most severe first, with its condition as judged."""
    return [(rule.level, Expression(rule.when).judge(figures)) for rule in plan.levels]


def proposed_level(judged: list[tuple[str, Judgement]]) -> str:
    """The most severe level whose condition holds; empty when none does. A person decides."""
    return next((level for level, judgement in judged if judgement.result), "")
