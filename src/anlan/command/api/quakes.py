"""REST of earthquakes: what was judged, what people felt."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from anlan.command import actions, queries
from anlan.command.quakes import judged
from anlan.kernel.accounts.actor import Actor
from anlan.monitoring import queries as monitoring

router = Router(tags=["command 指挥救援"])


class FeltIn(Schema):
    """有感上报: a place and the degree people felt there (GB/T 17742)."""

    lon: float
    lat: float
    degree: int
    words: str = ""


def who(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


@router.get("/quakes/{hazard_event_id}", summary="地震研判：烈度、影响、需求、提示")
def quake(request: HttpRequest, hazard_event_id: int) -> dict[str, Any]:
    actor = who(request)
    event = monitoring.hazard_event(actor, hazard_event_id)
    runs = judged.assessments(actor, event.correlation_id)
    felt = [
        {"id": row.pk, "lon": row.lon, "lat": row.lat, "degree": row.degree, "at": row.at, "words": row.words}
        for row in queries.felt_reports(actor, event)[:1000]
    ]
    newest = runs[0] if runs else None
    judgement = newest and {"run_id": newest.pk, "at": newest.at, "model": newest.model, "summary": newest.summary}
    known = {"id": event.pk, "title": event.title, "at": event.at, "magnitude": event.magnitude}
    return {**known, "judgement": judgement, "felt": felt}


@router.post("/quakes/{hazard_event_id}/felt", summary="登记有感上报", response={201: dict[str, Any]})
def felt(request: HttpRequest, hazard_event_id: int, data: FeltIn) -> Status[dict[str, Any]]:
    row = actions.report_felt(who(request), hazard_event_id, data.lon, data.lat, data.degree, data.words)
    return Status(201, {"id": row.pk})
