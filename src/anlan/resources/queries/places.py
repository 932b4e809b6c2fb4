"""What is there, how near, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import cos, radians
from typing import Any

from django.db import models
from django.db.models import Q
from shapely.geometry import LineString, Point, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import GeoJson, distance_m
from anlan.resources.models import (
    Closure,
    Hospital,
    KeyPlace,
    Readiness,
    RoadEdge,
    RoadNode,
    Shelter,
    Stock,
    Store,
    Team,
    Vehicle,
)
from anlan.resources.roads import ANY, Limits, Route, roads


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
    teams = Team.objects.visible_to(actor).filter(readiness=Readiness.READY)
    if capability:
        teams = teams.filter(capabilities__contains=[capability])
    found = list(teams.select_related("area"))
    arrivals = [
        TeamArrival(team, way.length_m, way.minutes + team.turnout_min, way.geometry, way.how)
        for team, way in zip(found, team_ways(found, lon, lat, closed_at(at, avoid)), strict=True)
    ]
    return sorted(arrivals, key=lambda arrival: arrival.minutes)[:count]


def arrival(team: Team, lon: float, lat: float, at: datetime) -> TeamArrival:
    """One team's way, whatever its readiness."""
    (way,) = team_ways([team], lon, lat, closed_at(at))
    return TeamArrival(team, way.length_m, way.minutes + team.turnout_min, way.geometry, way.how)


def place_called(actor: Actor, text: str) -> tuple[float, float] | None:
    """Where the one store, hospital, shelter, key place or team's base of that name is; None when there is none, or several."""
    found = {
        (lon, lat)
        for model in (Store, Hospital, Shelter, KeyPlace, Team)
        for lon, lat in model.objects.visible_to(actor).filter(name=text.strip()).values_list("lon", "lat")
    }
    return found.pop() if len(found) == 1 else None


def place_names(actor: Actor) -> list[str]:
    """Names to choose from, for a form."""
    rows = [
        model.objects.visible_to(actor).values_list("name", flat=True)[:300]
        for model in (Store, Shelter, Hospital, KeyPlace, Team)
    ]
    return [*dict.fromkeys(name for some in rows for name in some)]


def has_roads() -> bool:
    return RoadEdge.objects.exists()


def roads_in(window: BaseGeometry) -> list[BaseGeometry]:
    """Lines of the roads that begin or end in the window; roads are public."""
    west, south, east, north = window.bounds
    near = Q()
    for end in ("start", "end"):
        near |= Q(**{f"{end}__lon__range": (west, east), f"{end}__lat__range": (south, north)})
    rows = RoadEdge.objects.filter(near).select_related("start", "end")
    ends = ((row, [(row.start.lon, row.start.lat), (row.end.lon, row.end.lat)]) for row in rows)
    return [shape(row.geometry) if row.geometry else LineString(line) for row, line in ends]


def closed_at(at: datetime, avoid: GeoJson | None = None) -> BaseGeometry | None:
    """What may not be driven through at this time: closures in force, and what is to be avoided besides."""
    rows = Closure.objects.unscoped("a shut road is shut for everybody").filter(begins_at__lte=at)
    in_force = rows.filter(models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=at))
    areas = [shape(geometry) for geometry in in_force.values_list("geometry", flat=True)]
    areas += [shape(avoid)] if avoid else []
    return unary_union(areas) if areas else None


def team_ways(teams: list[Team], lon: float, lat: float, closed: BaseGeometry | None) -> list[Route]:
    """The way of each team, at its speed and for its vehicles: one search for each kind of column."""
    limits = limits_of([team.pk for team in teams])
    columns: dict[tuple[float, Limits], list[int]] = {}
    for n, team in enumerate(teams):
        columns.setdefault((team.speed_km_h, limits.get(team.pk, ANY)), []).append(n)
    found: dict[int, Route] = {}
    for (speed, limit), members in columns.items():
        starts = [(teams[n].position_lon or teams[n].lon, teams[n].position_lat or teams[n].lat) for n in members]
        found |= dict(zip(members, roads().ways_to(lon, lat, starts, closed, speed, limit), strict=True))
    return [found[n] for n in range(len(teams))]


def limits_of(team_ids: list[int]) -> dict[int, Limits]:
    """What the largest vehicles of each team need of a road: the team drives in one column."""
    rows = Vehicle.objects.unscoped("vehicles of teams already taken within the actor's scope")
    rows = rows.filter(team__in=team_ids).exclude(readiness=Readiness.OFF)
    found: dict[int, Limits] = {}
    for team, height, weight, hazmat in rows.values_list("team_id", "height_m", "gross_t", "hazmat"):
        one = found.get(team, ANY)
        found[team] = Limits(
            max(one.height_m, height or 0.0), max(one.weight_t, weight or 0.0), one.hazmat or bool(hazmat)
        )
    return found


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


def junctions_near(lon: float, lat: float, within_m: float) -> list[tuple[float, float]]:
    """(lon, lat) of the road graph's junctions within a square of `within_m` to each side: anybody may know the roads."""
    up = within_m / 111_000
    wide = up / max(0.1, cos(radians(lat)))
    nodes = RoadNode.objects.filter(lon__range=(lon - wide, lon + wide), lat__range=(lat - up, lat + up))
    return list(nodes.values_list("lon", "lat"))


def team(actor: Actor, team_id: int) -> Team:
    return Team.objects.visible_to(actor).one(team_id)


def teams_located(actor: Actor) -> list[Team]:
    return list(Team.objects.visible_to(actor).exclude(readiness=Readiness.OFF).order_by("pk"))


def vehicles_located(actor: Actor) -> list[Vehicle]:
    """Vehicles whose place is known."""
    rows = Vehicle.objects.visible_to(actor).filter(position_lon__isnull=False, position_lat__isnull=False)
    return list(rows.exclude(readiness=Readiness.OFF).order_by("pk"))


def terminals() -> frozenset[str]:
    """Numbers of the terminals of all vehicles and teams, for the gateway."""
    why = "the gateway must know whose terminal it hears"
    vehicles = Vehicle.objects.unscoped(why).exclude(terminal="").values_list("terminal", flat=True)
    return frozenset([*vehicles, *Team.objects.unscoped(why).exclude(terminal="").values_list("terminal", flat=True)])
