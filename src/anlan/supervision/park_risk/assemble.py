"""A park's registers as the input of the risk engine: equipment, weather, people, protection targets, ignition sources."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.timezone import localtime
from shapely import transform
from shapely.geometry import Point, box, shape
from shapely.geometry.base import BaseGeometry

from anlan.hazards.chemical.qra import equipment
from anlan.hazards.chemical.qra.equipment import Equipment
from anlan.hazards.chemical.qra.inputs import Request, Target
from anlan.hazards.chemical.qra.model import Grid, People, Rose
from anlan.hazards.chemical.qra.scenario import Scenario
from anlan.hazards.chemical.qra.tree import Ignition, parameters
from anlan.hazards.chemical.substances import table
from anlan.hazards.plane import metres_per_degree
from anlan.kernel.errors import Invalid
from anlan.simulation.queries import Home, homes
from anlan.supervision.models import (
    Basis,
    Enterprise,
    HazardUnit,
    Park,
    ParkCondition,
    ProtectionTarget,
    UnitStock,
    WeatherFrequency,
)

WHY = "the risk of a park counts everybody whom it may reach"
#: m beyond the park's outline that the map shows and people are counted in.
MARGIN_M = 5000.0
CELL_M = 50.0
#: People of a community are spread over points so far apart, m.
POINTS_M = 250.0
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
USUAL = (("B", 4.0, 0.10), ("D", 1.5, 0.15), ("D", 4.0, 0.30), ("D", 8.0, 0.15), ("E", 4.0, 0.10), ("F", 1.5, 0.20))
SECTORS = 16


@dataclass
class Plane:
    """Metres about a park."""

    lon: float
    lat: float

    def xy(self, lon: float, lat: float) -> tuple[float, float]:
        east, north = metres_per_degree(self.lat)
        return (lon - self.lon) * east, (lat - self.lat) * north

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        east, north = metres_per_degree(self.lat)
        return self.lon + x / east, self.lat + y / north

    def flat(self, geometry: BaseGeometry) -> Any:
        east, north = metres_per_degree(self.lat)
        return transform(geometry, lambda points: (points - [self.lon, self.lat]) * [east, north])


@dataclass
class Assembled:
    """A request with what a reader must know of it."""

    request: Request
    plane: Plane
    outline: BaseGeometry
    units: list[HazardUnit]
    inputs: dict[str, Any]
    notes: list[str] = field(default_factory=list)

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


def scenarios_of(units: list[HazardUnit], plane: Plane, held: dict[int, float], chosen: str) -> tuple[Scenario, ...]:
    found: list[Scenario] = []
    for unit in units:
        tonnes = held.get(unit.pk, unit.quantity_t)
        if hazardous(unit) and tonnes > 0:
            found += equipment.scenarios(equipment_of(unit, plane, tonnes), chosen)
    return tuple(found)


def annual_rose(park: Park) -> tuple[Rose, str]:
    rows = list(
        WeatherFrequency.objects.unscoped(WHY)
        .filter(park=park)
        .values_list("stability", "wind_m_s", "direction_deg", "probability")
    )
    if not rows:
        even = [(s, u, 360 / SECTORS * i, p / SECTORS) for s, u, p in USUAL for i in range(SECTORS)]
        return Rose.of(even, True), "未登记气象联合频率：按 CPR 18E 六类天气、各风向均等计（演示数据）"
    total = sum(row[3] for row in rows)
    if abs(total - 1) > 0.01:
        raise Invalid("probability", round(total, 4), "同一园区各行频率之和为 1（±0.01）", label="气象联合频率")
    return Rose.of([(s, u, d, p / total) for s, u, d, p in rows], True), f"气象联合频率 {len(rows)} 行（登记簿）"


def current_rose(condition: ParkCondition) -> tuple[Rose, str]:
    """The present wind, wandering a little; rounded so that a breath does not start a new calculation."""
    wind = round(condition.wind_m_s * 2) / 2
    towards = round(condition.wind_from_deg / 5) * 5
    rows = [(condition.stability, wind, (towards + off) % 360, share) for off, share in WANDER]
    blows = f"{condition.stability} 类，{wind:g} m/s，来向 {towards % 360:g}°"
    said = f"{condition.source} {localtime(condition.at):%m-%d %H:%M}：{blows}"
    return Rose.of(rows), said


def target_rows(plane: Plane, area: BaseGeometry) -> list[ProtectionTarget]:
    rows = ProtectionTarget.objects.unscoped(WHY).order_by("pk")
    return [row for row in rows if area.covers(Point(plane.xy(row.lon, row.lat)))]


def works(plane: Plane, area: BaseGeometry) -> list[Enterprise]:
    rows = Enterprise.objects.unscoped(WHY).order_by("pk")
    return [row for row in rows if area.covers(Point(plane.xy(row.lon, row.lat)))]


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


def spread(home: Home, plane: Plane, area: BaseGeometry, park_shape: BaseGeometry) -> list[tuple[float, float, float]]:
    """(x, y, people): a community's people evenly over its outline, but not where the park is."""
    outline = plane.flat(home.outline)
    if not outline.intersects(area):
        return []
    lived = outline.difference(park_shape)
    west, south, east, north = lived.bounds if not lived.is_empty else outline.bounds
    step = max(POINTS_M, (outline.area / 400) ** 0.5)
    x, y = np.meshgrid(np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step))
    inside = [(px, py) for px, py in zip(x.ravel(), y.ravel(), strict=True) if lived.covers(Point(px, py))]
    each = home.people / max(1, len(inside))
    return [(float(px), float(py), each) for px, py in inside if area.covers(Point(px, py))]


