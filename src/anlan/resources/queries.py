"""What is there, how near, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from shapely.geometry import Point, shape

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.geo import GeoJson, distance_m
from anlan.resources.models import Account, Hospital, KeyPlace, Line, Readiness, Shelter, Stock, Store, Team
from anlan.resources.roads import Route, roads

NONE = Decimal(0)


@dataclass(frozen=True)
class TeamArrival:
    """One team's way: road metres, minutes including turn-out, line, and whether by road or estimated."""

    team: Team
    road_m: float
    minutes: float
    route: GeoJson
    how: str


def nearest_teams(
    actor: Actor, capability: str, lon: float, lat: float, count: int, at: datetime, avoid: GeoJson | None = None
) -> list[TeamArrival]:
    """The `count` ready teams with `capability` ("" = any) that arrive first, around what is closed (`avoid`)."""
    del at  # speeds do not vary with the hour yet
    teams = Team.objects.visible_to(actor).filter(readiness=Readiness.READY)
    if capability:
        teams = teams.filter(capabilities__contains=[capability])
    found = list(teams.select_related("area"))
    closed = shape(avoid) if avoid else None
    arrivals = [
        TeamArrival(team, way.length_m, way.minutes + team.turnout_min, way.geometry, way.how)
        for speed in sorted({team.speed_km_h for team in found})
        for team, way in ways([t for t in found if t.speed_km_h == speed], lon, lat, closed, speed)
    ]
    return sorted(arrivals, key=lambda arrival: arrival.minutes)[:count]


def ways(teams: list[Team], lon: float, lat: float, closed: Any, speed_km_h: float) -> list[tuple[Team, Route]]:
    starts = [(team.position_lon or team.lon, team.position_lat or team.lat) for team in teams]
    return list(zip(teams, roads().ways_to(lon, lat, starts, closed, speed_km_h), strict=True))


def near(actor: Actor, model: type[models.Model], lon: float, lat: float, count: int) -> list[tuple[Any, float]]:
    """(row, metres) of the nearest hospitals, shelters or stores."""
    rows = model.objects.visible_to(actor)  # type: ignore[attr-defined]
    measured = [(row, distance_m(lon, lat, row.lon, row.lat)) for row in rows]
    return sorted(measured, key=lambda pair: pair[1])[:count]


def hospitals_near(actor: Actor, lon: float, lat: float, count: int = 5) -> list[tuple[Hospital, float]]:
    return near(actor, Hospital, lon, lat, count)


def shelters_near(actor: Actor, lon: float, lat: float, count: int = 5) -> list[tuple[Shelter, float]]:
    return near(actor, Shelter, lon, lat, count)


def stores_with(actor: Actor, item: str, lon: float, lat: float) -> list[tuple[Store, float, float]]:
    """(store, quantity, metres) of every store that has an item whose code or name is `item`, nearest first."""
    named = models.Q(material__code=item) | models.Q(material__name__icontains=item)
    lots = Stock.objects.visible_to(actor).filter(named, quantity__gt=0, consignment=None)
    totals: dict[int, tuple[Store, float]] = {}
    for lot in lots.select_related("store"):
        store, so_far = totals.get(lot.store_id, (lot.store, 0.0))
        totals[lot.store_id] = (store, so_far + float(lot.quantity))
    measured = [(store, total, distance_m(lon, lat, store.lon, store.lat)) for store, total in totals.values()]
    return sorted(measured, key=lambda row: row[2])


def inside(actor: Actor, geometry: GeoJson) -> dict[str, list[dict[str, Any]]]:
    """Key places, hospitals, shelters and stores inside a polygon (WGS84)."""
    area = shape(geometry)
    west, south, east, north = area.bounds
    found: dict[str, list[dict[str, Any]]] = {}
    for name, model in (("key_places", KeyPlace), ("hospitals", Hospital), ("shelters", Shelter), ("stores", Store)):
        rows = model.objects.visible_to(actor).filter(lon__range=(west, east), lat__range=(south, north))
        found[name] = [summary(row) for row in rows if area.covers(Point(row.lon, row.lat))]
    return found


def summary(row: Any) -> dict[str, Any]:
    people = getattr(row, "people", None) or getattr(row, "beds", None) or getattr(row, "capacity", None)
    return {
        "id": row.pk, "name": row.name, "lon": row.lon, "lat": row.lat, "people": people,
        "phone": getattr(row, "phone", ""), "representative": row.representative,
    }  # fmt: skip


def team(actor: Actor, team_id: int) -> Team:
    return Team.objects.visible_to(actor).one(team_id)


@dataclass(frozen=True)
class TrialBalance:
    """试算平衡: every account with its sum; `total` is 0 when the books hold; `astray`: stocks whose balance is not their lines."""

    accounts: list[tuple[str, Decimal]]
    on_hand: Decimal
    on_road: Decimal
    total: Decimal
    astray: list[str]


def trial_balance(actor: Actor, store_id: int | None = None) -> TrialBalance:
    """What all lines add up to, beside the balances the stocks carry; of one store or of all the actor may see."""
    stocks = Stock.objects.visible_to(actor)
    if store_id is not None:
        stocks = stocks.filter(store_id=store_id)
    lines = Line.objects.unscoped("both ends of the lines of stocks taken within the actor's scope")
    outward, inward = lines.filter(source__in=stocks), lines.filter(target__in=stocks)
    ins, outs = sums(inward, "target"), sums(outward, "source")
    held = list(stocks.values_list("pk", "code", "quantity", "consignment_id"))
    astray = [code for pk, code, quantity, _road in held if quantity != ins.get(pk, NONE) - outs.get(pk, NONE)]
    given, taken = (
        sums(inward.filter(source=None), "source_account"),
        sums(outward.filter(target=None), "target_account"),
    )
    accounts = [
        (str(one.label), taken.get(one.value, NONE) - given.get(one.value, NONE))
        for one in Account
        if one.value in given or one.value in taken
    ]
    elsewhere = total_of(outward.filter(target__isnull=False)) - total_of(inward.filter(source__isnull=False))
    if elsewhere:
        accounts.append(("调往他库（净）", elsewhere))
    on_road = sum((quantity for _pk, _code, quantity, road in held if road is not None), NONE)
    on_hand = sum((quantity for _pk, _code, quantity, road in held if road is None), NONE)
    total = on_hand + on_road + sum((value for _name, value in accounts), NONE)
    return TrialBalance(accounts, on_hand, on_road, total, astray)


def sums(lines: ScopedQuerySet[Line], column: str) -> dict[Any, Decimal]:
    return dict(lines.order_by().values_list(column).annotate(models.Sum("quantity")))


def total_of(lines: ScopedQuerySet[Line]) -> Decimal:
    return lines.aggregate(all=models.Sum("quantity"))["all"] or NONE
