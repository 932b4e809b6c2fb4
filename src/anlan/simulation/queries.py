"""Runs, and who lives where."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Case, F, When
from shapely import contains_xy
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anlan.hazards import discover
from anlan.hazards.chemical.substances import table
from anlan.hazards.contract import Hazard, Residents
from anlan.hazards.raster import Raster
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.errors import Invalid
from anlan.kernel.events.models import Event
from anlan.kernel.geo import GeoJson, area_km2
from anlan.kernel.geo.exposed import EXPOSED, Thing, things_in
from anlan.simulation.models import BuildingStock, ControlLine, Firing, GroundRaster, Lead, Run, Structure
from anlan.simulation.rules import chains, risk
from anlan.simulation.rules.criteria import LIKELY

HAZARDS: dict[str, Hazard] = discover()
#: (kind, title) of rasters of the country.
RASTER_KINDS = GroundRaster.Kind.choices
#: What of the last hours counts for the ranking of areas.
DAY_H = 24


def runs(actor: Actor, correlation_id: UUID | None = None) -> ScopedQuerySet[Run]:
    found = Run.objects.visible_to(actor).order_by("-at", "-pk")
    return found.filter(correlation_id=correlation_id) if correlation_id else found


def control_lines(actor: Actor, correlation_id: UUID | None = None) -> ScopedQuerySet[ControlLine]:
    """隔离线, those taken back too."""
    found = ControlLine.objects.visible_to(actor)
    return found.filter(correlation_id=correlation_id) if correlation_id else found


def rasters(actor: Actor) -> ScopedQuerySet[GroundRaster]:
    """地形与燃料, without their data."""
    return GroundRaster.objects.visible_to(actor).defer("data")


def ground_around(
    actor: Actor, lon: float, lat: float, kinds: Sequence[str] = (), anywhere: bool = False
) -> dict[str, Raster]:
    """Of each kind (all, or these) the finest raster that covers a place, the newest of equals; nothing where none was brought in.

    `anywhere`: also rasters that do not cover the place.
    """
    over: dict[str, Any] = (
        {}
        if anywhere
        else {
            "west__lte": lon,
            "south__lte": lat,
            "west__gte": lon - F("step_lon") * (F("columns") - 1),
            "south__gte": lat - F("step_lat") * (F("rows") - 1),
        }
    )
    if kinds:
        over["kind__in"] = kinds
    found: dict[str, Raster] = {}
    for row in GroundRaster.objects.visible_to(actor).filter(**over).order_by("step_lat", "-at"):
        if row.kind not in found:
            found[row.kind] = row.raster()
    return found


@dataclass(frozen=True)
class Home:
    """An area where people live, by its outline and how many: the finest level somebody has an outline for."""

    pk: int
    name: str
    outline: BaseGeometry
    people: float
    #: Where the figure of residents comes from, and of what date.
    source: str = ""
    #: Whether the outline only shows roughly where the area is (示意).
    sketch: bool = False

    @property
    def per_km2(self) -> float:
        """Residents per square kilometre of the outline."""
        km2 = area_km2(self.outline)
        return self.people / km2 if km2 else 0.0


def homes() -> list[Home]:
    """Areas with outline and residents of which no part has both; scaled so that they add up to their district's total."""
    known = list(Area.objects.filter(level__lt=Level.GRID, geometry__isnull=False, population__isnull=False))
    above = {area.parent_id for area in known}
    finest = [area for area in known if area.pk not in above]
    districts = {area.path: area for area in known if area.level == Level.DISTRICT}
    sums: dict[str, float] = {}
    for area in finest:
        path = district_path(area, districts)
        sums[path] = sums.get(path, 0.0) + (area.population or 0)
    return [
        Home(area.pk, area.name, shape(area.geometry or {}), scaled(area, districts, sums), area.population_note, area.sketch)
        for area in finest
    ]  # fmt: skip


#: A community is stood for by places on a grid of so many a side of its outline.
PLACES_A_SIDE = 12


def residents_of(living: list[Home]) -> list[Residents]:
    """Each community as places inside its outline that share its people evenly; one place where it is smaller than the grid."""
    found, stock = [], buildings_by(living)
    for home in living:
        west, south, east, north = home.outline.bounds
        lon, lat = np.meshgrid(
            *(a + (np.arange(PLACES_A_SIDE) + 0.5) * (b - a) / PLACES_A_SIDE for a, b in ((west, east), (south, north)))
        )
        inside = contains_xy(home.outline, lon, lat)
        x, y = lon[inside].tolist(), lat[inside].tolist()
        if not x:
            place = home.outline.representative_point()
            x, y = [place.x], [place.y]
        mix, floor = stock.get(home.pk, (None, None))
        found.append(Residents(home.pk, home.name, x, y, [home.people / len(x)] * len(x), home.per_km2, mix, floor))
    return found


Stock = dict[int, tuple[dict[str, float], float]]


