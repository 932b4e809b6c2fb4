"""Layers of the one map: incidents, and the ways of those who were sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from anlan.command.models import Drawing, FeltReport, Incident, PastEarthquake, Task
from anlan.command.rules.drawing import SIGNS
from anlan.command.states import INCIDENT_OVER, TASK_OPEN
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.kernel.geo.shapes import BBox

VIEW = "command.view"
COLOURS = {"特别重大": "红", "重大": "橙", "较大": "黄", "一般": "蓝"}


def collection(features: list[dict[str, Any]]) -> FeatureCollection:
    return {"type": "FeatureCollection", "features": features}


def incidents(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Open incidents as points."""
    rows = Incident.objects.visible_to(actor, VIEW).exclude(status__in=INCIDENT_OVER)
    if bbox:
        west, south, east, north = bbox
        rows = rows.filter(lon__range=(west, east), lat__range=(south, north))
    return collection([incident_feature(row) for row in rows])


def incident_feature(row: Incident) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.pk,
        "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
        "properties": {
            "id": row.pk,
            "name": f"【演练】{row.title}" if row.exercise else row.title,
            "exercise": row.exercise,
            "number": row.number,
            "event": row.event_name,
            "level": COLOURS.get(row.working_grade, ""),
            "grade": row.working_grade,
            "state": "bad" if row.status == "responding" else "warn",
            "status": row.get_status_display(),
            "at": row.received_at.isoformat(),
            "panel": f"/command/incidents/{row.pk}/panel",
            "url": f"/command/incidents/{row.pk}/",
        },
    }


