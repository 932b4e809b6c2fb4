"""Releases that are followed; the weather at a place; people, advice and a place for the command post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import cos, radians, sin
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from shapely.geometry import Point, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from anlan.hazards.chemical import advice, stability
from anlan.hazards.chemical.substances import Substance, find
from anlan.hazards.plane import metres_per_degree
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.geo import circle, distance_m
from anlan.kernel.geo.exposed import things_in
from anlan.monitoring import queries as monitoring
from anlan.resources import queries as resources
from anlan.simulation import queries as simulation
from anlan.situation.models import ReleaseWatch
from anlan.supervision import queries as supervision

VIEW = "simulation.view"
BEIJING = ZoneInfo("Asia/Shanghai")
#: A wind counts if measured within so many minutes and metres.
FRESH_MIN, NEAR_M = 60, 30_000.0
#: Cloud cover in tenths where nobody measures it: 待核对.
CLOUD_TENTHS = 5.0
#: 08:00 to 18:30 is day; share of residents at home by day and night (Purple Book; AQ/T 3046 待核对).
DAY, AT_HOME = (8.0, 18.5), {"day": 0.7, "night": 1.0}
#: The command post: m from the source at least and at most (own choice, 待核对), m outside every zone.
POST_NEAR_M, POST_FAR_M, CLEAR_M = 500.0, 6000.0, 100.0
TEAMS = 3
#: Below this wind, m/s, nobody can say when a cloud arrives: 待核对.
CALM_M_S = 0.5


class Run(Protocol):
    """What is read of a run of the simulation room."""

    lon: float
    lat: float
    inputs: dict[str, Any]
    summary: dict[str, Any]
    zones: list[dict[str, Any]]
    exposure: list[dict[str, Any]]


def watches(actor: Actor) -> ScopedQuerySet[ReleaseWatch]:
    return ReleaseWatch.objects.visible_to(actor, VIEW).select_related("area", "run", "unit")


def watch(actor: Actor, pk: int) -> ReleaseWatch:
    return watches(actor).one(pk)


def unit_choices(actor: Actor) -> list[Any]:
    return list(supervision.hazard_units(actor))


@dataclass(frozen=True)
class Weather:
    """What blows at a place: m/s, degrees it comes from, class, degC, from which station at what distance, measured when."""

    wind_m_s: float
    wind_from_deg: float
    stability: str
    air_c: float
    station: str
    station_m: float
    at: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def weather_at(actor: Actor, lon: float, lat: float, now: datetime) -> Weather | None:
    """The nearest station that has measured wind speed and direction within the hour; None where there is none."""
    masts = monitoring.stations(actor).filter(in_service=True, datastreams__quantity="风向").distinct()
    near = sorted((distance_m(lon, lat, mast.lon, mast.lat), mast.pk, mast) for mast in masts)
    for away, _pk, mast in near:
        if away > NEAR_M:
            return None
        read = {
            r.datastream.quantity: r for r in monitoring.latest(actor, [mast.pk])
            if r.good and now - r.at <= timedelta(minutes=FRESH_MIN)
        }  # fmt: skip
        if {"风速", "风向"} <= read.keys():
            return blowing(read, mast.name, away, lon, lat, now)
    return None


def blowing(read: dict[str, Any], station: str, away: float, lon: float, lat: float, now: datetime) -> Weather:
    speed = float(read["风速"].value)
    air = float(read["气温"].value) if "气温" in read else 20.0
    return Weather(
        speed, float(read["风向"].value) % 360, class_of(speed, lon, lat, now), air, station, away,
        read["风向"].at.isoformat(),
    )  # fmt: skip


def class_of(speed: float, lon: float, lat: float, now: datetime) -> str:
    """Stability by the wind (m/s), the sun at this hour and half a sky of clouds."""
    local = now.astimezone(BEIJING)
    sun = stability.solar_height(local.timetuple().tm_yday - 1, local.hour + local.minute / 60, lon, lat)
    return stability.pasquill(speed, CLOUD_TENTHS, sun)


def is_day(now: datetime) -> bool:
    local = now.astimezone(BEIJING)
    return DAY[0] <= local.hour + local.minute / 60 < DAY[1]


def people_of(actor: Actor, run: Run) -> list[dict[str, Any]]:
    """Per zone: who is inside by day and by night, residents by community and staff by enterprise. Modelled, not counted."""
    found = []
    for zone, counted in zip(run.zones, run.exposure, strict=True):
        plants = supervision.inside(actor, zone["geometry"])["enterprises"]
        homes = counted["people"]
        found.append({
            "name": zone["name"], "level": zone["level"], "uncertain": bool(zone.get("uncertain")),
            "known": counted.get("known", True),
            "day": round(homes * AT_HOME["day"]) + sum(plant["staff_day"] for plant in plants),
            "night": round(homes * AT_HOME["night"]) + sum(plant["staff_night"] for plant in plants),
            "plants": [{name: plant[name] for name in ("name", "staff_day", "staff_night", "phone")} for plant in plants],
        })  # fmt: skip
    return found


def substance_of(run: Run) -> Substance:
    return find(run.inputs["substance"])


def cloud_of(run: Run) -> advice.Cloud:
    of = substance_of(run)
    n = of.probit[2] if of.probit else 2.0
    axis = tuple((float(x), float(c)) for x, c in run.summary["axis_mg_m3"])
    lasts = float(run.summary.get("duration_s") or 600.0) or 600.0
    front = tuple((float(x), float(s)) for x, s in run.summary.get("arrival_s", []))
    return advice.Cloud(axis, max(lasts, 60.0), float(run.inputs["wind_m_s"]), n, float(of.endpoint_2 or 0.0), front)


@dataclass(frozen=True)
class Frame:
    """Metres along the wind and across it, from the source."""

    lon: float
    lat: float
    towards_deg: float

    def of(self, lon: float, lat: float) -> tuple[float, float]:
        east_m, north_m = metres_per_degree(self.lat)
        east, north = (lon - self.lon) * east_m, (lat - self.lat) * north_m
        b = radians(self.towards_deg)
        return east * sin(b) + north * cos(b), north * sin(b) - east * cos(b)

    def place(self, east: float, north: float) -> tuple[float, float]:
        east_m, north_m = metres_per_degree(self.lat)
        return self.lon + east / east_m, self.lat + north / north_m


#: Things that count as protection targets beside where people live (GB 36894-2018 clause 4), as rooms declare them.
TARGETS = ("key-place", "hospital", "shelter")


@dataclass(frozen=True)
class Reached:
    """A community or a protection target that an endpoint reaches: which one (1 life, 2 irreversible harm), and when."""

    key: str
    name: str
    level: int
    lon: float
    lat: float
    arrives_min: float | None


def reached(actor: Actor, run: Run) -> list[Reached]:
    """What sure zones touch, the worst first and then the nearest in time. 模型推算."""
    sure = [(zone["level"], shape(zone["geometry"])) for zone in run.zones if not zone.get("uncertain")]
    sure.sort(key=lambda one: one[0])
    if not sure:
        return []
    frame, cloud = Frame(run.lon, run.lat, run.summary["towards_deg"]), cloud_of(run)
    found = [
        Reached(f"area:{home.pk}", home.name, level, *spot_of(home.outline.intersection(zone), frame, cloud))
        for home in simulation.homes()
        if home.people
        if (hit := touching(home.outline, sure)) is not None
        for level, zone in (hit,)
    ]
    for thing in things_in(actor, unary_union([zone for _, zone in sure]), TARGETS):
        hit = touching(thing.shape or Point(thing.lon, thing.lat), sure)
        if hit is not None:
            place = Point(thing.lon, thing.lat)
            found.append(Reached(f"{thing.kind}:{thing.key}", thing.name, hit[0], *spot_of(place, frame, cloud)))
    return sorted(found, key=lambda one: (one.level, one.arrives_min if one.arrives_min is not None else 1e9))


def touching(outline: BaseGeometry, zones: Sequence[tuple[int, BaseGeometry]]) -> tuple[int, BaseGeometry] | None:
    """The worst zone that touches an outline; zones worst first."""
    return next(((level, zone) for level, zone in zones if outline.intersects(zone)), None)


def spot_of(part: BaseGeometry, frame: Frame, cloud: advice.Cloud) -> tuple[float, float, float | None]:
    """(lon, lat, minutes until the cloud is there); None in calm, when nobody can say."""
    middle = part.representative_point()
    if cloud.wind < CALM_M_S:
        return middle.x, middle.y, None
    nearest = max(0.0, min(frame.of(x, y)[0] for x, y in outline_points(part)))
    return middle.x, middle.y, round(cloud.arrives(nearest) / 60, 1)


def left_out(run: Run, told: list[dict[str, Any]]) -> list[str]:
    """Communities in any zone with nobody inside: no advice for nobody, but whoever reads must know that they were left out."""
    outer, known = unary_union([shape(zone["geometry"]) for zone in run.zones]), {row["area_id"] for row in told}
    return [home.name for home in simulation.homes() if home.pk not in known and home.outline.intersects(outer)]


def communities(run: Run) -> list[dict[str, Any]]:
    """Every community with people inside a sure zone, with shelter or evacuation and why; those only possibly reached wait."""
    sure = [shape(zone["geometry"]) for zone in run.zones if not zone.get("uncertain")]
    possible = [shape(zone["geometry"]) for zone in run.zones if zone.get("uncertain")]
    frame, cloud = Frame(run.lon, run.lat, run.summary["towards_deg"]), cloud_of(run)
    whole, outer = unary_union(sure), unary_union([*sure, *possible])
    rows = [row for home in simulation.homes() if (row := row_of(home, whole, outer, frame, cloud)) is not None]
    return sorted(rows, key=lambda row: (row["standby"], row["arrives_min"] if row["arrives_min"] is not None else 1e9))


def row_of(
    home: simulation.Home, whole: BaseGeometry, outer: BaseGeometry, frame: Frame, cloud: advice.Cloud
) -> dict[str, Any] | None:
    if not home.outline.area or not home.outline.intersects(outer):
        return None
    touched = home.outline.intersection(whole)
    reached = not touched.is_empty
    part = touched if reached else home.outline.intersection(outer)
    people = home.people * part.area / home.outline.area
    if not round(people):
        return None
    row = {
        "area_id": home.pk, "name": home.name, "standby": not reached, "day": round(people * AT_HOME["day"]),
        "night": round(people * AT_HOME["night"]), "arrives_min": None, "what": advice.READY,
        "why": "只在不确定范围内：风向再偏或源强再大时才会波及", "load_share": None,
    }  # fmt: skip
    return {**row, **judged(part, whole, frame, cloud)} if reached else row


def judged(part: BaseGeometry, whole: BaseGeometry, frame: Frame, cloud: advice.Cloud) -> dict[str, Any]:
    """Advice by the near edge of the part that is reached, and the way out of the cloud from its middle."""
    corners = [frame.of(x, y) for x, y in outline_points(part)]
    near = max(0.0, min(x for x, _ in corners))
    middle = part.representative_point()
    out = distance_m(middle.x, middle.y, *nearest_edge(whole, middle))
    said = advice.advise(cloud, advice.Spot(max(near, 30.0), out))
    return {
        "what": said.what, "why": said.why, "arrives_min": round(said.arrives_s / 60, 1),
        "leaves_min": round(said.leaves_s / 60, 1), "outdoor_mg_m3": said.outdoor_mg_m3, "indoor_mg_m3": said.indoor_mg_m3,
        "load_share": None if said.load_share >= 999 else said.load_share,
    }  # fmt: skip


def outline_points(part: BaseGeometry) -> list[tuple[float, float]]:
    shapes = getattr(part, "geoms", [part])
    return [(x, y) for one in shapes if one.geom_type == "Polygon" for x, y, *_ in one.exterior.coords] or [
        (part.representative_point().x, part.representative_point().y)
    ]


def nearest_edge(whole: BaseGeometry, middle: Point) -> tuple[float, float]:
    edge = whole.boundary
    on = edge.interpolate(edge.project(middle))
    return on.x, on.y


def post(actor: Actor, run: Run, now: datetime) -> dict[str, Any]:
    """Where responders come from, a command post upwind on a road outside every zone, and who gets there how soon."""
    wedge = advice.approach(run.inputs["wind_from_deg"], run.summary["model"] == "calm")
    closed = (
        unary_union([shape(zone["geometry"]) for zone in run.zones]) if run.zones else circle(run.lon, run.lat, 100)
    )
    frame = Frame(run.lon, run.lat, run.summary["towards_deg"])
    places = resources.junctions_near(run.lon, run.lat, POST_FAR_M)
    chosen = pick(frame, wedge, closed, places)
    how = "路网节点" if chosen else "上风向直线推荐（附近没有合适的路口）"
    if chosen is None:
        b, far = radians(wedge.bearing_deg), POST_NEAR_M * 2
        chosen = frame.place(far * sin(b), far * cos(b))
    teams = resources.nearest_teams(actor, "", *chosen, TEAMS, now, mapping(closed))
    return {
        "bearing_deg": wedge.bearing_deg, "half_deg": wedge.half_deg, "lon": chosen[0], "lat": chosen[1], "how": how,
        "distance_m": round(distance_m(run.lon, run.lat, *chosen)),
        "teams": [{"name": one.team.name, "minutes": round(one.minutes, 1), "road_m": round(one.road_m), "how": one.how,
                   "route": one.route} for one in teams],
    }  # fmt: skip


def pick(
    frame: Frame, wedge: advice.Wedge, closed: BaseGeometry, places: Sequence[tuple[float, float]]
) -> tuple[float, float] | None:
    """The nearest junction upwind that is far enough from the source and outside every zone."""
    _, north_m = metres_per_degree(frame.lat)
    around = closed.buffer(CLEAR_M / north_m)
    east_m, north_m = metres_per_degree(frame.lat)
    found = []
    for lon, lat in places:
        away = distance_m(frame.lon, frame.lat, lon, lat)
        upwind = wedge.holds((lon - frame.lon) * east_m, (lat - frame.lat) * north_m)
        if away >= POST_NEAR_M and upwind and not around.covers(Point(lon, lat)):
            found.append((away, lon, lat))
    return min(found)[1:] if found else None


def detectors(
    actor: Actor, lon: float, lat: float, of: Substance, now: datetime, within_m: float = 3000.0
) -> list[dict[str, Any]]:
    """Gas readings near a source that are of this substance, as mg/m3."""
    words = {of.formula.lower(), of.name, *of.aliases}
    near = [
        s for s in monitoring.stations(actor).filter(in_service=True) if distance_m(lon, lat, s.lon, s.lat) <= within_m
    ]
    found = []
    for read in monitoring.latest(actor, [station.pk for station in near]):
        stream = read.datastream
        named = stream.source_code.lower() in words or any(word and word in stream.name for word in words)
        if not named or not read.good or read.value is None or now - read.at > timedelta(minutes=FRESH_MIN):
            continue
        factor = of.mg_m3(1.0) if "ppm" in stream.unit.lower() else 1.0
        if stream.unit.lower() in {"ppm", "mg/m³", "mg/m3"}:
            found.append({"name": str(stream.station), "station_id": stream.station_id,
                          "lon": stream.station.lon, "lat": stream.station.lat,
                          "mg_m3": read.value * factor})  # fmt: skip
    return found
