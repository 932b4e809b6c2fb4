"""专报附图: the incident on paper: zones as last computed, what is drawn, teams of its tasks, roads, outlines, scale and north."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from matplotlib.patheffects import withStroke
from shapely.geometry import Point, box, shape
from shapely.geometry.base import BaseGeometry

from anlan.command.common import hm
from anlan.command.models import Drawing, Incident, Task
from anlan.command.rules.drawing import SIGNS
from anlan.hazards.plane import metres_per_degree
from anlan.kernel import clock
from anlan.kernel.accounts.actor import system
from anlan.kernel.accounts.scope import HELD
from anlan.kernel.areas.models import Area, Level
from anlan.kernel.documents.blocks import Picture, as_png
from anlan.resources import queries as resources
from anlan.simulation import queries as simulation

#: Half the side of the picture where nothing is computed or drawn, and the most it ever shows, m.
LEAST_M, MOST_M = 2500.0, 40_000.0
COLOURS = ("#c92a2a", "#f08c00", "#f2c037", "#74b816")
HALO = [withStroke(linewidth=2, foreground="white")]


class Sheet:
    """Axes in metres east and north of the incident."""

    def __init__(self, axes: Any, incident: Incident) -> None:
        self.axes, self.lon, self.lat = axes, incident.lon, incident.lat
        self.east, self.north = metres_per_degree(incident.lat)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        return (lon - self.lon) * self.east, (lat - self.lat) * self.north

    def paths(self, geometry: BaseGeometry) -> Iterator[tuple[list[float], list[float]]]:
        for part in getattr(geometry, "geoms", [geometry]):
            line = part.exterior if part.geom_type == "Polygon" else part
            if part.geom_type in {"Polygon", "LineString"}:
                spots = [self.at(x, y) for x, y, *_ in line.coords]
                yield [x for x, _ in spots], [y for _, y in spots]

    def word(self, lon: float, lat: float, text: str, **how: Any) -> None:
        self.axes.annotate(
            text, self.at(lon, lat), path_effects=HALO, clip_on=True, annotation_clip=True, **{"fontsize": 7, **how}
        )


def picture(incident: Incident) -> bytes:
    """PNG, 160 mm x 130 mm."""
    return as_png(Picture("态势图", lambda axes: draw(axes, incident), high_mm=130, wide_mm=160))


def draw(axes: Any, incident: Incident) -> None:
    sheet, half = Sheet(axes, incident), 0.0
    zones = latest_zones(incident)
    drawn = list(Drawing.objects.unscoped(HELD).filter(incident=incident, erased_at=None))
    shapes = [geometry for _, geometry in zones] + [shape(row.geometry) for row in drawn]
    for geometry in shapes:
        for xs, ys in sheet.paths(geometry.envelope):
            half = max(half, *(abs(value) for value in (*xs, *ys)))
    half = min(max(1.15 * half, LEAST_M), MOST_M)
    window = box(
        sheet.lon - half / sheet.east, sheet.lat - half / sheet.north,
        sheet.lon + half / sheet.east, sheet.lat + half / sheet.north,
    )  # fmt: skip
    ground(sheet, window)
    for zone, geometry in zones:
        show_zone(sheet, zone, geometry)
    for row in drawn:
        show_drawing(sheet, row)
    show_teams(sheet, incident)
    axes.plot([0], [0], "*", color="#c92a2a", ms=14, mec="white", zorder=9, label="事发地点")
    frame(axes, incident, half)


def latest_zones(incident: Incident) -> list[tuple[dict[str, Any], BaseGeometry]]:
    """The newest run of each kind of hazard, the widest zone first."""
    newest: dict[str, Any] = {}
    for run in simulation.runs(system("专报附图"), incident.correlation_id).order_by("at"):
        if not run.because:
            newest[run.kind] = run
    found = [(zone, shape(zone["geometry"])) for run in newest.values() for zone in run.zones]
    return sorted(found, key=lambda one: -one[1].area)


def ground(sheet: Sheet, window: BaseGeometry) -> None:
    """Districts, homes and roads, as far as they lie in the window."""
    for row in Area.objects.filter(level=Level.DISTRICT, geometry__isnull=False):
        for xs, ys in sheet.paths(shape(row.geometry or {})):
            sheet.axes.plot(xs, ys, color="#868e96", lw=1.0, ls="-.")
    for line in resources.roads_in(window):
        for xs, ys in sheet.paths(line):
            sheet.axes.plot(xs, ys, color="#ced4da", lw=1.4, zorder=1)
    for home in simulation.homes():
        middle = home.outline.representative_point()
        if window.contains(middle):
            sheet.word(middle.x, middle.y, home.name, ha="center", color="#495057", fontsize=6)


def show_zone(sheet: Sheet, zone: dict[str, Any], geometry: BaseGeometry) -> None:
    colour = COLOURS[min(max(int(zone.get("level") or 1), 1), 4) - 1]
    label: str | None = f"{zone['name']}（模型推算）"
    dashed = "--" if zone.get("uncertain") else "-"
    for xs, ys in sheet.paths(geometry):
        sheet.axes.fill(xs, ys, color=colour, alpha=0.15 if zone.get("uncertain") else 0.3, lw=0, zorder=2)
        sheet.axes.plot(xs, ys, color=colour, lw=1.2, ls=dashed, zorder=3, label=label)
        label = None  # one line in the legend


def show_drawing(sheet: Sheet, row: Drawing) -> None:
    sign, geometry = SIGNS[row.kind], shape(row.geometry)
    name = row.label or sign.title
    if isinstance(geometry, Point):
        sheet.axes.plot(
            *([value] for value in sheet.at(geometry.x, geometry.y)), "s", color=sign.colour, ms=6, zorder=7
        )
    for xs, ys in sheet.paths(geometry):
        sheet.axes.plot(xs, ys, color=sign.colour, lw=1.8, ls=(0, (4, 2)), zorder=6)
    spot = geometry.representative_point()
    sheet.word(spot.x, spot.y, name, xytext=(5, 4), textcoords="offset points", color=sign.colour, zorder=8)


def show_teams(sheet: Sheet, incident: Incident) -> None:
    rows = Task.objects.unscoped(HELD).filter(incident=incident, team__isnull=False).select_related("team")
    label: str | None = "救援队伍"
    for team in {row.team for row in rows if row.team}:
        lon = team.lon if team.position_lon is None else team.position_lon
        lat = team.lat if team.position_lat is None else team.position_lat
        sheet.axes.plot(
            *([value] for value in sheet.at(lon, lat)), "o", color="#1f7a4d", ms=5, mec="white", zorder=7, label=label
        )
        sheet.word(lon, lat, team.name, xytext=(5, -8), textcoords="offset points", color="#1f7a4d", zorder=8)
        label = None


def frame(axes: Any, incident: Incident, half: float) -> None:
    """Window, scale bar, north, legend, and of when it is."""
    axes.set_xlim(-half, half)
    axes.set_ylim(-half, half)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    bar = max(round_down(half / 2), 1.0)
    left, low = -0.94 * half, -0.93 * half
    axes.plot([left, left + bar], [low, low], color="#22313f", lw=3, solid_capstyle="butt", zorder=10)
    axes.annotate(
        f"{bar / 1000:g} km", (left + bar / 2, low), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=8
    )
    axes.annotate(
        "北", (0.96, 0.97), (0.96, 0.87), "axes fraction", ha="center", va="center", fontsize=9,
        arrowprops={"arrowstyle": "<-", "color": "#22313f"},
    )  # fmt: skip
    axes.set_title(f"{incident.title}态势图（截至 {hm(clock.now())}）", fontsize=10)
    axes.legend(loc="upper left", fontsize=7, framealpha=0.9)


def round_down(metres: float) -> float:
    """1, 2 or 5 times a power of ten, m."""
    power: float = 10.0 ** (len(str(int(metres))) - 1)
    return max(step * power for step in (1, 2, 5) if step * power <= metres)