def ways(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Planned ways of the teams with open tasks; 路网 by road, 直线估算 where no road was found."""
    rows = Task.objects.visible_to(actor, VIEW).filter(state__in=TASK_OPEN, route__isnull=False)
    return collection(
        [
            {
                "type": "Feature",
                "id": row.pk,
                "geometry": row.route,
                "properties": {
                    "id": row.pk,
                    "name": f"{row.assignee}·{row.title}",
                    "status": row.get_state_display(),
                    "how": row.route_how,
                    "minutes": row.eta_min,
                    "url": f"/command/tasks/{row.pk}/",
                },
            }
            for row in rows
        ]
    )


layer(
    Layer(
        key="command.incidents",
        title="突发事件",
        kind="point",
        features=incidents,
        permission=VIEW,
        icon="incident",
        colour="#ff5257",
        refresh=(
            "command.IncidentOpened",
            "command.IncidentUpdated",
            "command.ResponseStarted",
            "command.ResponseAdjusted",
            "command.ResponseEnded",
            "command.IncidentClosed",
        ),
        group="指挥救援",
    )
)
layer(
    Layer(
        key="command.ways",
        title="出动路线",
        kind="line",
        features=ways,
        permission=VIEW,
        icon="road",
        colour="#3f97ff",
        refresh=("command.TaskIssued", "command.TaskProgressed"),
        group="指挥救援",
    )
)

#: Felt reports are shown so long; colours by degree as the isoseismals have them.
FELT_FOR = timedelta(hours=24)
FELT_COLOURS = ((8, "#b3001b"), (7, "#e8590c"), (6, "#f59f00"), (5, "#ffd43b"), (3, "#74c0fc"), (1, "#a5b4c3"))


def felt(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """What people felt in the last day, by place and degree."""
    rows = FeltReport.objects.visible_to(actor, VIEW).filter(at__gte=clock.now() - FELT_FOR).select_related("event")
    if bbox:
        west, south, east, north = bbox
        rows = rows.filter(lon__range=(west, east), lat__range=(south, north))
    return collection([felt_feature(row) for row in rows[:3000]])


def felt_feature(row: FeltReport) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": row.pk,
        "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
        "properties": {
            "id": row.pk,
            "name": f"{row.degree} 度 · {row.event.title}",
            "degree": row.degree,
            "at": row.at.isoformat(),
            "colour": next(colour for least, colour in FELT_COLOURS if row.degree >= least),
            "url": f"/command/quakes/{row.event_id}/",
        },
    }


layer(
    Layer(
        key="command.felt",
        title="有感上报（近 24 小时）",
        kind="point",
        features=felt,
        permission=VIEW,
        icon="quake",
        colour="#f59f00",
        refresh=("command.FeltReported",),
        group="command",
        legend=tuple((colour, f"≥ {least}") for least, colour in FELT_COLOURS),
        empty="近 24 小时没有有感上报",
    )
)


#: Least magnitude of a colour, largest first.
SIZES = ((7.0, "#b3001b"), (6.0, "#e8590c"), (5.0, "#f59f00"), (0.0, "#74c0fc"))


def past_earthquakes(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """The catalogue of past earthquakes by place and magnitude."""
    rows = PastEarthquake.objects.visible_to(actor, VIEW)
    if bbox:
        west, south, east, north = bbox
        rows = rows.filter(lon__range=(west, east), lat__range=(south, north))
    return collection([past_feature(row) for row in rows.order_by("magnitude")[:5000]])


def past_feature(row: PastEarthquake) -> dict[str, Any]:
    return {
        "type": "Feature", "id": row.pk, "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
        "properties": {
            "id": row.pk, "name": f"{row.at:%Y-%m-%d} {row.name} {row.scale} {row.magnitude:.1f}", "magnitude": row.magnitude,
            "at": row.at.isoformat(), "source": row.source, "representative": row.representative,
            "colour": next(colour for least, colour in SIZES if row.magnitude >= least), "url": "/command/quakes/past/",
        },
    }  # fmt: skip


layer(
    Layer(
        key="command.past-earthquakes",
        title="历史地震目录",
        kind="point",
        features=past_earthquakes,
        permission=VIEW,
        icon="quake",
        colour="#f59f00",
        group="command",
        shown=False,
        legend=tuple((colour, f"M ≥ {least:g}" if least else "M < 5") for least, colour in SIZES),
        empty="历史地震目录登记簿为空",
    )
)


def drawings(form: str) -> Callable[[Actor, BBox | None], FeatureCollection]:
    """What is drawn on open incidents, of one form."""
    kinds = [kind for kind, sign in SIGNS.items() if sign.form == form]

    def found(actor: Actor, bbox: BBox | None) -> FeatureCollection:
        rows = Drawing.objects.visible_to(actor, VIEW).filter(kind__in=kinds, erased_at=None)
        return collection([drawing_feature(row) for row in rows.exclude(incident__status__in=INCIDENT_OVER)])

    return found


def drawing_feature(row: Drawing) -> dict[str, Any]:
    sign = SIGNS[row.kind]
    return {
        "type": "Feature",
        "id": row.pk,
        "geometry": row.geometry,
        "properties": {
            "id": row.pk,
            "name": row.label,
            "kind": sign.title,
            "symbol": row.kind,
            "colour": sign.colour,
            "note": row.note,
            "version": row.version,
            "at": row.changed_at.isoformat(),
            "by": row.changed_by,
            "panel": f"/command/drawings/{row.pk}/panel",
        },
    }


for form, kind, title in (
    ("Polygon", "polygon", "标绘·范围"),
    ("LineString", "line", "标绘·线"),
    ("Point", "point", "标绘·符号"),
):
    layer(
        Layer(
            key=f"command.drawn-{kind}",
            title=title,
            kind=kind,
            features=drawings(form),
            permission=VIEW,
            icon="pin",
            colour="#e03131",
            refresh=("command.DrawingChanged", "command.IncidentClosed"),
            group="command",
            symbols={key: (sign.icon, sign.colour) for key, sign in SIGNS.items() if sign.form == form},
            empty="没有标绘；在事件面板里点“标绘”",
        )
    )
