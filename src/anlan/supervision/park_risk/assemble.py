"""A park's registers as the input of the risk engine: equipment, weather, people, protection targets, ignition sources."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from shapely.geometry import Point, box, shape
from shapely.geometry.base import BaseGeometry

from anlan.hazards.chemical.qra import equipment
from anlan.hazards.chemical.qra.equipment import OTHERWISE, Equipment, Frequencies
from anlan.hazards.chemical.qra.inputs import Request, Target
from anlan.hazards.chemical.qra.model import Grid, Rose
from anlan.hazards.chemical.qra.scenario import Scenario
from anlan.hazards.chemical.qra.tree import Ignition, parameters
from anlan.hazards.chemical.substances import table
from anlan.kernel.errors import Invalid
from anlan.supervision.models import (
    Basis,
    FailureFrequency,
    HazardUnit,
    OnSite,
    Park,
    ParkCondition,
    Period,
    UnitStock,
    WeatherFrequency,
)
from anlan.supervision.park_risk import external, live
from anlan.supervision.park_risk.crowds import (
    WHY,
    Crowd,
    Plane,
    crowds_of,
    on_site,
    people_of,
    target_rows,
    works,
)
from anlan.supervision.park_risk.live import Live

#: m beyond the park's outline that the map shows and people are counted in.
MARGIN_M = 5000.0
CELL_M = 50.0
#: Kind of unit in the register -> (type of the frequency tables, phase).
KINDS = {
    "储罐": ("vessel", "liquid"), "球罐": ("vessel", "liquid"), "反应器": ("process", "gas"), "塔": ("process", "gas"),
    "气柜": ("vessel", "gas"), "管道": ("pipe", "gas"), "槽车": ("tanker", "liquid"), "泵": ("pump", "liquid"),
}  # fmt: skip
#: Up to this pressure (MPa absolute) a tank of liquid is an atmospheric one.
ATMOSPHERIC_MPA = 0.11
#: m of a pipe and mm of its bore where the register does not say (representative).
PIPE_M, PIPE_MM = 100.0, 100.0
#: A wind that a mast reports wanders by so much to either side (°): rays and their weights, 待核对.
WANDER = ((-10.0, 0.1), (-5.0, 0.2), (0.0, 0.4), (5.0, 0.2), (10.0, 0.1))
#: The same wind for a whole year, where no frequencies are kept: classes of CPR 18E from everywhere alike. 演示数据.
#: (class, m/s, share of the year, share of it by day): B only under the sun, E and F only without it.
USUAL = (
    ("B", 4.0, 0.10, 1.0), ("D", 1.5, 0.15, 0.5625), ("D", 4.0, 0.30, 0.5625), ("D", 8.0, 0.15, 0.5625), ("E", 4.0, 0.10, 0.0),
    ("F", 1.5, 0.20, 0.0),
)  # fmt: skip
SECTORS = 16
WEATHER_HOLDS = timedelta(hours=3)


@dataclass
class Assembled:
    """A request with what a reader must know of it."""

    request: Request
    plane: Plane
    outline: BaseGeometry
    units: list[HazardUnit]
    inputs: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    frequencies: Frequencies = field(default_factory=Frequencies)

    @property
    def fingerprint(self) -> str:
        """Of everything that the result depends on."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True, default=str).encode()).hexdigest()


def outline_of(park: Park, plane: Plane) -> BaseGeometry:
    """In metres; a square of 2 km where the register has none."""
    return plane.flat(shape(park.geometry)) if park.geometry else box(-1000, -1000, 1000, 1000)


def units_of(park: Park, plane: Plane, outline: BaseGeometry) -> list[HazardUnit]:
    """Units of the park's enterprises, and others that stand within its outline."""
    rows = HazardUnit.objects.unscoped(WHY).select_related("enterprise").order_by("pk")
    return [
        row for row in rows if row.enterprise.park_id == park.pk or outline.covers(Point(plane.xy(row.lon, row.lat)))
    ]


