"""What TAK clients see of the common picture: open incidents, what is drawn on them, teams and vehicles where they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from shapely.geometry import Polygon, shape

from anlan.command import queries as command
from anlan.gateways.devices.cot.codec import Happening, encode
from anlan.kernel.accounts.actor import Actor, GrantView
from anlan.resources import queries as resources

#: They see what is internal, not what is sensitive: class 2, and no telephone numbers.
VIEWER = Actor("TAK 终端", None, (GrantView(("command.view", "resources.view"), "/", 2),), "cot")
STALE = timedelta(minutes=5)
TEAM, VEHICLE, INCIDENT = "a-f-G-U-C", "a-f-G-E-V", "b-r-f-h-c"


def picture(now: datetime) -> dict[str, bytes]:
    """uid -> event. What is no longer in it goes stale by itself."""
    return {one.uid: encode(one, now) for one in happenings(now)}


def happenings(now: datetime) -> Iterable[Happening]:
    stale = now + STALE
    for row in command.incidents(VIEWER, open_only=True):
        words = f"{row.number} {row.event_name} {row.get_status_display()}"
        yield Happening(f"anlan.incident.{row.pk}", INCIDENT, row.lon, row.lat, now, stale, row.title[:60], words)
    for one, sign in command.drawings(VIEWER):
        found = shape(one.geometry)
        at = found.representative_point()
        places: tuple[tuple[float, float], ...] = ()
        if found.geom_type != "Point":
            ring = found.exterior.coords[:-1] if isinstance(found, Polygon) else found.coords
            places = tuple((float(x), float(y)) for x, y in ring)
        uid = str(one.device.get("uid") or f"anlan.drawing.{one.pk}")
        yield Happening(
            uid, sign.cot, at.x, at.y, now, stale, one.label, f"{sign.title} {one.note}".strip(),
            places=places, closed=found.geom_type == "Polygon", colour=sign.colour,
        )  # fmt: skip
    for team in resources.teams_located(VIEWER):
        at_lon, at_lat = team.position_lon or team.lon, team.position_lat or team.lat
        words = f"{team.kind} {team.get_readiness_display()}"
        yield Happening(f"anlan.team.{team.pk}", TEAM, at_lon, at_lat, now, stale, team.name, words, how="m-g")
    for car in resources.vehicles_located(VIEWER):
        speed = None if car.speed_km_h is None else car.speed_km_h / 3.6
        yield Happening(
            f"anlan.vehicle.{car.pk}", VEHICLE, car.position_lon or 0.0, car.position_lat or 0.0, now, stale,
            str(car), car.kind, speed, car.heading_deg, how="m-g",
        )  # fmt: skip
