"""Who is responsible where, who answered, whom a warning reaches."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from django.conf import settings
from django.db.models import Count, F, Q
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry
from shapely.prepared import PreparedGeometry, prep

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import HELD, ScopedQuerySet
from anlan.kernel.errors import NotFound
from anlan.kernel.geo import GeoJson
from anlan.kernel.geo.exposed import Thing, things_in
from anlan.kernel.models import Area, Level, Person
from anlan.mobilisation.models import (
    Call,
    Coverage,
    Household,
    Knock,
    Means,
    PushKey,
    Receipts,
    RosterBlock,
    Subscriber,
)
from anlan.mobilisation.rules import coverage as rules
from anlan.mobilisation.rules.coverage import Plan, Reach
from anlan.mobilisation.rules.keys import kept_key
from anlan.monitoring import published

WHY = "the method counts the people of every level"
#: How long after the end of a warning an officer's link still opens the doors (to check off what was done; 待核对).
DOORS_AFTER_END = timedelta(hours=48)
LEVELS = ((Level.CITY, "市"), (Level.DISTRICT, "区"), (Level.TOWN, "镇（街道）"), (Level.COMMUNITY, "村（社区）"))


def above(paths: Iterable[str]) -> set[str]:
    """The paths themselves and every one above them."""
    return {path[: n + 1] for path in paths for n, letter in enumerate(path) if letter == "/" and n}


def under(paths: Iterable[str], column: str = "path") -> Q:
    found = Q(pk__in=[])
    for path in paths:
        found |= Q(**{f"{column}__startswith": path})
    return found


def officers(paths: list[str]) -> list[tuple[Area, Person]]:
    """岗位人员 of the areas and of everything below; where an area has none, those of the nearest area above that has.
    (area he is called for, person), from the city down."""
    found: dict[int, tuple[Area, Person]] = {}
    for area in Area.objects.filter(path__in=paths).defer("geometry"):
        place: Area | None = area
        below = people_where(Q(post__area__path__startswith=area.path))
        while not below and place is not None and place.parent is not None:
            place = place.parent
            below = people_where(Q(post__area=place))
        found |= {person.pk: (person.post.area, person) for person in below if person.post}
    return sorted(found.values(), key=lambda pair: (pair[0].level, pair[0].path, pair[1].pk))


def watch(paths: list[str]) -> list[tuple[Area, Person]]:
    """Those on watch (值班, 带班) in the areas above the paths."""
    higher = above(paths) - set(paths)
    words = Q(post__title__contains="值班") | Q(post__title__contains="带班")
    return [
        (person.post.area, person) for person in people_where(words & Q(post__area__path__in=higher)) if person.post
    ]


def people_where(where: Q) -> list[Person]:
    rows = Person.objects.unscoped("officers of every level").filter(where, post__isnull=False)
    return list(rows.select_related("post__area").order_by("pk"))


def people_at(areas: list[Area]) -> list[Person]:
    """Post holders of these areas, the first area's first."""
    order = {area.pk: n for n, area in enumerate(areas)}
    return sorted(people_where(Q(post__area__in=areas)), key=lambda p: (order[p.post.area_id] if p.post else 99, p.pk))


def call_by_token(token: str) -> Call:
    found = Call.objects.unscoped("the link is the key").select_related("area").filter(token=token).first()
    if found is None:
        raise NotFound("链接无效或已过期")
    return found


def answered(subjects: Iterable[str]) -> set[tuple[str, int]]:
    """(subject, area) of which somebody answered."""
    rows = Call.objects.unscoped(HELD).filter(subject__in=set(subjects), confirmed_at__isnull=False)
    return set(rows.values_list("subject", "area_id"))


def calls(actor: Actor, subject: str = "") -> ScopedQuerySet[Call]:
    rows = Call.objects.visible_to(actor).select_related("area").order_by("area__path", "pk")
    return rows.filter(subject=subject) if subject else rows