def buildings_by(living: list[Home]) -> Stock:
    """Shares of floor area by type and floor area of a resident, of each home: its own register, else that of the area above."""
    kept: dict[str, dict[str, float]] = {}
    for path, kind, floor in BuildingStock.objects.unscoped(CENSUS).values_list("area__path", "kind", "floor_m2"):
        shares = kept.setdefault(path, {})
        shares[kind] = shares.get(kind, 0.0) + floor
    if not kept:
        return {}
    paths = dict(Area.objects.filter(pk__in=[home.pk for home in living]).values_list("pk", "path"))
    people = people_below(living, paths, kept)
    found: Stock = {}
    for home in living:
        path = max((one for one in kept if paths[home.pk].startswith(one)), key=len, default="")
        total = sum(kept.get(path, {}).values())
        if total > 0:
            mix = {kind: floor / total for kind, floor in kept[path].items()}
            found[home.pk] = mix, total / people[path] if people[path] else DEFAULT_FLOOR_M2
    return found


def people_below(living: list[Home], paths: dict[int, str], kept: dict[str, dict[str, float]]) -> dict[str, float]:
    """Residents of each area that has a register: its floor area is theirs."""
    found = dict.fromkeys(kept, 0.0)
    for home in living:
        for path in kept:
            if paths[home.pk].startswith(path):
                found[path] += home.people
    return found


#: Floor area of a resident (m2) where the register has buildings but nobody is known to live there.
DEFAULT_FLOOR_M2 = 35.0
CENSUS = (
    "people and buildings are counted over the whole city whoever asks: exposure of a hazard does not end at a district"
)


def census() -> list[str]:
    """What the totals of the districts rest on: each source once, with its date as its publisher gives it."""
    found = Area.objects.filter(level=Level.DISTRICT, population__isnull=False).order_by("path")
    return list(dict.fromkeys(area.population_note for area in found if area.population_note))


def district_path(area: Area, districts: dict[str, Area]) -> str:
    return next((path for path in districts if area.path.startswith(path)), "")


def scaled(area: Area, districts: dict[str, Area], sums: dict[str, float]) -> float:
    """Residents such that the parts of a district add up to what its census says."""
    path, own = district_path(area, districts), float(area.population or 0)
    if not path or not sums[path]:
        return own
    return own * (districts[path].population or 0) / sums[path]


def residents(zone: BaseGeometry, living: list[Home]) -> list[dict[str, Any]]:
    """People of each area touched by the zone: share of its surface times its residents. Modelled, not counted."""
    found = []
    for home in living:
        if home.outline.area and home.outline.intersects(zone):
            share = home.outline.intersection(zone).area / home.outline.area
            people = round(home.people * share)
            if people:
                found.append({"area_id": home.pk, "name": home.name, "people": people, "share": round(share, 3)})
    return sorted(found, key=lambda row: -row["people"])


def exposure(zones: list[GeoJson]) -> list[dict[str, Any]]:
    """For each zone (worst first): people inside it, by community. `known` is false where no outline is loaded."""
    living = homes()
    counted = [residents(shape(zone), living) for zone in zones]
    return [
        {"people": sum(row["people"] for row in rows), "communities": rows, "known": bool(living)} for rows in counted
    ]  # fmt: skip


def leads(actor: Actor, correlation_id: UUID | None = None) -> ScopedQuerySet[Lead]:
    """灾害链核查提示: what waits for an answer first, the likely before the possible, the newest before the old."""
    first = Case(When(verdict=LIKELY, then=0), default=1)
    found = Lead.objects.visible_to(actor).select_related("area").order_by("-state", first, "-at")
    return found.filter(correlation_id=correlation_id) if correlation_id else found


def firings(actor: Actor) -> ScopedQuerySet[Firing]:
    return Firing.objects.visible_to(actor).select_related("area").order_by("-at")


def combinations(actor: Actor, since: datetime) -> list[Event]:
    """Unusual combinations told since an instant, newest first, of areas the actor may see."""
    rows = Event.objects.filter(name="simulation.CombinationSeen", at__gte=since).order_by("-at")
    return [row for row in rows[:200] if actor.may("simulation.view", row.area_path, row.data_class)]


def next_after(target: str) -> list[str]:
    """What the declared graph says may come after a hazard: titles of its edges."""
    return [edge.title for edge in chains.graph().after.get(target, ())]


def affected(actor: Actor, run: Run) -> list[tuple[str, list[tuple[Thing, int]]]]:
    """(kind, [(thing, level of the worst zone over it)]) of a run's zones: facilities and roads, by the rooms that own them."""
    found: dict[tuple[str, int], tuple[Thing, int]] = {}
    for zone in sorted(run.zones, key=lambda one: int(one["level"])):
        for thing in things_in(actor, shape(zone["geometry"])):
            found.setdefault((thing.kind, thing.key), (thing, zone["level"]))
    return [
        (exposed.title, [pair for (kind, _), pair in found.items() if kind == exposed.kind])
        for exposed in EXPOSED.values()
        if any(kind == exposed.kind for kind, _ in found)
    ]


