"""What is near and ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely import LineString
from shapely.geometry.base import BaseGeometry

from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import as_geojson, distance_m
from anlan.resources.models import Readiness, Team

#: Road length over straight distance, of towns (representative).
DETOUR = 1.4


@dataclass(frozen=True)
class TeamArrival:
    """A team and its way: metres, minutes including turn-out, route, and how it was found (路网 or 直线估算)."""

    team: Team
    road_m: float
    minutes: float
    route: dict[str, Any]
    how: str


def nearest_teams(
    actor: Actor, capability: str, lon: float, lat: float, count: int, at: datetime, avoid: BaseGeometry | None = None
) -> list[TeamArrival]:
    """The ready teams with this capability that would arrive first."""
    teams = Team.objects.visible_to(actor, "resources.view").filter(
        readiness=Readiness.READY, capabilities__contains=[capability]
    )
    return sorted((straight(team, lon, lat) for team in teams), key=lambda arrival: arrival.minutes)[:count]


def straight(team: Team, lon: float, lat: float) -> TeamArrival:
    start = (team.position_lon or team.lon, team.position_lat or team.lat)
    road_m = distance_m(*start, lon, lat) * DETOUR
    minutes = team.turnout_min + road_m / 1000 / team.speed_km_h * 60
    return TeamArrival(team, road_m, minutes, as_geojson(LineString([start, (lon, lat)])), "直线估算")