def hazardous(unit: HazardUnit) -> bool:
    """Does the engine know how it harms people: by poison, or by burning."""
    of = table().get(unit.substance)
    return of is not None and (bool(of.probit) or (of.lfl_pct is not None and of.combustion_mj_kg is not None))


def equipment_of(unit: HazardUnit, plane: Plane, stock_t: float) -> Equipment:
    kind, phase = KINDS.get(unit.kind, ("process", "gas"))
    if kind == "vessel" and phase == "liquid":
        of = table()[unit.substance]
        if unit.temperature_c > of.boiling_c and unit.pressure_mpa > 10:
            phase = "gas"  # a permanent gas in cylinders
        elif unit.pressure_mpa <= ATMOSPHERIC_MPA and unit.temperature_c <= of.boiling_c:
            kind = "atmospheric"
    x, y = plane.xy(unit.lon, unit.lat)
    return Equipment(
        unit.code, kind, unit.substance, round(x, 1), round(y, 1), stock_t * 1000, unit.pressure_mpa, unit.temperature_c, phase,
        unit.height_m, PIPE_MM if kind == "pipe" else 50.0, PIPE_M, None, f"{unit.enterprise.name} {unit.name}", unit.enterprise_id,
    )  # fmt: skip


def stocks(units: list[HazardUnit]) -> dict[int, UnitStock]:
    return {row.unit_id: row for row in UnitStock.objects.unscoped(WHY).filter(unit__in=units)}


def frequencies_of(park: Park) -> Frequencies:
    """The set that a park has chosen, and its own rows in front of it."""
    rows = list(FailureFrequency.objects.unscoped(WHY).filter(park=park).order_by("equipment", "size"))
    own: dict[str, dict[str, float]] = {}
    said: dict[str, dict[str, None]] = {}
    for row in rows:
        own.setdefault(row.equipment, {})[row.size] = row.per_year
        said.setdefault(row.equipment, {})[row.source + ("（待核对）" if row.to_check else "")] = None
    return Frequencies(park.frequency_set, own, {kind: "、".join(names) for kind, names in said.items()})


def scenarios_of(site: Site, chosen: Frequencies) -> dict[Scenario, str]:
    """Every release of the site, and where its frequency is from."""
    found: dict[Scenario, str] = {}
    for unit in site.units:
        tonnes = site.held.get(unit.pk, unit.quantity_t)
        if hazardous(unit) and tonnes > 0:
            item = equipment_of(unit, site.plane, tonnes)
            found |= dict.fromkeys(equipment.scenarios(item, chosen), chosen.source(item.type))
    return found


def annual_rose(park: Park) -> tuple[Rose, str]:
    rows = list(
        WeatherFrequency.objects.unscoped(WHY)
        .filter(park=park)
        .values_list("stability", "wind_m_s", "direction_deg", "probability", "period")
    )
    if not rows:
        even = [(s, u, 360 / SECTORS * i, p / SECTORS) for s, u, p, _lit in USUAL for i in range(SECTORS)]
        lit = [share for _s, _u, _p, share in USUAL for _i in range(SECTORS)]
        return Rose.of(even, True, lit), "未登记气象联合频率：按 CPR 18E 六类天气、各风向均等计（演示数据）"
    total = sum(row[3] for row in rows)
    if abs(total - 1) > 0.01:
        raise Invalid("probability", round(total, 4), "同一园区各行频率之和为 1（±0.01）", label="气象联合频率")
    shares = {Period.DAY: 1.0, Period.NIGHT: 0.0, Period.ALL: parameters()["people"]["day_share"]}
    lit = [shares[Period(row[4])] for row in rows]
    split = sum(row[4] != Period.ALL for row in rows)
    return (
        Rose.of([(s, u, d, p / total) for s, u, d, p, _when in rows], True, lit),
        f"气象联合频率 {len(rows)} 行（登记簿），其中 {split} 行分昼夜"
        f"（白天占 {sum(p * share for p, share in zip((row[3] for row in rows), lit, strict=True)) / total:.0%}）",
    )


