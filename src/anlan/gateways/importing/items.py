"""Things read from a file: properties as text, geometry as GeoJSON in WGS84, and the place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from anlan.kernel.errors import Invalid
from anlan.kernel.geo import TO_WGS84, Crs, GeoJson

Properties = dict[str, str]
#: What the columns of a place are called in files.
LON_NAMES = ("lon", "lng", "long", "longitude", "经度", "x")
LAT_NAMES = ("lat", "latitude", "纬度", "y")


@dataclass(frozen=True)
class Item:
    """One row or feature. `where`: "第 3 行", "第 12 个要素", "way 4711"."""

    where: str
    properties: Properties
    geometry: GeoJson | None = None


def moved(geometry: GeoJson, crs: Crs) -> GeoJson | None:
    """The geometry in WGS84; None for one that is broken, which whoever takes it refuses: unmoved it would be a wrong place."""
    try:
        return converted(geometry, crs)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def converted(geometry: GeoJson, crs: Crs) -> GeoJson:
    if crs in {Crs.WGS84, Crs.CGCS2000}:
        return geometry
    if geometry["type"] == "GeometryCollection":
        return {**geometry, "geometries": [converted(part, crs) for part in geometry["geometries"]]}
    return {**geometry, "coordinates": deep(geometry["coordinates"], TO_WGS84[crs])}


def deep(coordinates: Any, convert: Callable[[float, float], tuple[float, float]]) -> Any:
    if not isinstance(coordinates, list | tuple):
        raise TypeError("a word or a number where a list should be")
    if coordinates and isinstance(coordinates[0], int | float | str):
        return [*convert(float(coordinates[0]), float(coordinates[1])), *coordinates[2:]]
    return [deep(part, convert) for part in coordinates]


def in_wgs84(items: Iterable[Item], crs: Crs) -> Iterator[Item]:
    """Items with geometry, and with the numbers of their place columns, in WGS84."""
    for item in items:
        geometry = moved(item.geometry, crs) if item.geometry else None
        yield replace(item, geometry=geometry, properties=moved_columns(item.properties, crs))


def moved_columns(properties: Properties, crs: Crs) -> Properties:
    """A place in two columns; what is no number is left for the registry to refuse by name."""
    names = {name.strip().lower(): name for name in properties}
    lon = next((names[n] for n in LON_NAMES if n in names), None)
    lat = next((names[n] for n in LAT_NAMES if n in names), None)
    if crs in {Crs.WGS84, Crs.CGCS2000} or lon is None or lat is None:
        return properties
    try:
        x, y = TO_WGS84[crs](float(properties[lon]), float(properties[lat]))
    except ValueError:
        return properties
    return {**properties, lon: f"{x:.7f}", lat: f"{y:.7f}"}


def matching(items: Iterable[Item], conditions: Iterable[str]) -> Iterator[Item]:
    """Items that fulfil every `key=value`; `key=*` = the key has a value."""
    wanted = [pair(condition, "where") for condition in conditions]
    for item in items:
        if all(item.properties.get(k, "") == v or (v == "*" and item.properties.get(k)) for k, v in wanted):
            yield item


def pair(text: str, option: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise Invalid(option, text, "名称=值", label=f"--{option}")
    return key.strip(), value.strip()


def renamed(items: Iterable[Item], mapping: Iterable[str]) -> Iterator[Item]:
    """Columns under the names of the registry: `column=field`; a column given twice fills both."""
    pairs = [pair(text, "map") for text in mapping]
    sources = {source for source, _ in pairs}
    for item in items:
        kept = {name: value for name, value in item.properties.items() if name not in sources}
        yield replace(item, properties=kept | {field: item.properties.get(source, "") for source, field in pairs})