@dataclass
class Hop:
    """One area of a cascade: who was called there, and when the area as a whole answered."""

    area: Area
    calls: list[Call]

    @property
    def confirmed_at(self) -> datetime | None:
        return min((call.confirmed_at for call in self.calls if call.confirmed_at), default=None)

    @property
    def late(self) -> bool:
        return self.confirmed_at is None and any(call.escalated_at for call in self.calls)


def cascade(actor: Actor, subject: str) -> list[Hop]:
    """City, districts, towns, communities: the areas of a cascade in order, each with its calls."""
    by_area: dict[int, Hop] = {}
    for call in calls(actor, subject):
        by_area.setdefault(call.area_id, Hop(call.area, [])).calls.append(call)
    return sorted(by_area.values(), key=lambda hop: hop.area.path)


def doors_shown(call: Call) -> bool:
    """Names of those who need help are for who knocks at their doors, and for as long as that is of use."""
    warning = published.warning(call.warning_id) if call.warning_id else None
    if warning is None or call.level < Level.COMMUNITY:
        return False
    return clock.now() < (warning.ended_at or warning.expires) + DOORS_AFTER_END


def doors(call: Call) -> list[tuple[Household, Knock | None]]:
    """The doors of the officer's area, those where somebody needs help first."""
    if not doors_shown(call):
        return []
    rows = list(Household.objects.unscoped(HELD).filter(area__path__startswith=call.area.path).order_by("address"))
    known = Knock.objects.unscoped(HELD).filter(warning_id=call.warning_id or 0, household__in=rows)
    done = {knock.household_id: knock for knock in known}
    return sorted([(row, done.get(row.pk)) for row in rows], key=lambda pair: (pair[1] is not None, not pair[0].needs))


@dataclass(frozen=True)
class Target:
    """People of one area that a warning is for. how: by outline (share of its surface), by its seat, or whole."""

    area: Area
    people: int
    share: float
    how: str


def units(paths: Iterable[str]) -> list[Area]:
    """The finest areas with a known number of people, none inside another."""
    rows = list(
        Area.objects.filter(under(paths), population__isnull=False, level__lte=Level.COMMUNITY)
        .select_related("parent")
        .defer("parent__geometry")
        .order_by("path")
    )
    parents = {path for row in rows for path in above([row.path]) if path != row.path}
    return [row for row in rows if row.path not in parents]


def targets(paths: Iterable[str], geometry: GeoJson | None) -> list[Target]:
    """People by community. With a drawn outline: the share of the community's surface inside, or, where nobody has its
    outline, all of it when its seat is inside."""
    rows = units(paths)
    if geometry is None:
        return [Target(row, row.population or 0, 1.0, "全部") for row in rows]
    zone, found = shape(geometry), []
    fast = prep(zone)
    for row in rows:
        share, how = share_inside(row, zone, fast)
        if share > 0:
            found.append(Target(row, round((row.population or 0) * share), share, how))
    return found


def share_inside(row: Area, zone: BaseGeometry, fast: PreparedGeometry[BaseGeometry]) -> tuple[float, str]:
    """The exact cut is made at the edge of the zone alone; inside and outside are seen by the prepared outline."""
    if not row.geometry:
        seat = Point(row.seat_lon, row.seat_lat) if row.seat_lon is not None and row.seat_lat is not None else None
        return float(seat is not None and fast.covers(seat)), "按驻地点"
    outline = shape(row.geometry)
    if not outline.area or not fast.intersects(outline):
        return 0.0, "按面积比"
    return (1.0 if fast.covers(outline) else outline.intersection(zone).area / outline.area), "按面积比"


def things(actor: Actor, paths: Iterable[str], geometry: GeoJson | None) -> list[Thing]:
    """Schools, hospitals, shelters, enterprises, hazard units … inside the outline, or inside the areas' limits."""
    shapes = [geometry] if geometry else [a.geometry for a in Area.objects.filter(path__in=list(paths)) if a.geometry]
    found = {(thing.kind, thing.key): thing for one in shapes for thing in things_in(actor, shape(one))}
    return sorted(found.values(), key=lambda thing: (thing.kind, -(thing.people or 0), thing.name))