def people_of(plane: Plane, area: BaseGeometry, park_shape: BaseGeometry) -> tuple[People | None, str]:
    """Residents by community, those at protection targets, and the staff of every enterprise."""
    usual = parameters()["people"]
    rows: list[tuple[float, float, float, float, int]] = []
    for home in homes():
        rows += [(x, y, n * usual["present_day"], n, -1) for x, y, n in spread(home, plane, area, park_shape)]
    for target in target_rows(plane, area):
        if target.people:
            night = target.people if target.people_night is None else target.people_night
            rows.append((*plane.xy(target.lon, target.lat), target.people, night, -1))
    for one in works(plane, area):
        rows.append((*plane.xy(one.lon, one.lat), one.staff_day, one.staff_night, one.pk))
    if not rows:
        return None, "评估范围内没有人口数据"
    made = np.array([row[:4] for row in rows], dtype=np.float64)
    count = len(rows)
    people = People(
        made[:, :2], made[:, 2], made[:, 3], np.full(count, usual["indoors_day"]), np.full(count, usual["indoors_night"]),
        owners=np.array([row[4] for row in rows], dtype=np.int64),
    )  # fmt: skip
    return (
        people,
        f"人口：白天 {made[:, 2].sum():.0f} 人，夜间 {made[:, 3].sum():.0f} 人（居民按面积分摊，{usual['source']}）",
    )


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


def assemble(park: Park, basis: str, condition: ParkCondition | None = None, chosen: str = "hj169") -> Assembled:
    """All that the engine needs; `Invalid` says what the registers lack."""
    plane = Plane(park.lon, park.lat)
    park_shape = outline_of(park, plane)
    area = park_shape.envelope.buffer(MARGIN_M, join_style="mitre")
    units = units_of(park, plane, park_shape)
    held = {pk: row.quantity_t for pk, row in stocks(units).items()} if basis == Basis.CURRENT else {}
    scenarios = scenarios_of(units, plane, held, chosen)
    if not scenarios:
        raise Invalid("park", park.name, "至少一个物质数据完备的危险单元", label="园区")
    if basis == Basis.CURRENT and condition is None:
        raise Invalid("park", park.name, "有当前气象的园区（气象站在线）", label="园区")
    rose, weather = current_rose(condition) if basis == Basis.CURRENT and condition else annual_rose(park)
    dangerous = {unit.enterprise_id for unit in units}
    targets = targets_of(plane, area, dangerous)
    people, counted = people_of(plane, area, park_shape)
    left_out = [unit.name for unit in units if not hazardous(unit)]
    notes = [
        weather, counted,
        f"{len(scenarios)} 个泄漏场景，频率取 {parameters()['sets'][chosen]['title']}",
        f"存量：{len(held)} 个单元按实时，其余按设计最大量" if basis == Basis.CURRENT else "存量：全部按设计最大量（GB 18218）",
        f"点火源：区内 {len(works(plane, area))} 家企业（{parameters()['delayed']['source']}）",
    ]  # fmt: skip
    if left_out:
        notes.append("未计入（无毒性概率常数且无燃烧数据）：" + "、".join(left_out))
    request = Request(
        grid_over(area), scenarios, rose, people, tuple(targets), ignition_of(plane, area), existing=True
    )  # fmt: skip
    inputs = {
        "basis": basis, "frequency_set": chosen, "weather": weather if basis == Basis.ANNUAL else weather.split("：")[-1],
        "rose": [rose.classes, [round(float(t), 4) for t in rose.towards], np.round(rose.probability, 8).tolist()],
        "units": [unit_row(unit, held.get(unit.pk, unit.quantity_t)) for unit in units],
        "targets": [[t.name, t.kind, round(t.x), round(t.y)] for t in targets],
        "people": [] if people is None else [round(float(people.day.sum())), round(float(people.night.sum()))],
    }  # fmt: skip
    return Assembled(request, plane, park_shape, units, inputs, notes)
