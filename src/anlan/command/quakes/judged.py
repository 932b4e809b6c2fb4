"""Which earthquakes are judged by themselves, and from what: the feed's figures, station peaks, felt reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shapely import unary_union
from shapely.geometry import Point
from shapely.ops import nearest_points

from anlan.command.models import FeltReport
from anlan.hazards.seismic import HAZARD
from anlan.hazards.seismic.attenuation import isoseismal
from anlan.kernel.accounts.actor import Actor
from anlan.kernel.accounts.scope import ScopedQuerySet
from anlan.kernel.clock import BEIJING
from anlan.kernel.geo import distance_m
from anlan.monitoring import queries as monitoring
from anlan.monitoring.models import HazardEvent
from anlan.simulation import queries as simulation
from anlan.simulation.models import Run

#: An earthquake is judged where it may be felt (degree Ⅲ) by somebody who lives here.
FELT_DEGREE = 3
#: Peaks of strong motion are looked for from just before the origin time until so long after it.
BEFORE, AFTER = timedelta(seconds=10), timedelta(minutes=10)
#: Station readings and felt reports move a judgement for so long.
OPEN_FOR = timedelta(hours=24)
#: In the summary of a run: the hazard event it judges by itself. What an officer runs under the same event stands beside it.
MARK = "judges"
#: quantity -> unit -> m/s2 or m/s in one of it.
UNITS = {
    "PGA": {"m/s²": 1.0, "cm/s²": 0.01, "gal": 0.01, "Gal": 0.01, "g": 9.80665},
    "PGV": {"m/s": 1.0, "cm/s": 0.01, "mm/s": 0.001},
}
#: A reading fainter than this says nothing of an earthquake (m/s2, m/s).
LEAST = {"PGA": 0.005, "PGV": 0.0002}


def magnitude_of(event: HazardEvent) -> float | None:
    """The magnitude, where it is one the engine knows."""
    low, high = HAZARD.inputs[0].low, HAZARD.inputs[0].high  # type: ignore[union-attr]
    return event.magnitude if event.magnitude is not None and low <= event.magnitude <= high else None


def near_enough(event: HazardEvent) -> bool:
    """Whether anybody who lives here may feel it; true where nobody's home is known."""
    magnitude, living = magnitude_of(event), simulation.homes()
    if magnitude is None:
        return False
    if not living:
        return True
    here = Point(event.lon, event.lat)
    place, _ = nearest_points(unary_union([home.outline for home in living]), here)
    return distance_m(place.x, place.y, event.lon, event.lat) / 1000 <= isoseismal(magnitude, FELT_DEGREE)[0]


def inputs_of(actor: Actor, event: HazardEvent) -> dict[str, Any]:
    """What the engine is given: where no strike is known, that of the city's faults (the engine's default)."""
    depth = (event.properties or {}).get("depth_km")
    given: dict[str, Any] = {"magnitude": event.magnitude, "hour": float(event.at.astimezone(BEIJING).hour)}
    if isinstance(depth, int | float) and 0 <= depth <= 700:
        given["depth_km"] = float(depth)
    seen, felt = readings(actor, event), reports(actor, event)
    return given | ({"readings": seen} if seen else {}) | ({"reports": felt} if felt else {})


def readings(actor: Actor, event: HazardEvent) -> list[list[float]]:
    """[lon, lat, PGA m/s2, PGV m/s] of every station that felt it; 0 where one of both is not measured."""
    found: dict[int, list[float]] = {}
    for stream in (
        monitoring.datastreams(actor).filter(quantity__in=list(UNITS), station__in_service=True).order_by("pk")
    ):
        factor = UNITS[stream.quantity].get(stream.unit)
        samples = monitoring.series(actor, stream.pk, event.at - BEFORE, event.at + AFTER) if factor else []
        peak = max(
            (row.value * (factor or 0) for row in samples if row.value is not None and row.quality == 0), default=0.0
        )
        if peak >= LEAST[stream.quantity]:
            station = stream.station
            row = found.setdefault(station.pk, [station.lon, station.lat, 0.0, 0.0])
            row[2 if stream.quantity == "PGA" else 3] = round(peak, 5)
    return [row for row in found.values() if row[2] or row[3]]


def reports(actor: Actor, event: HazardEvent) -> list[list[float]]:
    """[lon, lat, degree] of the felt reports, at most as many as the engine takes."""
    rows = FeltReport.objects.visible_to(actor).filter(event=event).order_by("-at", "-pk")[:2000]
    return [[row.lon, row.lat, float(row.degree)] for row in rows]


def last_assessment(actor: Actor, correlation_id: UUID) -> Run | None:
    """The newest judgement of an earthquake, if it was judged; what officers run themselves does not count."""
    return simulation.runs(actor, correlation_id).filter(kind="seismic", summary__has_key=MARK).first()


def assessments(actor: Actor, correlation_id: UUID) -> list[Run]:
    """The judgements of an earthquake, the newest first; none for who may not see them."""
    if not actor.has("simulation.view"):
        return []
    return list(simulation.runs(actor, correlation_id).filter(kind="seismic", summary__has_key=MARK)[:20])


def newest(actor: Actor, correlation_ids: Iterable[UUID]) -> dict[UUID, Run]:
    """The newest judgement of each of these earthquakes, in one query."""
    if not actor.has("simulation.view"):
        return {}
    rows = simulation.runs(actor).filter(
        kind="seismic", summary__has_key=MARK, correlation_id__in=list(correlation_ids)
    )
    latest = rows.order_by("correlation_id", "-at", "-pk").distinct("correlation_id")
    return {row.correlation_id: row for row in latest if row.correlation_id}


def same(run: Run, inputs: dict[str, Any], lon: float, lat: float) -> bool:
    """Whether nothing that is known now was unknown to a judgement."""
    known = {name: value for name, value in HAZARD.read(inputs).items() if value is not None}
    before = {name: value for name, value in run.inputs.items() if value is not None}
    return known == before and (run.lon, run.lat) == (lon, lat)


def of_last_day(actor: Actor, now: datetime) -> ScopedQuerySet[HazardEvent]:
    """Earthquakes whose judgement may still move."""
    return monitoring.hazard_events(actor).filter(kind="earthquake", at__gte=now - OPEN_FOR, at__lte=now + AFTER)
