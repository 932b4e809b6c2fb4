"""河流与凌汛: gauges with their forecast and its skill, the phase of the ice, dams and dikes, catchments, low spots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from anlan.hazards.contract import InputError
from anlan.hazards.flood import flash, ice
from anlan.kernel import clock
from anlan.kernel.accounts.actor import Actor
from anlan.monitoring import queries
from anlan.monitoring.actions import judgements as judging
from anlan.monitoring.models import Catchment, Judgement, StageForecast
from anlan.monitoring.queries import Sample
from anlan.monitoring.views import chart
from anlan.monitoring.views.alarms import actor_of

#: What has been is drawn so far back, for as long a forecast at least.
BEFORE = timedelta(hours=48)
PHASE_COLOURS = {
    "OPEN": "#4a90d0",
    "FRAZIL": "#9ad0e8",
    "FREEZE_UP": "#e8c53a",
    "STABLE": "#c8d4e0",
    "BREAK_UP": "#e8833a",
}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Everything that is known of the water now and next."""
    actor, now = actor_of(request), clock.now()
    standing = {row.subject: row for row in queries.judgements(actor).filter(kind__in=("ice", "flood", "flash"))}
    context = {
        "gauges": [gauge(actor, row, standing) for row in queries.stage_forecasts(actor)], "now": now,
        "unheard": unheard(actor), "phases": phases(actor) if now.astimezone(clock.BEIJING).month in ice.ICE_MONTHS else [],
        "barriers": [
            (row, level, None if level is None else row.crest_m - level, standing.get(f"barrier:{row.pk}"))
            for row, level in queries.barriers_with_levels(actor)
        ],
        "catchments": [(row, *critical(row), standing.get(f"catchment:{row.pk}")) for row in queries.catchments(actor)],
        "windows": flash.WINDOWS_H[1:], "spots": [(row, standing.get(f"low-spot:{row.pk}")) for row in queries.low_spots(actor)],
    }  # fmt: skip
    return render(request, "monitoring/rivers.html", context)


def gauge(actor: Actor, row: StageForecast, standing: dict[str, Judgement]) -> dict[str, Any]:
    """One reach as the page shows it: chart of what was and what is expected, skill by lead."""
    station = row.reach.downstream
    levels = {
        "警戒": station.alert_m,
        "保证": station.guarantee_m,
        "历史最高": station.record_m,
        "漫滩": station.bank_m,
    }
    start = row.at - max(BEFORE, timedelta(hours=row.hours[-1]))
    end = row.at + timedelta(hours=row.hours[-1])
    stream = queries.datastreams(actor).filter(station=station, quantity="河道水位").first()
    past = queries.series(actor, stream.pk, start, row.at) if stream else []
    coming = [Sample(row.at + timedelta(hours=h), s, 0, 0) for h, s in zip(row.hours, row.stages, strict=True)]
    low, high = (
        [Sample(one.at, (one.value or 0) + sign * band, 0, 0) for one, band in zip(coming, row.bands, strict=True)]
        for sign in (-1, 1)
    )
    known = {name: level for name, level in levels.items() if level is not None}
    return {
        "row": row, "station": station, "peak": max(row.stages), "drawn": drawn(past, coming, low, high, start, end, known),
        "skill": [(lead, one) for lead, one in row.skill.items()], "judged": standing.get(f"station:{station.pk}"),
        "flow": row.flows[-1] if row.flows else None,
    }  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A chart of the past with the forecast and its band over it."""

    chart: chart.Chart
    ahead: str
    band: str
    now_x: float


def drawn(
    past: Sequence[Sample], coming: Sequence[Sample], low: Sequence[Sample], high: Sequence[Sample], start: Any, end: Any,
    levels: dict[str, float],
) -> Drawn | None:  # fmt: skip
    """All in one frame: the chart is laid out over everything, then drawn part by part."""
    whole = [*past, *coming, *low, *high]
    frame = chart.frame(whole, start, end, levels)
    if frame is None:
        return None
    base = chart.draw(past or coming[:1], start, end, levels, frame)
    if base is None:
        return None
    line = chart.path([*past[-1:], *coming], frame)
    band = chart.path([*high, *reversed(low)], frame) + "Z"
    return Drawn(base, line, band, frame.x(coming[0].at))


def unheard(actor: Actor) -> list[str]:
    """Reaches without any forecast."""
    made = {row.reach_id for row in queries.stage_forecasts(actor)}
    return [row.name for row in queries.reaches(actor) if row.pk not in made]


def phases(actor: Actor) -> list[dict[str, Any]]:
    """Phase by phase of this season at each gauge of a reach, with what moved it."""
    readings = judging.Readings(actor, clock.now())
    stations = list(queries.stations(actor).filter(pk__in=readings.by))
    found = []
    for station in {row.downstream.pk: row.downstream for row in queries.reaches(actor)}.values():
        days = judging.ice_days(actor, station, stations, readings)
        states = ice.track([ice.Day(on, stage, temp) for on, stage, temp in days]) if days else []
        parts = [list(part) for _, part in groupby(zip(days, states, strict=True), key=lambda pair: pair[1].phase)]
        if parts:
            found.append({"station": station, "state": states[-1], "name": ice.PHASE_TITLES[states[-1].phase], "parts": [
                {"name": ice.PHASE_TITLES[part[0][1].phase], "colour": PHASE_COLOURS[part[0][1].phase], "days": len(part),
                 "share": 100 * len(part) / len(days), "first": part[0][0][0], "why": part[0][1].why} for part in parts
            ], "warm": any(day[2] is not None for day in days)})  # fmt: skip
    return found


def critical(row: Catchment) -> tuple[list[float | None], str]:
    """(critical rain of each window at middling soil, where it comes from) of a catchment."""
    if row.critical_mm:
        return [row.critical_mm.get(f"{hours:g}") for hours in flash.WINDOWS_H[1:]], "调查评价"
    try:
        shape = flash.Catchment(row.area_km2, row.length_km, row.slope, row.curve_number, row.flood_flow_m3_s)
    except InputError:
        return [None] * (len(flash.WINDOWS_H) - 1), "参数有误"
    found = flash.guidance(shape)
    return [found[hours] for hours in flash.WINDOWS_H[1:]], "单位线反推"
