"""Who is in and about a park: residents, protection targets, staff, by day and night, indoors and out, and as counted now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Q
from shapely import transform
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from anlan.hazards.chemical.qra.model import People
from anlan.hazards.chemical.qra.tree import parameters
from anlan.hazards.plane import metres_per_degree
from anlan.simulation.queries import Home, homes
from anlan.supervision.models import Enterprise, OnSite, ProtectionTarget

WHY = "the risk of a park counts everybody whom it may reach"
#: People of a community are spread over points so far apart, m.
POINTS_M = 250.0
#: A count of people older than this is not who is there now.
COUNT_HOLDS = timedelta(hours=2)


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


def target_rows(plane: Plane, area: BaseGeometry) -> list[ProtectionTarget]:
    rows = ProtectionTarget.objects.unscoped(WHY).order_by("pk")
    return [row for row in rows if area.covers(Point(plane.xy(row.lon, row.lat)))]


def works(plane: Plane, area: BaseGeometry) -> list[Enterprise]:
    rows = Enterprise.objects.unscoped(WHY).order_by("pk")
    return [row for row in rows if area.covers(Point(plane.xy(row.lon, row.lat)))]


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


def counts_now(rows: list[OnSite], at: datetime) -> dict[str, OnSite]:
    """Counts that still hold, by site."""
    fresh = [row for row in rows if abs(at - row.at) <= COUNT_HOLDS]
    return {f"E{row.enterprise_id}" if row.enterprise_id else f"T{row.target_id}": row for row in fresh}


def on_site(plane: Plane, area: BaseGeometry, at: datetime) -> dict[str, OnSite]:
    places = [row.pk for row in works(plane, area)], [row.pk for row in target_rows(plane, area)]
    rows = OnSite.objects.unscoped(WHY).filter(Q(enterprise__in=places[0]) | Q(target__in=places[1])).order_by("pk")
    return counts_now(list(rows), at)


#: People at a place: x, y, by day, by night, share indoors by day, by night, whose staff.
Crowd = tuple[float, float, float, float, float, float, int]


def crowds_of(plane: Plane, area: BaseGeometry, park_shape: BaseGeometry, counted: dict[str, OnSite]) -> list[Crowd]:
    """Residents by community, those at protection targets, and the staff of every enterprise; counted ones as they are now."""
    usual = parameters()["people"]
    indoors = usual["indoors_day"], usual["indoors_night"]
    rows: list[Crowd] = []
    for home in homes():
        rows += [(x, y, n * usual["present_day"], n, *indoors, -1) for x, y, n in spread(home, plane, area, park_shape)]
    for target in target_rows(plane, area):
        night = target.people if target.people_night is None else target.people_night
        registered = float(target.people or 0), float(night or 0)
        rows.append((*plane.xy(target.lon, target.lat), *there(registered, counted.get(f"T{target.pk}"), indoors), -1))
    for one in works(plane, area):
        registered = float(one.staff_day), float(one.staff_night)
        rows.append((*plane.xy(one.lon, one.lat), *there(registered, counted.get(f"E{one.pk}"), indoors), one.pk))
    return [row for row in rows if max(row[2:4]) > 0]


def there(
    registered: tuple[float, float], row: OnSite | None, indoors: tuple[float, float]
) -> tuple[float, float, float, float]:
    """(by day, by night, indoors by day, by night): as registered, or as counted now, which is by day or night alike."""
    if row is None:
        return (*registered, *indoors)
    inside = 1 - min(1.0, row.outdoors / row.people) if row.outdoors is not None and row.people else None
    return (float(row.people), float(row.people), *((inside, inside) if inside is not None else indoors))


def people_of(crowds: list[Crowd], counted: int, day: bool | None) -> tuple[People | None, str]:
    """day: None = the year's people, else only who is there now counts."""
    if not crowds:
        return None, "评估范围内没有人口数据"
    made = np.array(crowds, dtype=np.float64)
    people = People(
        made[:, :2], made[:, 2], made[:, 3], made[:, 4], made[:, 5], owners=made[:, 6].astype(np.int64),
    )  # fmt: skip
    source = parameters()["people"]["source"]
    if day is None:
        total = f"人口：白天 {made[:, 2].sum():.0f} 人，夜间 {made[:, 3].sum():.0f} 人"
        return people, f"{total}（居民按面积分摊，{source}）"
    now = f"人口：现在（{'白天' if day else '夜间'}）{made[:, 2 if day else 3].sum():.0f} 人"
    return people, f"{now}，{counted} 处按在场人数实时读数，其余按登记昼夜人数（居民按面积分摊，{source}）"