def ranking(actor: Actor, now: datetime) -> list[risk.Ranked]:
    """Areas that have an outline, the most threatened first, over all hazards of the last day and what stands there."""
    homes_by = {home.pk: home for home in homes()}
    shown = {
        area.pk: area
        for area in Area.objects.filter(geometry__isnull=False, level=Level.DISTRICT)
        if actor.may("simulation.view", area.path)
    }
    since = now - timedelta(hours=DAY_H)
    open_leads = list(leads(actor).filter(at__gt=since, at__lte=now, state=Lead.State.OPEN))
    fired = [one for one in firings(actor).filter(at__gt=since, at__lte=now) if not one.heard.startswith(OF_RUNS)]
    newest = {
        (run.correlation_id, run.kind): run
        for run in runs(actor).filter(at__gt=since, at__lte=now, because="").reverse()
    }
    reached = list(newest.values())
    facts = []
    for area in shown.values():
        outline = shape(area.geometry or {})
        units = things_in(actor, outline, ["hazard-unit"])
        inside = [zone for run in reached for zone in reach_in(run, outline)]
        living = [home for home in homes_by.values() if outline.covers(home.outline.representative_point())]
        facts.append(
            risk.Facts(
                area.pk, area.name, float(sum(home.people for home in living)),
                tuple((unit.facts["quantity_t"], threshold(unit)) for unit in units),
                (*((one.node, one.level) for one in fired if area.path.startswith(one.area.path)),
                 *(told for run in reached for told in struck(run, outline))), tuple(inside),
                tuple(lead.verdict == LIKELY for lead in open_leads if lead.area_id == area.pk),
            )
        )  # fmt: skip
    return risk.rank(facts)


#: Firings that a run tells: a run counts where its zones lie, not in the one district of its source; supposed ones nowhere.
OF_RUNS = ("run:", "supposed:")


def struck(run: Run, outline: BaseGeometry) -> list[tuple[str, int]]:
    """(node, worst level) of a run whose harmful zones reach into an area."""
    node = chains.graph().node_of_run(run.kind)
    levels = [
        int(zone["level"])
        for zone in run.zones
        if zone.get("endangers", True) and not zone.get("uncertain") and shape(zone["geometry"]).intersects(outline)
    ]
    return [(node.id, min(levels))] if node and levels else []


#: Structures farther than this from a place (degrees) are left out of a run.
AROUND = 0.15


def structures_around(actor: Actor, lon: float, lat: float) -> list[dict[str, Any]]:
    """Walls and culverts round a place, as the flood engine reads them."""
    rows = Structure.objects.visible_to(actor).filter(
        lon__range=(lon - AROUND, lon + AROUND), lat__range=(lat - AROUND, lat + AROUND)
    )
    return [
        {"points": one.line, "crest_m": one.crest_m}
        if one.kind == Structure.Kind.WALL
        else {"near": one.line[0], "far": one.line[-1], "area_m2": one.area_m2, "invert_m": one.invert_m, "height_m": one.height_m}
        for one in rows
    ]  # fmt: skip


def reach_in(run: Run, outline: BaseGeometry) -> list[tuple[int, float]]:
    """(level, people) of a run's zones that touch an area: people of the whole zone by the share that lies inside."""
    found = []
    for zone, people in zip(run.zones, run.exposure, strict=True):
        of = shape(zone["geometry"])
        if of.intersects(outline) and of.area:
            found.append((int(zone["level"]), float(people["people"]) * of.intersection(outline).area / of.area))
    return found


def threshold(unit: Thing) -> float:
    """临界量 of the unit's substance (t); 50 t where the table does not know it (待核对)."""
    known = table().get(unit.facts["substance"])
    return known.threshold_t if known and known.threshold_t is not None else 50.0


def track(text: str, label: str) -> list[list[float]]:
    """Places in a text: lines of longitude and latitude, GeoJSON coordinates, or a GPX track as a GPS saves it."""
    if "<trkpt" in text or "<rtept" in text or "<wpt" in text:
        points = re.findall(r"<(?:trkpt|rtept|wpt)\b([^>]*)>", text)
        found = [[attribute(point, "lon"), attribute(point, "lat")] for point in points]
        if any(part is None for place in found for part in place):
            raise Invalid(label, text[:60], "GPX 的每个点有 lat、lon", label=label)
        return [[float(part or 0) for part in place] for place in found]
    return numbers(text, 2, label)


def numbers(text: str, columns: int, label: str) -> list[list[float]]:
    """Rows of so many numbers in a text, whatever stands between them."""
    found = [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if len(found) % columns:
        allowed = "每行“经度, 纬度”，或 GPX" if columns == 2 else f"每行 {columns} 个数"
        raise Invalid(label, text[:60], allowed, label=label)
    return [found[i : i + columns] for i in range(0, len(found), columns)]


def attribute(point: str, name: str) -> str | None:
    found = re.search(rf"\b{name}\s*=\s*[\"'](-?[\d.]+)[\"']", point)
    return found.group(1) if found else None
