"""叫应对象: who is to be called in an area, and who comes next when somebody does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from anlan.administration import queries as administration
from anlan.command.models import Callee
from anlan.kernel.models import Area, Level, Organisation, Person, Post

WHY = "those in charge of an area are called whoever calls"
#: Up to which level below the area those in charge are called: 市、区、镇街、村社区 (the chain of four of the city's plan).
DEEPEST = Level.COMMUNITY


@dataclass(frozen=True)
class Contact:
    """Somebody to call."""

    name: str
    title: str
    phone: str
    area: Area
    person: Person | None = None
    post: Post | None = None


def in_charge(areas: list[Area], at: datetime) -> list[Contact]:
    """Holders of posts in these areas and below, then duty rooms of organisations without any; each number once.

    Of a post with several holders the one on duty is called; the deputies come by escalation.
    """
    found: dict[tuple[str, str], Contact] = {}
    for area in areas:
        for contact in [*of_posts(area, at), *of_rooms(area)]:
            found.setdefault((contact.name, contact.phone), contact)
    return sorted(found.values(), key=lambda one: (one.area.level, one.area.path, one.title))


def of_posts(area: Area, at: datetime) -> list[Contact]:
    posts = Post.objects.unscoped(WHY).filter(area__path__startswith=area.path, area__level__lte=DEEPEST)
    found = []
    for post in posts.select_related("area", "organisation").order_by("pk"):
        holders = administration.holders(post.pk, at)
        if holders:
            title = f"{post.organisation.name}{post.title}"
            found.append(Contact(holders[0].name, title, holders[0].phone, post.area, holders[0], post))
    return found


def of_rooms(area: Area) -> list[Contact]:
    """Duty telephones of organisations in which nobody holds a post."""
    manned = Post.objects.unscoped(WHY).filter(holders__isnull=False).values("organisation_id")
    rooms = Organisation.objects.unscoped(WHY).filter(area__path__startswith=area.path, area__level__lte=DEEPEST)
    rooms = rooms.exclude(phone="").exclude(pk__in=manned)
    return [Contact("值班室", one.name, one.phone, one.area) for one in rooms.select_related("area").order_by("pk")]


def next_after(callee: Callee, at: datetime) -> Contact | None:
    """The deputy of the post first, then the duty leader of the area, then of the area above. Nobody twice."""
    asked = set(callee.round.callees.values_list("person_id", flat=True)) - {None}
    for contact in chain(callee, at):
        if contact.person is None or contact.person.pk not in asked:
            return contact
    return None


def chain(callee: Callee, at: datetime) -> list[Contact]:
    found: list[Contact] = []
    deputy = callee.post.deputy if callee.post else None
    if deputy is not None:
        title = f"{deputy.organisation.name}{deputy.title}"
        holders = administration.holders(deputy.pk, at)
        found = [Contact(one.name, title, one.phone, callee.area, one, deputy) for one in holders]
    area: Area | None = callee.area
    while area is not None:
        watch = administration.watch(area, at)
        if watch is not None:
            title = f"{watch.organisation.name}带班"
            found += [Contact(one.name, title, one.phone, area, one) for one in [*watch.leaders, *watch.officers]]
        area = area.parent
    return found
