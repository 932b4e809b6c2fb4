"""Footprints on the one map."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shapely.geometry import mapping

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import BBox
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.kernel.models import Area, Level
from anlan.simulation import queries
from anlan.simulation.models import Lead, Run
from anlan.simulation.rules import risk
from anlan.simulation.rules.criteria import LIKELY

#: A footprint is shown so long, h.
SHOWN_H = 24
#: Families whose runs keep `summary.frames`.
MOVING = ("wildfire", "flood", "seismic", "chemical")


#: Residents per km2 from which a colour holds, densest first, with what the legend says. Own grading, no standard's.
DENSITY = (
    (10_000, "#b3367a", "≥ 10000 人/km²"),
    (5_000, "#c9669b", "5000–10000 人/km²"),
    (1_000, "#b58ac0", "1000–5000 人/km²"),
    (100, "#8d9bc9", "100–1000 人/km²"),
    (0, "#7891b0", "< 100 人/km²"),
)
#: How a source's note says that nobody counted (the city package's convention).
MODELLED = "模型推算"


def population(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Residents by the finest areas that have an outline, of the actor's own areas: whom exposures are counted from."""
    del bbox
    paths = dict(Area.objects.values_list("pk", "path"))
    features = [
        {
            "type": "Feature", "id": home.pk, "geometry": mapping(home.outline),
            "properties": {
                "id": home.pk, "name": home.name, "people": round(home.people), "per_km2": round(home.per_km2),
                "source": home.source, "modelled": home.source.startswith(MODELLED), "sketch": home.sketch, "opacity": 0.45,
                "colour": next(colour for least, colour, _text in DENSITY if home.per_km2 >= least),
            },
        }
        for home in queries.homes()
        if actor.may("simulation.view", paths[home.pk])
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features, "source": "；".join(queries.census())}