def current_rose(now: Live) -> tuple[Rose, str]:
    """The present wind, wandering a little."""
    rows = [(now.stability, now.wind_m_s, (now.wind_from_deg + off) % 360, share) for off, share in WANDER]
    when = "白天" if now.day else "夜间"
    return Rose.of(rows), f"{now.stability} 类，{now.wind_m_s:g} m/s，来向 {now.wind_from_deg:g}°，{when}"


def targets_of(plane: Plane, area: BaseGeometry, dangerous: set[int]) -> list[Target]:
    """Protection targets of the register, and works without dangerous chemicals by their fuller shift."""
    found = []
    for row in target_rows(plane, area):
        found.append(Target(*plane.xy(row.lon, row.lat), row.target_class, row.name))
    for one in works(plane, area):
        if one.pk not in dangerous:
            kind = "二类" if max(one.staff_day, one.staff_night) >= 100 else "三类"
            found.append(Target(*plane.xy(one.lon, one.lat), kind, one.name))
    return found


def ignition_of(plane: Plane, area: BaseGeometry) -> tuple[Ignition, ...]:
    """Every works is a source of ignition (CPR 18E table 4.A)."""
    chance = parameters()["delayed"]["chemical_plant"]
    return tuple(Ignition(*plane.xy(one.lon, one.lat), chance) for one in works(plane, area))