def receipts_by_area(rows: list[Area], warning_id: int | None) -> dict[int, list[int]]:
    """People with a receipt, by unit: one number per channel (and one for doors), the largest first. Within a channel
    people are different; over channels the same person may be counted twice, so the numbers are not added."""
    if warning_id is None:
        return {}
    places = {row.path: row.pk for row in rows}
    counted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    sent = Receipts.objects.unscoped(WHY).filter(warning_id=warning_id)
    knocked = Knock.objects.unscoped(WHY).filter(warning_id=warning_id, result="told")
    doors = [(path, "door", people) for path, people in knocked.values_list("area__path", "household__people")]
    for path, channel, people in [*sent.values_list("area__path", "channel", "people"), *doors]:
        for one in above([path]) & places.keys():
            counted[places[one]][channel] += people
    return {pk: sorted(channels.values(), reverse=True) for pk, channels in counted.items()}


def shares_by_area(rows: list[Area]) -> dict[int, list[Means]]:
    """Means that work, by unit: its own and those of every area above."""
    by_path: dict[str, list[Means]] = defaultdict(list)
    for means in Means.objects.unscoped(WHY).filter(working=True).select_related("area"):
        by_path[means.area.path].append(means)
    return {row.pk: [means for path in above([row.path]) for means in by_path.get(path, [])] for row in rows}


@dataclass(frozen=True)
class UnitReach:
    """One community: reached by day and by night, with what closes the gap at its worse time."""

    area: Area
    day: Reach
    night: Reach
    receipts: int
    means: list[str]
    plan: Plan

    @property
    def worse(self) -> Reach:
        return min(self.day, self.night, key=lambda reach: reach.share)


def unit_reach(paths: Iterable[str], warning_id: int | None = None) -> list[UnitReach]:
    """Coverage of every unit, by the method of `rules.coverage`."""
    rows = units(paths)
    receipts, shares = receipts_by_area(rows, warning_id), shares_by_area(rows)
    found = []
    for row in rows:
        people, means = row.population or 0, shares[row.pk]
        known, *more = receipts.get(row.pk) or [0]
        also = [min(1.0, count / people) for count in more] if people else []
        day = rules.reach(people, known, [*also, *(one.reach_day for one in means)])
        night = rules.reach(people, known, [*also, *(one.reach_night for one in means)])
        worse = min(day, night, key=lambda reach: reach.share)
        plan = rules.cheapest(worse.gap, people - int(worse.expected)) if worse.gap else Plan((), 0.0, 0)
        found.append(UnitReach(row, day, night, known, [one.name for one in means], plan))
    return found


def reached(paths: list[str], warning_id: int | None) -> list[tuple[Area, Reach, Reach, int]]:
    """(area, by day, by night, receipts) of every area in and above the paths, each as the sum of its units."""
    found = unit_reach(paths, warning_id)
    areas = Area.objects.filter(under(paths) | Q(path__in=above(paths)), level__lte=Level.COMMUNITY).order_by("path")
    answer = []
    for area in areas.defer("geometry"):
        mine = [one for one in found if one.area.path.startswith(area.path)]
        if mine:
            day, night = rules.total(one.day for one in mine), rules.total(one.night for one in mine)
            answer.append((area, day, night, sum(one.receipts for one in mine)))
    return answer


def keeping(actor: Actor) -> dict[str, list[tuple[int, int, int]]]:
    """subject -> for every level how many areas kept the line by day and by night then, of how many."""
    rows = Coverage.objects.visible_to(actor).filter(people__gt=0).values("subject", "level")
    counted = rows.annotate(
        areas=Count("pk"),
        by_day=Count("pk", filter=Q(day__gte=F("people") * rules.GOAL)),
        by_night=Count("pk", filter=Q(night__gte=F("people") * rules.GOAL)),
    )
    found: dict[str, dict[int, tuple[int, int, int]]] = {}
    for row in counted:
        found.setdefault(row["subject"], {})[row["level"]] = (row["by_day"], row["by_night"], row["areas"])
    return {subject: [levels.get(level, (0, 0, 0)) for level, _ in LEVELS] for subject, levels in found.items()}


