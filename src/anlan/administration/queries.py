"""Who is on duty, and who holds a post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from anlan.administration.models import Decision, DutyRole, Handover, Leave, Shift, Swap
from anlan.administration.rules.holidays import kind_of
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.models import Area, Organisation, Person

Span = tuple[datetime, datetime]


def on_duty(organisation_id: int, at: datetime) -> list[Shift]:
    """The shifts of one desk that cover `at`, the leader first."""
    shifts = Shift.objects.unscoped("duty is asked for by plans and reports of every level")
    found = shifts.filter(organisation_id=organisation_id, start__lte=at, end__gt=at).select_related("person")
    return sorted(found, key=lambda shift: (shift.role != DutyRole.LEADER, shift.pk))


@dataclass(frozen=True)
class Watch:
    """Who keeps the watch over an area at one moment: the desk, its leaders and its officers."""

    organisation: Organisation
    leaders: list[Person]
    officers: list[Person]


def watch(area: Area, at: datetime) -> Watch | None:
    """The desk of this area that is manned at `at`, else of the next area above; the emergency bureau before others."""
    shifts = Shift.objects.unscoped("duty is asked for by plans and reports of every level")
    here: Area | None = area
    while here is not None:
        found = shifts.filter(organisation__area=here, start__lte=at, end__gt=at)
        rows = list(found.select_related("person", "organisation").order_by("pk"))
        if rows:
            desk = min((row.organisation for row in rows), key=lambda one: ("应急" not in one.kind, one.pk))
            mine = [row for row in rows if row.organisation_id == desk.pk]
            by_role = {role: [row.person for row in mine if row.role == role] for role in DutyRole}
            return Watch(desk, by_role[DutyRole.LEADER], by_role[DutyRole.OFFICER])
        here = here.parent
    return None


def holders(post_id: int, at: datetime) -> list[Person]:
    """The people who hold a post, those on duty at `at` first."""
    people = list(Person.objects.unscoped("tasks go to posts of every level").filter(post_id=post_id).order_by("pk"))
    here = set(
        Shift.objects.unscoped("tasks go to posts of every level")
        .filter(person__in=people, start__lte=at, end__gt=at)
        .values_list("person_id", flat=True)
    )
    return sorted(people, key=lambda person: person.pk not in here)


def gaps(organisation_id: int, role: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The stretches of [start, end) in which nobody of `role` is at this desk."""
    shifts = Shift.objects.unscoped("the roster's own check").filter(
        organisation_id=organisation_id, role=role, start__lt=end, end__gt=start
    )
    return uncovered(list(shifts.values_list("start", "end")), start, end)


def uncovered(spans: list[Span], start: datetime, end: datetime) -> list[Span]:
    """What of [start, end) no span covers, left out what is shorter than a minute."""
    found, covered = [], start
    for begins, ends in sorted(spans):
        if begins > covered:
            found.append((covered, begins))
        covered = max(covered, ends)
    if covered < end:
        found.append((covered, end))
    return [(a, b) for a, b in found if b - a >= timedelta(minutes=1)]


@dataclass(frozen=True)
class Day:
    """One role at one desk on one day: who sits there, and when nobody does. Spans are cut to the day."""

    day: date
    shifts: list[Shift]
    gaps: list[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Desk:
    """One organisation's week: (title of the role, seven days)."""

    organisation: Organisation
    roles: list[tuple[str, list[Day]]]

    @property
    def gaps(self) -> int:
        return sum(len(day.gaps) for _, days in self.roles for day in days)


def roster(actor: Actor, monday: date, organisation_id: int | None = None) -> list[Desk]:
    """The week from `monday` (Beijing days) of every desk the actor may see that keeps a roster at all."""
    start = datetime.combine(monday, time.min, clock.BEIJING)
    shifts = Shift.objects.visible_to(actor).filter(start__lt=start + timedelta(days=7), end__gt=start)
    if organisation_id is not None:
        shifts = shifts.filter(organisation_id=organisation_id)
    by_desk: dict[int, list[Shift]] = {}
    for shift in shifts.select_related("person", "organisation", "area").order_by("start", "pk"):
        by_desk.setdefault(shift.organisation_id, []).append(shift)
    desks = [Desk(rows[0].organisation, by_role(rows, start)) for rows in by_desk.values()]
    return sorted(desks, key=lambda desk: (desk.organisation.area_id, desk.organisation.code))


def by_role(rows: list[Shift], start: datetime) -> list[tuple[str, list[Day]]]:
    """Roles that this desk has; a desk whose roster knows no leader is not missing one."""
    days = [start + timedelta(days=n) for n in range(7)]
    return [
        (role.label, [one_day([s for s in rows if s.role == role], day) for day in days])
        for role in DutyRole
        if any(shift.role == role for shift in rows)
    ]


def one_day(rows: list[Shift], start: datetime) -> Day:
    end = start + timedelta(days=1)
    here = [shift for shift in rows if shift.start < end and shift.end > start]
    return Day(start.date(), here, uncovered([(shift.start, shift.end) for shift in here], start, end))


def desks(actor: Actor) -> list[Organisation]:
    """Organisations that keep a roster."""
    ids = Shift.objects.visible_to(actor).values_list("organisation_id", flat=True).distinct()
    return list(Organisation.objects.unscoped("the desk of a roster one may see").filter(pk__in=ids).order_by("code"))


def people(actor: Actor) -> list[Person]:
    """Who may be put on a roster, with his organisation."""
    return list(Person.objects.visible_to(actor).select_related("organisation").order_by("organisation_id", "pk"))


def requests(actor: Actor, now: datetime) -> dict[str, Any]:
    """Leaves and swaps that wait for a decision, and the shifts of the next weeks that may be swapped."""
    leaves = Leave.objects.visible_to(actor).filter(end__gte=now - timedelta(days=7)).select_related("person")
    swaps = Swap.objects.visible_to(actor).filter(asked_at__gte=now - timedelta(days=30))
    swaps = swaps.select_related("shift__organisation", "by_person", "to_person", "against")
    coming = Shift.objects.visible_to(actor).filter(end__gt=now, start__lt=now + timedelta(days=31))
    return {
        "leaves": sorted(leaves, key=lambda one: one.state != Decision.ASKED),
        "swaps": sorted(swaps, key=lambda one: one.state != Decision.ASKED),
        "coming": list(coming.select_related("person", "organisation").order_by("start", "pk")),
    }


def handovers(actor: Actor, most: int = 20) -> list[Handover]:
    return list(Handover.objects.visible_to(actor, "administration.view").select_related("organisation")[:most])


def balance(actor: Actor, since: datetime) -> list[tuple[str, int, int]]:
    """(name, shifts, of these on days off) since then, most first: whether the roster is fair."""
    found: dict[str, list[int]] = {}
    rows = Shift.objects.visible_to(actor).filter(start__gte=since).select_related("person")
    for shift in rows:
        both = found.setdefault(shift.person.name, [0, 0])
        both[0] += 1
        both[1] += kind_of(shift.start.astimezone(clock.BEIJING).date()).off
    return sorted(((name, a, b) for name, (a, b) in found.items()), key=lambda row: (-row[1], row[0]))