def grid_over(area: BaseGeometry) -> Grid:
    west, south, east, north = area.bounds
    return Grid(west, south, CELL_M, int((east - west) // CELL_M) + 1, int((north - south) // CELL_M) + 1)


def unit_row(unit: HazardUnit, tonnes: float) -> list[Any]:
    """What of a unit the result depends on."""
    return [unit.code, unit.substance, unit.kind, tonnes, unit.pressure_mpa, unit.temperature_c, unit.lon, unit.lat]


@dataclass
class Before:
    """What the last calculation was made from, and how long ago, s."""

    live: Live | None = None
    age_s: float = 0.0


@dataclass
class Site:
    """A park with what stands in it and, for the present, what holds there now (`now` None = the year)."""

    park: Park
    plane: Plane
    outline: BaseGeometry
    area: BaseGeometry
    units: list[HazardUnit]
    condition: ParkCondition | None = None
    counted: dict[str, OnSite] = field(default_factory=dict)
    now: Live | None = None

    @property
    def held(self) -> dict[int, float]:
        """t by unit where it is measured."""
        stock = self.now.stock if self.now else {}
        return {unit.pk: stock[unit.code] for unit in self.units if unit.code in stock}


def site_of(park: Park) -> Site:
    plane = Plane(park.lon, park.lat)
    outline = outline_of(park, plane)
    area = outline.envelope.buffer(MARGIN_M, join_style="mitre")
    return Site(park, plane, outline, area, units_of(park, plane, outline))


def holds(condition: ParkCondition, at: datetime) -> bool:
    """Weather that nobody has confirmed for so long is not the present one."""
    return abs(at - condition.at) <= WEATHER_HOLDS


def at_present(site: Site, condition: ParkCondition | None, at: datetime, before: Before) -> Site:
    """The same site as it is now; within the dead bands of the last calculation, as it was for that."""
    if condition is None or not holds(condition, at):
        raise Invalid("park", site.park.name, "有当前气象的园区（附近气象站在线，读数不早于 3 h）", label="园区")
    counted = on_site(site.plane, site.area, at)
    codes = {unit.pk: unit.code for unit in site.units}
    stock = {codes[pk]: row.quantity_t for pk, row in stocks(site.units).items()}
    fresh = live.of(condition, at, stock, {key: float(row.people) for key, row in counted.items()})
    now = live.settled(fresh, before.live, before.age_s, {unit.code: unit.quantity_t for unit in site.units})
    for key, row in counted.items():
        row.people = round(now.people.get(key, row.people))
    return replace(site, condition=condition, counted=counted, now=now)


def assemble(
    park: Park, basis: str, at: datetime, condition: ParkCondition | None = None, before: Before | None = None
) -> Assembled:
    """All that the engine needs; `Invalid` says what the registers lack."""
    site = site_of(park)
    if basis == Basis.CURRENT:
        site = at_present(site, condition, at, before or Before())
    chosen = frequencies_of(park)
    scenarios = scenarios_of(site, chosen)
    if not scenarios:
        raise Invalid("park", park.name, "至少一个物质数据完备的危险单元", label="园区")
    rose, weather = current_rose(site.now) if site.now else annual_rose(park)
    targets = targets_of(site.plane, site.area, {unit.enterprise_id for unit in site.units})
    crowds = crowds_of(site.plane, site.area, site.outline, site.counted)
    people, said = people_of(crowds, len(site.counted), site.now.day if site.now else None)
    request = Request(
        grid_over(site.area), tuple(scenarios), rose, people, tuple(targets), ignition_of(site.plane, site.area), existing=True,
        day=float(site.now.day) if site.now else None,
    )  # fmt: skip
    inputs = {"basis": basis, "frequency_set": chosen.chosen, "weather": weather, "people": crowd_row(crowds, site.now)}
    return Assembled(
        request, site.plane, site.outline, site.units, {**inputs, **inputs_of(site, request, scenarios)},
        notes_of(site, request, chosen, weather, said), chosen,
    )  # fmt: skip


def inputs_of(site: Site, request: Request, sources: dict[Scenario, str]) -> dict[str, Any]:
    """What a result depends on, kept with it."""
    found: dict[str, Any] = {
        "rose": rose_row(request.rose),
        "units": [unit_row(unit, site.held.get(unit.pk, unit.quantity_t)) for unit in site.units],
        "targets": [[t.name, t.kind, round(t.x), round(t.y)] for t in request.targets],
        "frequencies": [[one.id, one.name, one.frequency, source] for one, source in sources.items()],
    }
    return {**found, "live": site.now.as_json(), "day": site.now.day} if site.now else found


def notes_of(site: Site, request: Request, chosen: Frequencies, weather: str, said: str) -> list[str]:
    """The assumptions, in sentences."""
    sources = parameters()["delayed"]["source"]
    found = [
        f"{site.condition.source}：{weather}" if site.condition else weather, said,
        f"{len(request.scenarios)} 个泄漏场景，频率取 {besides(chosen)}",
        f"存量：{len(site.held)} 个单元按实时，其余按设计最大量" if site.now else "存量：全部按设计最大量（GB 18218）",
        f"点火源：区内 {len(works(site.plane, site.area))} 家企业（{sources}）", external.choose(site.units).words,
    ]  # fmt: skip
    left_out = [unit.name for unit in site.units if not hazardous(unit)]
    return [*found, "未计入（无毒性概率常数且无燃烧数据）：" + "、".join(left_out)] if left_out else found


def besides(chosen: Frequencies) -> str:
    """Where the frequencies are from: the park's own rows, its set, and the set for what that does not list."""
    sets = parameters()["sets"]
    own = "；".join(f"{equipment.TYPES[kind]}的频率取 {chosen.source(kind)}" for kind in chosen.own)
    found = sets[chosen.chosen]["title"] + (
        f"（未列的类型取 {sets[OTHERWISE]['title']}）" if chosen.chosen != OTHERWISE else ""
    )
    return f"{own}；其余取 {found}" if own else found


def rose_row(rose: Rose) -> list[Any]:
    """The weather of a request, plainly."""
    found: list[Any] = [
        rose.classes, [round(float(t), 4) for t in rose.towards], np.round(rose.probability, 8).tolist()
    ]  # fmt: skip
    return found if rose.by_day is None else [*found, np.round(rose.by_day, 4).tolist()]


def crowd_row(crowds: list[Crowd], now: Live | None) -> list[int]:
    """People by day and by night; of a present calculation only those who are there now."""
    day, night = (round(sum(row[i] for row in crowds)) for i in (2, 3))
    return [day, night] if now is None else [day if now.day else night]
