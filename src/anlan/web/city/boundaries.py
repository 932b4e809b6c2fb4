"""区划范围: where areas lie. City and districts from a file or a package, below that from seats, marked 示意.

No package carries polygons of unclear licence; what is drawn from seats says so (`sketch`).
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shapely import MultiPoint, Point, Polygon, convex_hull, make_valid, union_all, voronoi_polygons
from shapely.geometry.base import BaseGeometry

from anlan.kernel.errors import Invalid
from anlan.kernel.geo import shapes
from anlan.kernel.models import Area, Level

#: How far a polygon's area may be from the declared one.
AREA_TOLERANCE = 0.15
DIGITS = 6
Polygons = dict[str, BaseGeometry]


def draw(settings: dict[str, Any], file: Path | None = None) -> list[str]:
    """Give every area without limits a polygon; with `file`, replace those the file has. Sentences on what was done."""
    areas = list(Area.objects.order_by("path"))
    known, said = given(settings, file)
    changed: list[Area] = []
    for area in areas:
        found = known.get(area.code) if area.level <= Level.DISTRICT else None
        if found is not None and (area.geometry is None or area.sketch or file is not None):
            changed += [area] if put(area, found, sketch=False) else []
    changed += sketch_districts(areas, float(settings.get("sketch_deg", 0.05)))
    for level in (Level.TOWN, Level.COMMUNITY, Level.GRID):
        changed += cells(areas, level)
    Area.objects.bulk_update(changed, ["geometry", "sketch"])
    said.append(f"区划范围：更新 {len(changed)} 个，其中示意 {sum(area.sketch for area in changed)} 个")
    return said


def given(settings: dict[str, Any], file: Path | None) -> tuple[Polygons, list[str]]:
    """Polygons by area code from a file, else from the development package, and where they are from."""
    if file is not None:
        found = {code_of(f, ""): shapes.parse(f["geometry"]) for f in read_features(file)}
        source = str(file)
    else:
        found, source = packaged(settings)
    said = [f"区划范围来源：{source or '无，按驻地画示意范围'}"]
    for code, declared in settings.get("area_km2", {}).items():
        measured = shapes.area_km2(found[code]) if code in found else declared
        if abs(measured / declared - 1) > AREA_TOLERANCE:
            said.append(f"区划 {code}：范围面积 {measured:.0f} km²，公布 {declared} km²，请核对")
    return found, said


def packaged(settings: dict[str, Any]) -> tuple[Polygons, str]:
    name, prefix = str(settings.get("package", "")), str(settings.get("prefix", ""))
    spec = find_spec(name) if name else None
    if spec is None or spec.origin is None:
        return {}, ""
    wanted = {f"{prefix}{area.code}" for area in Area.objects.filter(level__lte=Level.DISTRICT)}
    found: Polygons = {}
    for part in ("city", "district"):
        for feature in read_features(Path(spec.origin).parent / "data" / f"{part}.geojson"):
            if str(feature["properties"].get("gb")) in wanted:
                found[code_of(feature, prefix)] = make_valid(shapes.shape(feature["geometry"]))
    return found, f"{name}（天地图简化边界，CGCS2000，仅供开发演示）" if found else ""


def read_features(file: Path) -> list[dict[str, Any]]:
    try:
        return list(json.loads(file.read_text(encoding="utf-8"))["features"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid("boundaries", str(file), "带 features 的 GeoJSON 文件", label="区划范围文件") from error


def code_of(feature: dict[str, Any], prefix: str) -> str:
    """`code`, `adcode` or `gb` of a feature, without the package's prefix."""
    names = feature["properties"]
    return str(names.get("code") or names.get("adcode") or names.get("gb") or "").removeprefix(prefix)


def put(area: Area, geometry: BaseGeometry, *, sketch: bool) -> bool:
    """Set the polygon; False when it is the same already."""
    rounded = json.loads(json.dumps(shapes.as_geojson(geometry)), parse_float=lambda text: round(float(text), DIGITS))
    if area.geometry == rounded and area.sketch == sketch:
        return False
    area.geometry, area.sketch = rounded, sketch
    return True


def seat(area: Area) -> Point | None:
    return None if area.seat_lon is None or area.seat_lat is None else Point(area.seat_lon, area.seat_lat)


def below(areas: list[Area], parent: Area) -> list[Area]:
    return [area for area in areas if area.path.startswith(parent.path) and area.pk != parent.pk]


def sketch_districts(areas: list[Area], reach: float) -> list[Area]:
    """City and districts that nobody gave: the hull of the seats below them, widened."""
    changed = []
    for level in (Level.DISTRICT, Level.CITY):
        for area in areas:
            if area.level != level or area.geometry is not None:
                continue
            inside = [Point(x.seat_lon, x.seat_lat) for x in [area, *below(areas, area)] if seat(x)]
            drawn = [shapes.shape(x.geometry) for x in below(areas, area) if x.level == Level.DISTRICT and x.geometry]
            hull = union_all(drawn) if drawn else convex_hull(MultiPoint(inside)).buffer(reach) if inside else None
            if hull is not None and put(area, hull, sketch=True):
                changed.append(area)
    return changed


def cells(areas: list[Area], level: Level) -> list[Area]:
    """Voronoi cells of the seats of one level inside each parent."""
    by_parent: dict[int, list[Area]] = {}
    for area in areas:
        if area.level == level and area.parent_id and seat(area) and (area.geometry is None or area.sketch):
            by_parent.setdefault(area.parent_id, []).append(area)
    parents = {area.pk: area for area in areas}
    changed = []
    for pk, children in by_parent.items():
        outline = parents[pk].geometry
        if outline is None:
            continue
        whole = shapes.shape(outline)
        for child, cell in zip(children, voronoi(children, whole), strict=True):
            if cell is not None and put(child, cell, sketch=True):
                changed.append(child)
    return changed


def voronoi(children: list[Area], whole: BaseGeometry) -> list[BaseGeometry | None]:
    """The part of `whole` nearest to each child's seat; None where nothing is left of it."""
    seats = [Point(child.seat_lon, child.seat_lat) for child in children]
    if len({(point.x, point.y) for point in seats}) < 2:
        return [whole for _ in children]
    parts = list(voronoi_polygons(MultiPoint(seats), extend_to=whole).geoms)
    found: list[BaseGeometry | None] = []
    for point in seats:
        cell = next((part for part in parts if part.covers(point)), None)
        inside = cell.intersection(whole) if cell is not None else None
        found.append(inside if isinstance(inside, Polygon) or (inside is not None and not inside.is_empty) else None)
    return found
