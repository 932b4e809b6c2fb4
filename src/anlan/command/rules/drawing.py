"""What may be drawn on an incident's map: kinds, their shape, and the sign each has. Pure.

The signs are drawn for this project. GB/T 35649-2017 (突发事件应急标绘符号规范) names such signs; its plates were not at hand, so
none is claimed to be one of them: 待核对.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

MOST_PLACES = 400


@dataclass(frozen=True)
class Sign:
    """One kind of drawing: its title, what it is drawn as (Point, LineString, Polygon), icon, colour; `shuts` roads.

    `cot` is the type a Cursor-on-Target client shows it as.
    """

    title: str
    form: str
    colour: str
    icon: str = ""
    shuts: bool = False
    cot: str = "b-m-p-s-m"


SIGNS: Mapping[str, Sign] = {
    "cordon": Sign("警戒区", "Polygon", "#e03131", "M12 3l9 16H3z", True, "u-d-f"),
    "hot": Sign("热区", "Polygon", "#c92a2a", "M12 3l9 16H3z", True, "u-d-f"),
    "warm": Sign("温区", "Polygon", "#f08c00", "", False, "u-d-f"),
    "evacuation": Sign("疏散范围", "Polygon", "#f59f00", "", False, "u-d-f"),
    "control_line": Sign("警戒线", "LineString", "#e03131", "", False, "u-d-f"),
    "evacuation_route": Sign("疏散路线", "LineString", "#2f9e44", "", False, "u-d-f"),
    "access_route": Sign("救援通道", "LineString", "#1c7ed6", "", False, "u-d-f"),
    "defence_line": Sign("隔离带、堵截线", "LineString", "#7048e8", "", False, "u-d-f"),
    "area": Sign("范围", "Polygon", "#868e96", "", False, "u-d-f"),
    "line": Sign("线", "LineString", "#868e96", "", False, "u-d-f"),
    "command_post": Sign("指挥部", "Point", "#e03131", "M5 21V3M5 4h14l-4 4 4 4H5"),
    "staging": Sign("集结点", "Point", "#1c7ed6", "M4 8h16v12H4zM4 8l8-5 8 5M9 20v-6h6v6"),
    "helipad": Sign("直升机起降点", "Point", "#1971c2", "M4 12a8 8 0 1016 0 8 8 0 10-16 0M9 8v8M15 8v8M9 12h6"),
    "entry": Sign("入口", "Point", "#2f9e44", "M13 4h7v16h-7M3 12h11M10 8l4 4-4 4"),
    "exit": Sign("出口", "Point", "#e8590c", "M11 4H4v16h7M9 12h11M16 8l4 4-4 4"),
    "checkpoint": Sign("检查站", "Point", "#5f3dc4", "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM9 12l2 2 4-4"),
    "decon": Sign("洗消点", "Point", "#0c8599", "M12 3c4 5 6 8 6 11a6 6 0 01-12 0c0-3 2-6 6-11M9 15a3 3 0 003 3"),
    "medical": Sign("医疗点", "Point", "#c2255c", "M4 4h16v16H4zM12 8v8M8 12h8"),
    "shelter": Sign("安置点", "Point", "#2b8a3e", "M3 20L12 5l9 15zM12 5v15"),
    "water": Sign("取水点", "Point", "#1864ab", "M2 9c3-3 5 3 8 0s5 3 8 0 3 0 4 0M2 15c3-3 5 3 8 0s5 3 8 0 3 0 4 0"),
    "hazard": Sign("危险源", "Point", "#f08c00", "M12 4l9 16H3zM12 10v4M12 17v.5"),
    "casualty": Sign("被困人员", "Point", "#c92a2a", "M12 11a4 4 0 100-8 4 4 0 000 8M4 21c0-5 3.6-7 8-7s8 2 8 7"),
    "note": Sign("注记", "Point", "#868e96", "M4 5h16v11H9l-5 4z"),
}  # fmt: skip


def outline_of(kind: str, geometry: Any) -> BaseGeometry | None:
    """The drawn shape, or None when it is not of the form its kind has, crosses itself or leaves the earth."""
    try:
        found = shape(geometry)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ShapelyError):
        return None
    if found.geom_type != SIGNS[kind].form or found.is_empty or not found.is_valid or found.has_z:
        return None
    west, south, east, north = found.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None
    return found if len(list_of(geometry["coordinates"])) <= MOST_PLACES else None


def list_of(coordinates: Any) -> list[Any]:
    """Every place of a geometry."""
    if coordinates and isinstance(coordinates[0], list | tuple):
        return [place for part in coordinates for place in list_of(part)]
    return [coordinates]
