"""影响范围图: zones of a footprint in metres east and north of the place they belong to, drawn into axes that a report gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from anlan.hazards.plane import metres_per_degree

#: By the level of the zone; others grey.
COLOURS = {1: "#d6342c", 2: "#e8833a", 3: "#e8c53a", 4: "#3a7fd6"}
GREY, INK = "#9aa5b1", "#22313f"
#: Least width of what is shown, m.
LEAST_M = 500.0
#: Behind a name, so that no line runs through it; widths of letters in ems.
PAPER: Mapping[str, Any] = {"facecolor": "white", "alpha": 0.65, "lw": 0, "pad": 0.6}
LATIN, LAST_LATIN = 0.56, 0x2E80
Line = tuple[list[float], list[float]]
#: A name and its place, m.
Name = tuple[str, float, float]


def rings(lon: float, lat: float, geometry: Mapping[str, Any]) -> Iterator[Line]:
    """Outer rings of a GeoJSON polygon, or of several, as metres about a place."""
    east, north = metres_per_degree(lat)
    kind, parts = geometry["type"], geometry.get("coordinates", [])
    for polygon in [parts] if kind == "Polygon" else parts if kind == "MultiPolygon" else []:
        outer = polygon[0]
        yield [(p[0] - lon) * east for p in outer], [(p[1] - lat) * north for p in outer]


def zones(axes: Any, lon: float, lat: float, rows: Sequence[Mapping[str, Any]]) -> None:
    """The worst zone on top; what is only possible dashed and pale."""
    for zone in reversed(rows):
        colour, named = COLOURS.get(zone["level"], GREY), zone["name"]
        for x, y in rings(lon, lat, zone["geometry"]):
            axes.fill(x, y, color=colour, alpha=0.18 if zone.get("uncertain") else 0.4, lw=0)
            axes.plot(x, y, color=colour, lw=1.2, ls="--" if zone.get("uncertain") else "-", label=named)
            named = None


def outline(axes: Any, lon: float, lat: float, name: str, geometry: Mapping[str, Any], at: tuple[float, float]) -> Name:
    """A community: dotted; its name at `at` (lon, lat), for `names` to write."""
    east, north = metres_per_degree(lat)
    for x, y in rings(lon, lat, geometry):
        axes.plot(x, y, color="#4a5a6a", lw=0.8, ls=":")
    return name, (at[0] - lon) * east, (at[1] - lat) * north


def names(axes: Any, places: Iterable[Name], colour: str = INK, size: float = 7.0, above: float = 0.0) -> None:
    """Names within the window, the first of most weight: each on its place (`above` points over it), or a line or two aside where
    another stands, or not at all. The window's limits must be set."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    box = axes.get_window_extent()
    scale = 72 / axes.figure.dpi * min(box.width / (east - west), box.height / (north - south))  # points per metre
    wide = (east - west) * scale
    taken: list[tuple[float, float, float]] = []  # middle, height, half the width, points
    for name, x, y in places:
        if not (west < x < east and south < y < north):
            continue
        half = size * sum(1.0 if ord(letter) > LAST_LATIN else LATIN for letter in name) / 2
        at = min(max((x - west) * scale, half), wide - half)
        for aside in (0.0, 1.2, -1.2, 2.4, -2.4):
            high = (y - south) * scale + above + aside * size
            if all(abs(at - a) > half + h or abs(high - b) > size * 1.1 for a, b, h in taken):
                taken.append((at, high, half))
                axes.annotate(name, (x, y), (at - (x - west) * scale, above + aside * size), textcoords="offset points", ha="center",
                              va="baseline", fontsize=size, color=colour, bbox=PAPER)  # fmt: skip
                break


def framed(axes: Any, lines: Iterable[Line], title: str) -> None:
    """A window round what is drawn; axes named, legend where there is one."""
    xs, ys = [0.0], [0.0]
    for x, y in lines:
        xs += x
        ys += y
    margin = 0.06 * max(max(xs) - min(xs), max(ys) - min(ys), LEAST_M)
    axes.set_xlim(min(xs) - margin, max(xs) + margin)
    axes.set_ylim(min(ys) - margin, max(ys) + margin)
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel("东 m")
    axes.set_ylabel("北 m")
    axes.grid(alpha=0.25)
    axes.set_title(title, fontsize=10)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", fontsize=7)


def span_m(lon: float, lat: float, geometry: Mapping[str, Any]) -> float:
    """How far a zone reaches from its place, m."""
    return max(
        (max((a * a + b * b) ** 0.5 for a, b in zip(x, y, strict=True)) for x, y in rings(lon, lat, geometry)),
        default=0.0,
    )


def concentrations(axes: Any, points: Iterable[Sequence[float]], limits: Mapping[int, float | None]) -> None:
    """mg/m3 on the ground downwind against the endpoints (level -> mg/m3)."""
    shown = [(x, c) for x, c in points if c > 0.01]
    if shown:
        axes.loglog(*zip(*shown, strict=True), color="#1f4e79", lw=1.8)
    for level, value in limits.items():
        if value:
            axes.axhline(value, color=COLOURS[level], ls="--", lw=1, label=f"毒性终点浓度-{level} {value:g} mg/m³")
    axes.set_xlabel("下风向距离 m")
    axes.set_ylabel("地面轴线浓度 mg/m³")
    axes.grid(alpha=0.25, which="both")
    axes.legend(loc="best", fontsize=7)


def above_table(
    axes: Any, draw: Any, head: Sequence[str], rows: Sequence[Sequence[str]], wide: Sequence[float]
) -> None:
    """A map in the upper part of a page and a table under it, for a picture that stands alone."""
    axes.axis("off")
    cut = [[cell if len(cell) <= 30 else f"{cell[:29]}…" for cell in row] for row in rows]
    high = 0.055 * (len(cut) + 1)
    draw(axes.inset_axes((0.06, high + 0.1, 0.93, 0.88 - high)))
    under = axes.inset_axes((0.0, 0.0, 1.0, high))
    under.axis("off")
    table = under.table(cellText=cut, colLabels=head, cellLoc="left", colWidths=wide, bbox=(0.0, 0.0, 1.0, 1.0))
    table.auto_set_font_size(False)
    table.set_fontsize(8)
