"""调度: suggested teams for what is open, chosen otherwise by hand, sent by one button."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from anlan.command import queries
from anlan.command.actions.dispatching import Order, dispatch_teams
from anlan.command.models import Incident, Need, Task
from anlan.command.plans.document import PlanDocument
from anlan.command.views.common import actor_of, back
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.errors import Invalid
from anlan.resources import queries as resources
from anlan.resources.models import Readiness, Team
from anlan.resources.queries import Want
from anlan.resources.registers import CAPABILITIES

MOST_COUNT = 20


def wants_of(actor: Actor, row: Incident) -> list[Want]:
    """Open things that want a team: cards nobody could be found for, refused tasks nobody took over, needs of people."""
    tasks = queries.tasks(actor, row.pk)
    plans = {one.pk: one.plan_version.document() for one in queries.responses(actor, row.pk)}
    able = {task.pk: capability_of(task, plans.get(task.response_id or 0)) for task in tasks}
    sent = {task.title for task in tasks if task.team and task.state not in ("refused", "cancelled")}
    found = [
        want(row, task.title, able[task.pk], 1, 3.0)
        for task in tasks
        if task.title not in sent
        and ((able[task.pk] and not task.team and not task.is_over) or (task.team and task.state == "refused"))
    ]
    words = {title: key for key, title in CAPABILITIES.items()}
    needs = Need.objects.visible_to(actor, "command.view").filter(incident=row, closed_at=None, kind=Need.Kind.PEOPLE)
    for need in needs.prefetch_related("supplies"):
        key = next((key for title, key in words.items() if title in need.item), None)
        if key and need.missing > 0 and need.item not in sent:
            found.append(want(row, need.item, key, min(MOST_COUNT, int(need.missing)) if need.unit in {"支", "队"} else 1,
                              float(4 - need.priority)))  # fmt: skip
    return list({one.title: one for one in found}.values())


def capability_of(task: Task, plan: PlanDocument | None) -> str:
    """What the task's card asks of a team; of a task without a card, what its team is good at."""
    card = next((card for card in plan.tasks if card.key == task.card), None) if plan and task.card else None
    if card is not None:
        return card.capability
    return str(task.team.capabilities[0]) if task.team and task.team.capabilities else ""


def want(row: Incident, title: str, capability: str, count: int, weight: float) -> Want:
    return Want(title, capability, row.lon, row.lat, count, weight)


def asked(row: Incident, given: Any) -> list[Want]:
    """What is asked by hand: a capability, how many, what for."""
    capability = given.get("capability", "")
    if not given.get("count"):
        return []
    if capability and capability not in CAPABILITIES:
        raise Invalid("capability", capability, "、".join(CAPABILITIES), label="能力")
    count = whole(given.get("count", ""), "count", 1, MOST_COUNT, "支数", "支")
    title = (given.get("what") or CAPABILITIES.get(capability) or "增援").strip()[:60]
    return [want(row, title, capability, count, 2.0)]


def whole(text: str, field: str, low: int, high: int, label: str, unit: str) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise Invalid(field, text, f"{low}~{high}", label=label, unit=unit)
    return int(text)


def resources_tab(actor: Actor, row: Incident, given: Any) -> dict[str, Any]:
    tasks = queries.tasks(actor, row.pk)
    found: dict[str, Any] = {"here": [task for task in tasks if task.team], "capabilities": CAPABILITIES.items()}
    if not (row.is_open and actor.has("command.dispatch")):
        return found
    ready = Team.objects.visible_to(actor, "resources.view").filter(readiness=Readiness.READY).order_by("name")
    wants = [*wants_of(actor, row), *asked(row, given)]
    reserve = whole(given.get("reserve") or "1", "reserve", 0, 20, "每区留守", "支")
    able = [(team, [CAPABILITIES.get(key, key) for key in team.capabilities]) for team in ready]
    found |= {"ready": able, "wants": wants, "reserve": reserve, "given": given}
    if wants and actor.has("resources.view"):
        found["suggestion"] = resources.suggest(actor, wants, clock.now(), reserve)
    return found


@require_POST
def dispatch(request: HttpRequest, pk: int) -> HttpResponse:
    """Rows `team-N` with `what-N` and `suggested-N`; an empty choice sends nobody."""
    sent, orders = request.POST, []
    for name in sent:
        value = sent.get(name, "")
        if name.startswith("team-") and value.isdigit():
            number = name.removeprefix("team-")
            first = sent.get(f"suggested-{number}", "")
            orders.append(Order(int(value), sent.get(f"what-{number}", ""), int(first) if first.isdigit() else None))
    version = sent.get("version", "")
    made = dispatch_teams(
        actor_of(request), pk, orders, sent.get("reason", ""), version=int(version) if version.isdigit() else None
    )
    return back(request, f"{reverse('incident', args=[pk])}?tab=resources", f"已调派 {len(made)} 支队伍")
