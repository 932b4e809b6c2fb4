"""Monitoring on the one map: stations, alarms, warnings, hazard events."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from datetime import timedelta
from typing import Any

from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from anlan.hazards.plane import ellipse, polygon
from anlan.hazards.weather import extremes
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.exposed import Thing, exposes
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.kernel.geo.shapes import BBox
from anlan.kernel.models import Area, Level
from anlan.monitoring import queries
from anlan.monitoring.models import HazardEventKind, Judgement
from anlan.monitoring.rules import judging, signals
from anlan.monitoring.rules.warnings import HEX_OF

VIEW = "monitoring.view"
#: How far back hazard events are shown.
RECENT = timedelta(days=3)
KINDS = dict(HazardEventKind.choices)


def collection(features: list[dict[str, Any]]) -> FeatureCollection:
    return {"type": "FeatureCollection", "features": features}


def point(pk: int, lon: float, lat: float, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "id": pk, "geometry": geometry, "properties": properties}


def within(rows: Any, bbox: BBox | None) -> Any:
    if bbox is None:
        return rows
    west, south, east, north = bbox
    return rows.filter(lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)


def newest_values(actor: Actor) -> dict[int, str]:
    """Station -> its newest values as one line of text."""
    rows = queries.datastreams(actor).filter(latest__isnull=False).order_by("pk")
    values: dict[int, list[str]] = defaultdict(list)
    for station, name, value, unit in rows.values_list("station_id", "name", "latest__value", "unit").iterator(5000):
        values[station].append(f"{name} —" if value is None else f"{name} {value:g} {unit}")
    return {station: "；".join(parts) for station, parts in values.items()}


def stations(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Every station with its most urgent open alarm; the popup shows the newest values."""
    worst: dict[int, int] = {}
    for station, priority in queries.open_alarms(actor).values_list("station_id", "priority"):
        worst[station] = min(priority, worst.get(station, 9))
    values = newest_values(actor)
    rows = within(queries.stations(actor), bbox)
    # Columns, not model instances: a city has ten thousand stations and the map asks after every alarm.
    columns = rows.values_list("pk", "lon", "lat", "name", "kind", "representative").iterator(5000)
    return collection(
        [
            point(
                pk, lon, lat,
                {
                    "id": pk, "name": name, "kind": kind, "priority": worst.get(pk),
                    "state": "alarm" if pk in worst else "normal", "values": values.get(pk, ""),
                    "representative": representative, "url": f"/monitoring/stations/{pk}/",
                },
            )
            for pk, lon, lat, name, kind, representative in columns
        ]
    )  # fmt: skip


