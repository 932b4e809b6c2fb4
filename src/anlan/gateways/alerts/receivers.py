"""Who is told: the receiver of a notice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anlan.administration import queries as administration
from anlan.kernel.models import Area, Level, Person

WHY = "messages go to posts of every level"


def area_at(path: str) -> Area:
    """The area of an event; the city for events of no area."""
    found = Area.objects.filter(path=path).first() if path else None
    return found or Area.objects.filter(level=Level.CITY).order_by("pk")[0]


def receiver(notice: dict[str, Any], at: datetime) -> tuple[str, str, str]:
    """(identity, name, number) of a notice's receiver: the number given, the person's, the holder of the post on duty."""
    name, phone = notice["to_name"], notice.get("phone", "")
    person_id, post_id = notice.get("to_person_id"), notice.get("to_post_id")
    person = Person.objects.unscoped(WHY).filter(pk=person_id).first() if person_id else None
    if person is None and post_id and not phone:
        person = next(iter(administration.holders(post_id, at)), None)
    if person is not None:
        return f"person:{person.pk}", person.name, phone or person.phone
    if post_id:
        return f"post:{post_id}", name, phone
    return (f"phone:{phone}" if phone else f"name:{name}")[:60], name, phone
