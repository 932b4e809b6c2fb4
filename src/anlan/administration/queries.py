"""Who is on duty, and who holds a post."""

from __future__ import annotations

from datetime import datetime, timedelta

from anlan.administration.models import DutyRole, Shift
from anlan.kernel.models import Person


def on_duty(organisation_id: int, at: datetime) -> list[Shift]:
    """The shifts of one desk that cover `at`, the leader first."""
    shifts = Shift.objects.unscoped("duty is asked for by plans and reports of every level")
    found = shifts.filter(organisation_id=organisation_id, start__lte=at, end__gt=at).select_related("person")
    return sorted(found, key=lambda shift: (shift.role != DutyRole.LEADER, shift.pk))


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
    found, covered = [], start
    for shift_start, shift_end in sorted(shifts.values_list("start", "end")):
        if shift_start > covered:
            found.append((covered, shift_start))
        covered = max(covered, shift_end)
    if covered < end:
        found.append((covered, end))
    return [(a, b) for a, b in found if b - a >= timedelta(minutes=1)]