def alarms(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    return collection(
        [
            point(
                row.pk, row.lon, row.lat,
                {
                    "id": row.pk, "name": row.title, "title": row.title, "priority": row.priority, "state": row.state,
                    "value": row.value, "unit": row.unit, "at": row.raised_at.isoformat(),
                    "correlation_id": str(row.correlation_id), "url": f"/monitoring/alarms/{row.pk}/",
                },
            )
            for row in within(queries.open_alarms(actor), bbox)
        ]
    )  # fmt: skip


def warnings(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Warnings in force: their own outline, else those of their areas."""
    features = []
    for row in queries.active_warnings(actor):
        shapes = [row.geometry] if row.geometry else [area.geometry for area in row.areas.all() if area.geometry]
        properties = {
            "id": row.pk, "name": row.headline, "title": row.headline, "level": row.level, "colour": HEX_OF[row.level],
            "expires": row.expires.isoformat(), "url": f"/monitoring/warnings/{row.pk}/",
        }  # fmt: skip
        features += [{"type": "Feature", "id": row.pk, "geometry": shape, "properties": properties} for shape in shapes]
    return collection(features)


def hazard_events(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    rows = within(queries.hazard_events(actor).filter(at__gte=clock.now() - RECENT, at__lte=clock.now()), bbox)
    return collection(
        [
            point(
                row.pk, row.lon, row.lat,
                {
                    "id": row.pk, "name": row.title, "title": row.title, "kind": KINDS.get(row.kind, row.kind),
                    "magnitude": row.magnitude, "at": row.at.isoformat(), "source": row.source,
                    "correlation_id": str(row.correlation_id),
                },
            )
            for row in rows[:2000]
        ]
    )  # fmt: skip


def fires(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Ignition ellipses (95 %) of fires that satellites saw; places that are always hot are drawn grey."""
    del bbox
    rows = queries.fires(actor).filter(last_at__gte=clock.now() - RECENT, last_at__lte=clock.now())
    features = []
    for row in rows[:500]:
        ring = ellipse(max(row.semi_major_m, 1.0), max(row.semi_minor_m, 1.0), row.azimuth_deg, 0.0)
        properties = {
            "id": row.pk, "name": str(row), "at": row.seen_at.isoformat(), "state": "常热源" if row.static_days else "疑似火情",
            "value": round(row.confidence, 2), "meaning": f"起火点 95 % 误差椭圆 {row.semi_major_m:.0f}×{row.semi_minor_m:.0f} m",
            "colour": "#8a8a8a" if row.static_days else "#ff5a1f", "opacity": 0.35, "correlation_id": str(row.correlation_id),
        }  # fmt: skip
        shape = polygon(row.lon, row.lat, ring)
        features.append({"type": "Feature", "id": row.pk, "geometry": shape, "properties": properties})
    return collection(features)


def judgements(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """What the rules say now, at the station or catchment that it is about."""
    rows = within(queries.judgements(actor).exclude(colour=""), bbox)
    return collection(
        [
            point(
                row.pk, row.lon, row.lat,
                {
                    "id": row.pk, "name": row.title, "title": row.title, "meaning": row.reason, "source": row.clause,
                    "at": row.checked_at.isoformat(), "colour": HEX_OF[row.colour], "url": f"/monitoring/judgements/{row.pk}/",
                    "people": row.figures.get("people"),
                },
            )
            for row in rows[:2000]
        ]
    )  # fmt: skip


def fire_danger(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Districts by the worst fire danger of their stations, a day a frame of the slider; grey where nothing was judged."""
    del bbox
    worst: dict[tuple[int, str], tuple[float, Judgement]] = {}
    for row in queries.judgements(actor).filter(kind="fire"):
        for day, index, _level in json.loads(str(row.figures.get("past", "[]"))):
            if index > worst.get((row.area_id, day), (-1.0, row))[0]:
                worst[row.area_id, day] = index, row
    days = sorted({day for _, day in worst}) or [""]
    areas = [a for a in Area.objects.filter(geometry__isnull=False, level=Level.DISTRICT) if actor.may(VIEW, a.path)]
    return collection(
        [
            {"type": "Feature", "id": f"{area.pk}-{frame}", "geometry": area.geometry, "properties": {
                "id": f"{area.pk}-{frame}", "name": area.name, "opacity": 0.35, "minute": frame, "label": day,
                **danger_of(worst.get((area.pk, day)), frame == len(days) - 1),
            }}
            for area in areas
            for frame, day in enumerate(days)
        ]
    )  # fmt: skip


def danger_of(found: tuple[float, Judgement] | None, newest: bool) -> dict[str, Any]:
    """How a district is drawn on a day."""
    if found is None:
        return {"colour": "#9a9a9a", "meaning": "无气温、湿度、风速读数"}
    index, row = found
    level = 1 + bisect_right((26, 51, 73, 91), index)
    told = {"meaning": row.reason, "at": row.checked_at.isoformat()} if newest else {"meaning": DANGER[level - 1][1]}
    return {
        "colour": DANGER[level - 1][0], "value": index, "unit": "HTZ", "source": row.clause,
        "url": f"/monitoring/judgements/{row.pk}/",
        **told,
    }  # fmt: skip


def drought(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Months of drought at stations with a climate record, each month a frame of the slider."""
    features = []
    for row in within(queries.judgements(actor).filter(kind="drought"), bbox):
        for frame, (month, value) in enumerate(json.loads(str(row.figures["past"]))):
            name, _, colour = judging.drought_grade(value)
            ring = ellipse(DROUGHT_M, DROUGHT_M, 0.0)
            properties = {
                "id": f"{row.pk}-{frame}", "name": f"{row.place} {month} {name}", "minute": frame, "label": month, "value": value,
                "unit": row.figures.get("index", "SPEI-3"), "colour": colour, "opacity": 0.5,
                "meaning": row.reason, "source": row.clause, "modelled": True, "url": f"/monitoring/judgements/{row.pk}/",
                "at": row.checked_at.isoformat(),
            }  # fmt: skip
            shape = polygon(row.lon, row.lat, ring)
            features.append({"type": "Feature", "geometry": shape, "properties": properties})
    return collection(features)


#: A station stands for so much country on the drought map (m), a cell of the lightning density is so wide (km), and it is of
#: so many hours.
DROUGHT_M, LIGHTNING_KM, LIGHTNING_H = 9000.0, 3.0, 6
#: Strokes per km2 and hour from which a colour holds.
DENSITY = (
    (1.0, "#ffffff", "≥ 1 次/(km²·h)"),
    (0.3, "#ffd84a", "0.3–1"),
    (0.1, "#ff9a2e", "0.1–0.3"),
    (0.0, "#b060d0", "< 0.1"),
)


def lightning(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Density of strokes to ground of the last hours, an hour a frame of the slider."""
    del bbox
    now = clock.now()
    rows = list(
        queries.strokes(actor)
        .filter(at__gt=now - timedelta(hours=LIGHTNING_H), at__lte=now)
        .values_list("lon", "lat", "current_ka", "at")
    )
    if not rows:
        return collection([])
    edge = 0.05
    west, east = min(r[0] for r in rows) - edge, max(r[0] for r in rows) + edge
    south, north = min(r[1] for r in rows) - edge, max(r[1] for r in rows) + edge
    features = []
    for back in range(LIGHTNING_H):
        hour = [r[:3] for r in rows if back <= (now - r[3]).total_seconds() / 3600 < back + 1]
        found = extremes.lightning(hour, west, south, east, north, LIGHTNING_KM, 1.0)
        ny, nx = found.counts.shape
        for y, x in zip(*found.counts.nonzero(), strict=True):
            density = float(found.per_km2_h[y, x])
            x0, x1, y0, y1 = (west + (east - west) * x / nx, west + (east - west) * (x + 1) / nx,
                              south + (north - south) * y / ny, south + (north - south) * (y + 1) / ny)  # fmt: skip
            ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
            begin = (now - timedelta(hours=back + 1)).astimezone(clock.BEIJING)
            properties = {
                "id": f"{back}-{y}-{x}", "name": f"地闪 {int(found.counts[y, x])} 次", "minute": LIGHTNING_H - 1 - back,
                "label": f"{begin:%H:%M} 起 1 小时", "value": round(density, 2), "unit": "次/(km²·h)", "opacity": 0.6,
                "colour": next(colour for least, colour, _ in DENSITY if density >= least), "at": now.isoformat(),
            }  # fmt: skip
            shape = {"type": "Polygon", "coordinates": [ring]}
            features.append({"type": "Feature", "geometry": shape, "properties": properties})
    return collection(features)


def instruments(actor: Actor, area: BaseGeometry) -> list[Thing]:
    """Stations inside an area, as things that a hazard may put out of work."""
    rows = within(queries.stations(actor).filter(in_service=True), area.bounds)
    return [
        Thing("station", row.pk, row.name, row.lon, row.lat, None, "", row.representative, {"kind": row.kind})
        for row in rows
        if area.covers(Point(row.lon, row.lat))
    ]


exposes("station", "测站", VIEW, instruments)


def catchments(actor: Actor, area: BaseGeometry) -> list[Thing]:
    """Mouths of small catchments, with what critical rain and a torrent are computed from."""
    names = "area_km2 length_km slope curve_number flood_flow_m3_s upstream_deg fan_slope critical_mm"
    return [
        Thing(
            "catchment", row.pk, row.name, row.lon, row.lat, row.people, row.phone, row.representative,
            {name: getattr(row, name) for name in names.split()},
        )
        for row in within(queries.catchments(actor), area.bounds)
        if area.covers(Point(row.lon, row.lat))
    ]  # fmt: skip


def barriers(actor: Actor, area: BaseGeometry) -> list[Thing]:
    """Dams and dikes, with the water they hold now and what would come out."""
    return [
        Thing(
            "barrier", row.pk, row.name, row.lon, row.lat, None, row.phone, row.representative,
            {"kind": row.kind, "crest_m": row.crest_m, "level_m": level, "breach": queries.breach_of(row, level)},
        )
        for row, level in queries.barriers_with_levels(actor)
        if area.covers(Point(row.lon, row.lat))
    ]  # fmt: skip


exposes("catchment", "小流域", VIEW, catchments)
exposes("barrier", "堤坝", VIEW, barriers)


def forecasts(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Gauges with the highest stage that is expected, by the level it reaches, and the phase of the ice."""
    del bbox
    phases = {
        row.subject: row.figures.get("phase", "") for row in queries.judgements(actor).filter(kind=Judgement.Kind.ICE)
    }
    features = []
    for row in queries.stage_forecasts(actor):
        gauge, peak = row.reach.downstream, max(row.stages)
        colour = signals.flood_warning(peak, gauge.alert_m, gauge.guarantee_m, gauge.record_m).colour
        ice = phases.get(f"station:{gauge.pk}", "")
        properties = {
            "id": row.pk, "name": f"{gauge.name} {row.hours[-1]:g} h 内最高 {peak:.2f} m{' · ' + str(ice) if ice else ''}",
            "meaning": row.method, "at": row.at.isoformat(), "modelled": True, "url": "/monitoring/rivers/",
            "colour": HEX_OF.get(colour, "#4a90d0"), "representative": gauge.representative,
        }  # fmt: skip
        features.append(point(row.pk, gauge.lon, gauge.lat, properties))
    return collection(features)


ALARM_EVENTS = [
    f"monitoring.Alarm{what}" for what in ("Raised", "Escalated", "Cleared", "Acknowledged", "StateChanged")
]
WARNING_EVENTS = [f"monitoring.Warning{what}" for what in ("Issued", "Cancelled", "Expired")]
PRIORITIES = [("1", "一级"), ("2", "二级"), ("3", "三级"), ("4", "四级")]
COLOURS = [("红", "红色（一级）"), ("橙", "橙色（二级）"), ("黄", "黄色（三级）"), ("蓝", "蓝色（四级）")]
#: LY/T 1172-1995 levels 1 to 5.
DANGER = [
    ("#4caf50", "一级 没有危险"), ("#4a90d0", "二级 低度危险"), ("#e8c53a", "三级 中度危险"), ("#e8833a", "四级 高度危险"),
    ("#d6342c", "五级 极度危险"),
]  # fmt: skip
GROUP = "monitoring"

layer(
    Layer(
        "monitoring.stations", "测站", "point", stations, VIEW, icon="station", colour="#3aa6a0", refresh=ALARM_EVENTS,
        group=GROUP, legend=[*PRIORITIES, ("#3aa6a0", "无告警")],
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.alarms", "告警", "point", alarms, VIEW, icon="alarm", colour="#d6342c", refresh=ALARM_EVENTS,
        group=GROUP, legend=PRIORITIES,
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.warnings", "生效预警", "polygon", warnings, VIEW, icon="warning", colour="#e8833a",
        refresh=WARNING_EVENTS, group=GROUP, legend=COLOURS,
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.events", "灾害信息", "point", hazard_events, VIEW, icon="info", colour="#b060d0",
        refresh=["monitoring.HazardEventReceived"], group=GROUP,
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.fires", "疑似火点与误差椭圆", "polygon", fires, VIEW, colour="#ff5a1f",
        refresh=["monitoring.FireLocated"], group=GROUP, legend=[("#ff5a1f", "疑似火情"), ("#8a8a8a", "常热源")],
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.judgements", "内部研判（未发布）", "point", judgements, VIEW, icon="warning", colour="#b060d0",
        refresh=["monitoring.JudgementChanged"], group=GROUP, legend=COLOURS,
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.drought", "气象干旱（MCI 或 SPEI-3，逐月）", "polygon", drought, VIEW, colour="#c8552e",
        refresh=["monitoring.JudgementChanged"], group=GROUP, shown=False,
        legend=[(colour, name) for _, name, _, colour in judging.DROUGHT] + [(judging.NOT_DRY[2], judging.NOT_DRY[0])],
        empty="没有气候资料：请在“逐日气候”（算 MCI）或“逐月气候”登记簿导入至少 20 年",
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.forecasts", "水位预报与冰情（模型推算）", "point", forecasts, VIEW, icon="station", colour="#4a90d0",
        refresh=["monitoring.StageForecast", "monitoring.JudgementChanged"], group=GROUP,
        legend=[*COLOURS, ("#4a90d0", "未达特征水位")],
        empty="没有河段或没有水位读数：在登记簿“河段”登记上下游站",
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.lightning", "地闪密度（近 6 小时，逐时）", "polygon", lightning, VIEW, colour="#ffd84a",
        refresh=["monitoring.JudgementChanged"], group=GROUP, shown=False,
        legend=[(colour, text) for _, colour, text in DENSITY], empty="近 6 小时没有地闪；闪电定位数据由“闪电定位”数据源接入",
    )
)  # fmt: skip
layer(
    Layer(
        "monitoring.fire-danger", "森林草原火险等级（按区县，近 7 天）", "polygon", fire_danger, VIEW, colour="#e8833a",
        refresh=["monitoring.JudgementChanged"], group=GROUP, shown=False, legend=[*DANGER, ("#9a9a9a", "无数据")],
        empty="没有区县边界，无法按区县显示火险等级",
    )
)  # fmt: skip
