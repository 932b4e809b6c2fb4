"""Footprints on the one map."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from shapely.geometry import mapping

from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.geo import BBox
from anlan.kernel.geo.layers import FeatureCollection, Layer, layer
from anlan.simulation import queries
from anlan.simulation.models import Run

#: A footprint is shown so long, h.
SHOWN_H = 24
#: Families whose runs keep `summary.frames`.
MOVING = ("wildfire", "flood")


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
    """Residents by the finest areas that have an outline: the people that exposures are counted from."""
    del actor, bbox
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
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features, "source": "；".join(queries.census())}


def footprints(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Zones of the newest run per event of the last day; the mildest first, so that the worst is drawn on top."""
    del bbox
    newest: dict[UUID, Run] = {}
    for run in queries.runs(actor).filter(at__gte=clock.now() - timedelta(hours=SHOWN_H)):
        newest.setdefault(run.correlation_id, run)
    features = [
        {
            "type": "Feature",
            "geometry": zone["geometry"],
            "properties": {
                "id": f"{run.pk}-{index}", "name": zone["name"], "level": zone["level"], "meaning": zone["meaning"],
                "model": run.model, "modelled": True, "at": run.at.isoformat(), "people": run.exposure[index]["people"],
            },
        }
        for run in newest.values()
        for index, zone in reversed(list(enumerate(run.zones)))
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": features}


def fire_fronts(actor: Actor, bbox: BBox | None) -> FeatureCollection:
    """Fronts of the newest fire or flood per event of the last day, by minutes: the time slider shows one."""
    del bbox
    newest: dict[UUID, Run] = {}
    for run in queries.runs(actor).filter(kind__in=MOVING, at__gte=clock.now() - timedelta(hours=SHOWN_H)):
        newest.setdefault(run.correlation_id, run)
    features = [
        {
            "type": "Feature",
            "geometry": frame["geometry"],
            "properties": {
                "id": f"{run.pk}-{frame['minute']}", "name": f"{run.title} +{frame['minute']} min", "modelled": True,
                "minute": frame["minute"], "model": run.model, "at": run.at.isoformat(),
            },
        }
        for run in newest.values()
        for frame in run.summary.get("frames", [])
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
        refresh=("simulation.SimulationFinished",),
        group="simulation",
        legend=(("#ff5257", "重度影响"), ("#ff9a2e", "中度影响"), ("#ffd84a", "轻度影响")),
    )
)
layer(
    Layer(
        key="fire-fronts",
        title="火场与洪水推进过程（模型推算）",
        kind="polygon",
        features=fire_fronts,
        permission="simulation.view",
        colour="#ff6a2b",
        refresh=("simulation.SimulationFinished",),
        group="simulation",
    )
)
