"""演练日历: what has to be drilled by law, when it was drilled last, when it is due; and which step of a plan failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from anlan.command.models import Drill, Incident, Plan, PlanVersion, Response
from anlan.command.plans.document import Card, PlanDocument
from anlan.command.rules.drills import KINDS, Cycle, add_months, colour, strictest
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.clock import BEIJING
from anlan.kernel.errors import Invalid
from anlan.kernel.models import Area, Level
from anlan.supervision.models import HazardUnit

VIEW = "command.view"
#: Kind of plan -> kind of what must be drilled.
PLAN_KINDS = {"总体": "government_overall", "专项": "government_special", "部门": "department", "乡镇": "township"}


@dataclass(frozen=True)
class Obligation:
    """One thing that must be drilled."""

    unit: str
    kind: str
    area: Area
    plan: Plan | None
    cycle: Cycle
    last: date | None
    due: date | None
    colour: str
    planned: Drill | None

    @property
    def kind_name(self) -> str:
        return KINDS[self.kind]


def calendar(actor: Actor, today: date) -> list[Obligation]:
    """Everything that must be drilled, the most overdue first; never drilled counts as overdue."""
    drills = list(Drill.objects.visible_to(actor, VIEW).exclude(state="cancelled").select_related("plan"))
    subjects = [*governments(actor), *plans(actor), *enterprises(actor)]
    found = [obligation(*subject, drills, today) for subject in subjects]
    return sorted(found, key=lambda one: (one.due or date.min, one.unit, one.kind))


def governments(actor: Actor) -> list[tuple[str, str, Area, Plan | None]]:
    """市、区 comprehensive drills."""
    areas = Area.objects.filter(level__lte=Level.DISTRICT).order_by("path")
    return [(area.name, "government_overall", area, None) for area in areas if actor.may(VIEW, area.path)]


def plans(actor: Actor) -> list[tuple[str, str, Area, Plan | None]]:
    rows = Plan.objects.visible_to(actor, VIEW).filter(in_force=True).select_related("area")
    return [(plan.title, PLAN_KINDS[plan.kind], plan.area, plan) for plan in rows if plan.kind in PLAN_KINDS]


def enterprises(actor: Actor) -> list[tuple[str, str, Area, Plan | None]]:
    """Units with hazardous materials: every half-year."""
    if not actor.has("supervision.view"):
        return []
    rows = HazardUnit.objects.visible_to(actor, "supervision.view").select_related("enterprise__area")
    owners = {row.enterprise_id: row.enterprise for row in rows}
    return [(owner.name, "hazchem_unit", owner.area, None) for owner in owners.values()]


def obligation(unit: str, kind: str, area: Area, plan: Plan | None, drills: list[Drill], today: date) -> Obligation:
    mine = [d for d in drills if (d.plan_id == plan.pk if plan else d.unit == unit and d.kind == kind)]
    held = [d.held_at.astimezone(BEIJING).date() for d in mine if d.held_at]
    cycle, last = strictest(kind, today), max(held, default=None)
    due = add_months(last, cycle.months) if last else None
    planned = next((d for d in mine if d.state == "planned"), None)
    return Obligation(unit, kind, area, plan, cycle, last, due, colour(due, today), planned)


@dataclass(frozen=True)
class Step:
    """A step of a plan, as it was in one version."""

    plan: Plan
    version: str
    text: str


def versions_at_work(incident: Incident | None, drill: Drill | None) -> list[PlanVersion]:
    if incident is not None:
        rows = Response.objects.unscoped(HELD).filter(incident=incident).select_related("plan_version__plan")
        return [row.plan_version for row in rows]
    current = drill.plan.current() if drill is not None and drill.plan is not None else None
    return [current] if current else []


def steps(incident: Incident | None, drill: Drill | None) -> list[tuple[str, str]]:
    """(key, title) of the task cards of the plans at work."""
    found: dict[str, str] = {}
    for version in versions_at_work(incident, drill):
        found |= {card.key: card.title for card in cards(version.document())}
    return list(found.items())


def cards(document: PlanDocument) -> list[Card]:
    seen: dict[str, Card] = {}
    for rule in document.levels:
        seen |= {card.key: card for card in document.cards(rule.level)}
    return list(seen.values())


def step_of(incident: Incident | None, drill: Drill | None, key: str) -> Step | None:
    """The card of this key in the version at work; an unknown key is refused with the known ones."""
    if not key:
        return None
    known = []
    for version in versions_at_work(incident, drill):
        for card in cards(version.document()):
            known.append(card.key)
            if card.key == key:
                return Step(version.plan, version.version, f"{card.key} {card.title}")
    raise Invalid("plan_step", key, " ".join(known) or "（没有预案）", label="预案环节")