def history(actor: Actor, level: int) -> list[dict[str, Any]]:
    """Coverage over time of one level: (at, subject, kind, share by day, by night) of all areas together."""
    rows = Coverage.objects.visible_to(actor).filter(level=level).order_by("at")
    sums: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = sums.setdefault(
            row.subject,
            {
                "at": row.at,
                "subject": row.subject,
                "kind": row.get_kind_display(),
                "people": 0,
                "day": 0.0,
                "night": 0.0,
            },
        )
        one["people"] += row.people
        one["day"] += row.day
        one["night"] += row.night
    return [
        {**one, "day": one["day"] / one["people"], "night": one["night"] / one["people"]}
        for one in sums.values()
        if one["people"]
    ]


def subscriber(token: str) -> Subscriber:
    found = Subscriber.objects.unscoped("the link is the key").select_related("area").filter(token=token).first()
    if found is None:
        raise NotFound("链接无效或已过期")
    return found


#: Blocks of the roster whose people want a warning of a kind and colour.
CHOSEN = """
select id, gone, live from mobilisation_rosterblock
where way = %s and area_id = any(%s) and least >= %s and (hazards = '[]'::jsonb or hazards ? %s) and live > 0
"""


def subscribers(area_ids: Iterable[int], event_code: str, rank: int, way: str) -> tuple[str, list[Any]]:
    """The statement (and its values) that gives the blocks (id, gone, live) of who wants a warning of this kind and colour
    (1 = 红) for any of these areas."""
    return CHOSEN, [way, list(area_ids), rank, event_code[:3]]


def concerned(paths: Iterable[str]) -> list[int]:
    """The areas that a warning for these is for: they, what is in them, and what is around them."""
    paths = list(paths)
    return list(Area.objects.filter(under(paths) | Q(path__in=above(paths))).values_list("pk", flat=True))


@dataclass(frozen=True)
class Block:
    """A block of the roster as a sender needs it; "" where somebody unsubscribed."""

    area_id: int
    receivers: list[int]
    addresses: list[str]


def blocks(ids: Sequence[int]) -> list[Block]:
    """In the order of the ids."""
    rows = RosterBlock.objects.unscoped(WHY).in_bulk(ids)
    return [Block(rows[pk].area_id, rows[pk].receivers, rows[pk].addresses) for pk in ids]


def places(address: str) -> list[tuple[int, int]]:
    """(block, place in it) where a number stands."""
    rows = dict(Subscriber.objects.unscoped(WHY).filter(address=address).values_list("pk", "block_id"))
    known = RosterBlock.objects.unscoped(WHY).in_bulk({block for block in rows.values() if block is not None})
    return [
        (block, known[block].receivers.index(pk))
        for pk, block in rows.items()
        if block is not None and block in known and pk in known[block].receivers
    ]


def block_sizes(ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """(area, how many) of every block."""
    rows = RosterBlock.objects.unscoped(WHY).filter(pk__in=set(ids))
    return {pk: (area, len(gone)) for pk, area, gone in rows.values_list("pk", "area_id", "gone")}


def push_hosts() -> list[str]:
    """Push services that a browser may name (`ANLAN_PUSH_HOSTS`): we write to nobody else's address."""
    return [host.strip() for host in os.environ.get("ANLAN_PUSH_HOSTS", "").split(",") if host.strip()]


@dataclass(frozen=True)
class Browser:
    """Where one that subscribed is reached, and with which keys (base64url)."""

    endpoint: str
    p256dh: str
    auth: str


def push_keys(addresses: Iterable[str]) -> dict[str, Browser]:
    rows = PushKey.objects.filter(address__in=set(addresses))
    return {row.address: Browser(row.endpoint, row.p256dh, row.auth) for row in rows}


def push_signing_key() -> EllipticCurvePrivateKey:
    """The key by which push services know this installation."""
    return kept_key(Path(settings.VAR) / "push-key.pem")