def footprints(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Zones of the newest run per event and family of the last day; the mildest first, so that the worst is drawn on top."""
    del bbox
    return zones(newest(actor, supposed=False))


def supposed(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Zones of what would follow if: runs of the chain, one for each thing."""
    del bbox
    return zones(newest(actor, supposed=True))


def newest(actor: Actor, supposed: bool, kinds: tuple[str, ...] = ()) -> list[Run]:
    """The newest run of the last day for each event and family, until the event is over; supposed ones for each place too."""
    found: dict[tuple[Any, ...], Run] = {}
    rows = queries.runs(actor).filter(at__gte=clock.now() - timedelta(hours=SHOWN_H), over_at=None)
    for run in rows.filter(kind__in=kinds) if kinds else rows:
        if bool(run.because) == supposed:
            found.setdefault((run.correlation_id, run.kind, *((run.lon, run.lat) if supposed else ())), run)
    return list(found.values())


def zones(runs: list[Run]) -> FeatureCollection:
    features = [
        {
            "type": "Feature",
            "geometry": zone["geometry"],
            "properties": {
                "id": f"{run.pk}-{index}", "name": zone["name"], "level": zone["level"], "meaning": zone["meaning"],
                "model": run.model, "modelled": True, "at": run.at.isoformat(), "people": run.exposure[index]["people"],
                "run": run.pk,
                "url": f"/simulation/{run.pk}/", **({"because": run.because, "opacity": 0.25} if run.because else {}),
            },
        }
        for run in runs
        for index, zone in reversed(list(enumerate(run.zones)))
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def fire_fronts(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Fronts of the newest fire, flood, quake or cloud per event of the last day, by run and minute: the time slider shows one."""
    del bbox
    features = [
        {
            "type": "Feature",
            "geometry": frame["geometry"],
            "properties": {
                "id": f"{run.pk}-{frame['minute']}-{number}", "name": frame.get("name") or f"{run.title} +{frame['minute']} min",
                "modelled": True, "minute": frame["minute"], "run": run.pk, "title": run.title, "model": run.model,
                "at": run.at.isoformat(), "url": f"/simulation/{run.pk}/",
                **{name: frame[name] for name in ("colour", "opacity", "level") if name in frame},
            },
        }
        for run in newest(actor, False, MOVING)
        for number, frame in enumerate(run.summary.get("frames", []))
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


#: A line is shown so long after it was drawn, h: as long as anybody may set it for the future, and a day.
LINES_H = 72
STANDS, PLANNED = "#7048e8", "#a78bfa"


def control_lines(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Control lines of the fires of the last days that were not taken back: standing, or still to be built."""
    del bbox
    now = clock.now()
    features = [
        {
            "type": "Feature", "id": row.pk, "geometry": {"type": "LineString", "coordinates": row.points},
            "properties": {
                "id": row.pk, "name": str(row), "state": "已建成" if row.stands_at <= now else "在建", "by": row.by,
                "at": row.stands_at.isoformat(), "colour": STANDS if row.stands_at <= now else PLANNED,
                "url": f"/command/fires/{row.correlation_id}/",
            },
        }
        for row in queries.control_lines(actor).filter(dropped_at=None, at__gte=now - timedelta(hours=LINES_H))
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def leads(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """What waits to be checked, at each thing it is about."""
    del bbox
    features = []
    for lead in queries.leads(actor).filter(state=Lead.State.OPEN, at__gte=clock.now() - timedelta(hours=SHOWN_H)):
        for number, thing in enumerate(lead.things):
            likely = thing["verdict"] == LIKELY
            properties = {
                "id": f"{lead.pk}-{number}", "name": thing["name"], "title": f"{lead.title}：{thing['name']}",
                "state": thing["verdict"], "meaning": thing["why"], "at": lead.at.isoformat(), "level": 2 if likely else 3,
                "panel": f"/simulation/leads/{lead.pk}/?panel=1", "modelled": True,
                "colour": "#e8833a" if likely else "#e8c53a", "representative": thing["representative"],
            }  # fmt: skip
            point = {"type": "Point", "coordinates": [thing["lon"], thing["lat"]]}
            features.append({"type": "Feature", "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


def ranked(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Districts by their points of the ranking."""
    del bbox
    outlines = {area.pk: area.geometry for area in Area.objects.filter(geometry__isnull=False, level=Level.DISTRICT)}
    features = [
        {
            "type": "Feature", "id": one.id, "geometry": outlines[one.id],
            "properties": {
                "id": one.id, "name": f"{one.name} {one.points:.0f} 分", "state": one.band[1], "value": round(one.points, 1),
                "unit": "分（0–100，本平台指数，待核对）", "colour": one.band[0], "opacity": 0.3, "modelled": True,
                "url": "/simulation/ranking/",
            },
        }
        for one in queries.ranking(actor, clock.now())
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


layer(
    Layer(
        key="population",
        title="常住人口（密度）",
        kind="polygon",
        features=population,
        permission="simulation.view",
        icon="person",
        colour="#b58ac0",
        group="simulation",
        shown=False,
        legend=tuple((colour, text) for _least, colour, text in DENSITY),
        empty="未载入人口数据：请在区划登记簿填写常住人口及来源，并导入边界",
    )
)
layer(
    Layer(
        key="footprints",
        title="推演影响范围（模型推算）",
        kind="polygon",
        features=footprints,
        permission="simulation.view",
        colour="#c0392b",
        refresh=("simulation.SimulationFinished", "simulation.StoryEnded"),
        group="simulation",
        legend=(("#ff5257", "重度影响"), ("#ff9a2e", "中度影响"), ("#ffd84a", "轻度影响")),
    )
)
layer(
    Layer(
        key="fire-fronts",
        title="火场、洪水、地震过程（模型推算）",
        kind="polygon",
        features=fire_fronts,
        permission="simulation.view",
        colour="#ff6a2b",
        refresh=("simulation.SimulationFinished", "simulation.StoryEnded"),
        group="simulation",
    )
)
layer(
    Layer(
        key="control-lines",
        title="隔离线",
        kind="line",
        features=control_lines,
        permission="simulation.view",
        colour=STANDS,
        refresh=("simulation.ControlLineChanged",),
        group="simulation",
        legend=((STANDS, "已建成"), (PLANNED, "在建")),
        empty="没有在用的隔离线：在“火场”页上画",
    )
)
layer(
    Layer(
        key="chain-footprints",
        title="次生灾害假设影响范围（模型推算）",
        kind="polygon",
        features=supposed,
        permission="simulation.view",
        colour="#b86adf",
        refresh=("simulation.SimulationFinished", "simulation.StoryEnded"),
        group="simulation",
        shown=False,
        empty="没有灾害链触发的假设推演",
    )
)
layer(
    Layer(
        key="chain-leads",
        title="灾害链核查提示",
        kind="point",
        features=leads,
        permission="simulation.view",
        icon="warning",
        colour="#e8833a",
        refresh=("simulation.LeadsFound", "simulation.LeadAnswered", "simulation.StoryEnded"),
        group="simulation",
        legend=(("#e8833a", "较可能"), ("#e8c53a", "须核实")),
    )
)
layer(
    Layer(
        key="risk-ranking",
        title="区域风险排序（本平台指数）",
        kind="polygon",
        features=ranked,
        permission="simulation.view",
        colour="#e8833a",
        refresh=("simulation.LeadsFound", "simulation.LeadAnswered", "simulation.SimulationFinished"),
        group="simulation",
        shown=False,
        legend=tuple((colour, word) for _least, colour, word in risk.BANDS),
        empty="没有带边界的区划",
    )
)
