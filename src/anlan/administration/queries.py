"""Who is on duty, and who holds a post."""

from __future__ import annotations

from datetime import datetime

from anlan.administration.models import Shift
from anlan.kernel.models import Person


def on_duty(organisation_id: int, at: datetime) -> list[Shift]:
    """The shifts of an organisation's desk at this moment, leaders first."""
    shifts = Shift.objects.unscoped("whoever must be told is told, in whatever area")
    shifts = shifts.filter(organisation_id=organisation_id, start__lte=at, end__gt=at)
    return list(shifts.select_related("person", "organisation").order_by("role", "id"))


def holders(post_id: int, at: datetime) -> list[Person]:
    """Who holds the post, those on duty at `at` first."""
    people = list(Person.objects.unscoped("a post's holders, for tasks").filter(post_id=post_id).order_by("id"))
    shifts = Shift.objects.unscoped("a post's holders, for tasks").filter(person__in=people, start__lte=at, end__gt=at)
    present = set(shifts.values_list("person_id", flat=True))
    return sorted(people, key=lambda person: person.pk not in present)
